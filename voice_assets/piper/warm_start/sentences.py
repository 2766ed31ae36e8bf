"""What a published voice speaks, for its posterior encoder to learn from: many sentences with varied sounds.

In English, sentences are made from word lists. In the other languages that have built-in sentences, halves of these are
combined. In any other language, the texts of the data set are taken. Not here: the sentences of the samples
(``piper.sentences``).
"""

import random
from collections.abc import Sequence

from voice_assets.piper.errors import TrainingError
from voice_assets.piper.sentences import SENTENCES

# Parts of sentences, separated by commas. Together they have every sound of English.
_ENGLISH = {
    "who": """
        the teacher, my neighbour, our captain, a young doctor, the old fisherman, his cousin, the committee, a
        strange visitor, her brother, the whole village, some children, the judge, a quiet farmer, your sister, the
        engineer, nobody, everyone, the choir, two shepherds, an author from Oxford, the wise queen, Thomas,
        Elizabeth, the usual crowd, a boy with a kite, the chief of the village, Joyce, our youngest nephew
    """,
    "did": """
        found, measured, carried, painted, watched, ignored, described, repaired, enjoyed, pushed, searched, borrowed,
        wrapped, questioned, polished, threw away, joined, bought, chose, followed, examined, locked, destroyed,
        thought about, heard, moved, touched, hid
    """,
    "what": """
        the yellow bridge, a heavy wooden box, every single page, the northern garden, a bowl of cherries, the
        treasure, an unusual noise, the broken engine, five jars of honey, the kitchen floor, a huge cloud of dust,
        the last chapter, both paths, a cup of hot chocolate, the village church, their favourite songs, the edge of
        the forest, a pair of leather gloves, the question, white paint, an orange lamp, the whole story, fresh bread
        and butter, the blue bicycle, a television, three large fishing boats, the beige curtains, the map
    """,
    "when": """
        before sunrise, in the early evening, after lunch, on Thursday, during the storm, at half past eight, all
        through July, without a word, for the third time, near the harbour, with great pleasure, once again, under the
        bright moon, in front of the house, as usual, behind the station, beyond the valley, at the zoo, in the middle
        of the night, with both hands, across the river, for about twenty minutes
    """,
    "call": """
        thank you for waiting, please stay on the line, your number has been saved, press the pound key, the office is
        closed, enter your password, leave a message after the tone, the person is not available, you have reached our
        mailbox, goodbye and good luck, that choice is not valid, please try again later, we will return your call,
        all circuits are busy, hold on for a moment, the call could not be completed
    """,
}
_PATTERNS = (
    "{who} {did} {what} {when}.",
    "{when}, {who} {did} {what}.",
    "{who} {did} {what}, but {who} {did} {what} {when}.",
    "Why was it that {who} {did} {what}?",
    "{call}.",
    "{call}, and {call}.",
    "{who} {did} {what}!",
    "{when}, {call}.",
)


def spoken_texts(language: str, count: int, seed: int, own_texts: Sequence[str] = ()) -> list[str]:
    """``count`` texts in a language, by its two-letter code; the same for the same ``seed``.

    ``own_texts`` are the data set's, when they are in this language. Only a language without built-in sentences needs them.

    Raises:
        TrainingError: there are no words of the language.
    """
    generator = random.Random(f"{language} {seed}")
    if language == "en":
        return [_english(generator) for _ in range(count)]
    if language in SENTENCES:
        return [_halves(generator, SENTENCES[language]) for _ in range(count)]
    if not own_texts:
        raise TrainingError(
            f"no sentences of the language {language!r} for the published voice to speak (there are some for "
            f"{', '.join(SENTENCES)}); add sentences to `piper.sentences`, or start from a voice of another language"
        )
    return [generator.choice(own_texts) for _ in range(count)]


def _english(generator: random.Random) -> str:
    text = generator.choice(_PATTERNS)
    while "{" in text:
        before, _, after = text.partition("{")
        slot, _, rest = after.partition("}")
        text = f"{before}{generator.choice(_parts(slot))}{rest}"
    return text[0].upper() + text[1:]


def _parts(slot: str) -> list[str]:
    return [part.strip() for part in " ".join(_ENGLISH[slot].split()).split(",")]


def _halves(generator: random.Random, sentences: Sequence[str]) -> str:
    """The first half of the words of one sentence, and the second half of another's."""
    first, second = (generator.choice(sentences).split() for _ in range(2))
    return " ".join([*first[: (len(first) + 1) // 2], *second[len(second) // 2 :]])
