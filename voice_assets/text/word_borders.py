"""Word borders of two texts: one word in one text that is two words in the other. Not here: the forms (``text.comparison``)."""

from collections.abc import Callable, Sequence

from rapidfuzz.distance import Levenshtein

from voice_assets.text.readings import Pair

# One word is at most this many words of the other text: «ха-ха-ха», «www».
_LONGEST = 6


def _joined(words: list[str], other: list[str], is_number: Callable[[str], object]) -> list[str]:
    """``words``, with neighbours joined that are one word of ``other``. Number words stay: «восемь сто» is not «восемьсот»."""
    wanted = set(other).difference(words)
    if not wanted:
        return words
    found: list[str] = []
    index = 0
    while index < len(words):
        longest = min(_LONGEST, len(words) - index) if any(word.startswith(words[index]) for word in wanted) else 1
        for size in range(longest, 1, -1):
            run = words[index : index + size]
            if "".join(run) in wanted and not any(map(is_number, (*run, "".join(run)))):
                found.append("".join(run))
                index += size
                break
        else:
            found.append(words[index])
            index += 1
    return found


def _same_letters(texts: Pair, is_number: Callable[[str], object]) -> Pair:
    """Runs of differing words with the same letters in both texts, as one word: «сша и» and «сш аи»."""
    one, other = texts[0].split(), texts[1].split()
    found: tuple[list[str], list[str]] = ([], [])
    for step in Levenshtein.opcodes(one, other):
        runs = one[step.src_start : step.src_end], other[step.dest_start : step.dest_end]
        letters = "".join(runs[0])
        if step.tag != "equal" and letters == "".join(runs[1]) and not any(map(is_number, (*runs[0], *runs[1]))):
            runs = [letters], [letters]
        for words, run in zip(found, runs, strict=True):
            words += run
    return " ".join(found[0]), " ".join(found[1])


def join_words(texts: Pair, is_number: Callable[[str], Sequence[object]]) -> Pair:
    """Two normalised texts with the same word borders where only the borders differ.

    ``is_number``: whether a word is a number word. The borders of number words carry the value.
    """
    one, other = texts[0].split(), texts[1].split()
    if one == other or len(one) + len(other) < 3:
        return texts
    shared = _joined(one, other, is_number), _joined(other, one, is_number)
    return _same_letters((" ".join(shared[0]), " ".join(shared[1])), is_number)
