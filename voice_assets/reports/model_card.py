"""``MODEL_CARD``: the data, quality and weaknesses of a voice. Markdown, from given values.

Does not belong here: measuring, judging, and the package that contains the card (``release.package``).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from voice_assets.reports.markdown import escape, table
from voice_assets.reports.verdicts import RULE_HEADINGS, Verdict, rule_rows, rule_word

SENTENCE_HEADINGS = {
    "text": "Sentence",
    "hypothesis": "Whisper's hypothesis",
    "cer": "CER",
    "mos": "MOS",
    "mos_2": "MOS 2",
    "likeness": "Likeness",
}


@dataclass(frozen=True)
class Trained:
    """What a voice was trained on, and how.

    Attributes:
        clips, hours: of the training set.
        durations_s: of the shortest and the longest clip.
        characters: of the shortest and the longest text.
        epochs: that the training has had.
        settings: the most important settings, by name.
    """

    clips: int
    hours: float
    durations_s: tuple[float, float]
    characters: tuple[int, int]
    epochs: int
    settings: Mapping[str, object]


@dataclass(frozen=True)
class Card:
    """The values for a model card.

    Attributes:
        name: the name of the voice's files, ``ru_RU-ivrvoice_ru-medium``.
        title: the voice's name for people.
        epoch: the epoch key, ``v0-e0001``.
        licence, credit: of the recordings; empty when the owner named none.
        sample_rate: Hz.
        espeak_voice: the voice of espeak-ng that makes the phonemes.
        trained: what the voice was trained on.
        samples: SAMPLES.
        verdicts: by suite, the verdicts of its rules (``reports.verdicts.Verdict``).
        listening: what people said who heard the samples, a line each; empty for a voice that asks nobody.
        lineage: the inputs of the voice, (name, version) each, the newest first.
        started_from: the published voice or the checkpoint that training started from, with its licence; empty for none.
        chosen: why this epoch; empty when no tournament ranked it.
    """

    name: str
    title: str
    language: str
    quality: str
    epoch: str
    sample_rate: int
    espeak_voice: str
    trained: Trained
    samples: pd.DataFrame
    licence: str
    credit: str
    verdicts: Mapping[str, Sequence[Verdict]]
    listening: Sequence[str]
    lineage: Sequence[tuple[str, str]]
    started_from: str = ""
    chosen: str = ""


def quality_sentences(samples: pd.DataFrame) -> list[str]:
    """The quality of the voice, one sentence per figure. The limits for the words are our choice; each sentence names them."""
    cer, mos = float(samples["cer"].mean()), float(samples["mos"].mean())
    second, likeness = float(samples["mos_2"].mean()), float(samples["likeness"].mean())
    understood = "is understood" if cer <= 0.1 else "is understood in part" if cer <= 0.4 else "cannot be understood"
    natural = "sounds natural" if mos >= 3 else "sounds tolerable" if mos >= 2 else "sounds bad"
    return [
        f"The voice **{understood}**: Whisper gets {cer:.0%} of the characters wrong (mean CER {cer:.3f} over {len(samples)} "
        f"sentences; up to 0.1 counts as understood, over 0.4 as not understood).",
        f"The voice **{natural}**: predicted opinion score {mos:.2f} of 5 (DNSMOS P.835; from 3 natural, under 2 bad). "
        f"A model predicts this score; no people were asked. A second model says {second:.2f} (DistillMOS).",
        f"The voice is {likeness:.2f} like the speaker of the recordings (cosine of speaker embeddings; two people have about "
        "0.5, one speaker 0.86 and more).",
    ]


def _not_met(verdicts: Mapping[str, Sequence[Verdict]]) -> list[str]:
    rows = [(suite, row) for suite, rules in verdicts.items() for row in rule_rows(rules) if row["verdict"] != "PASS"]
    return [
        f"- **{suite}/{escape(row['rule'])}** ({row['verdict']}): {escape(row['observed'])}, limit {escape(row['limit'])}. "
        f"{escape(row['note'])}"
        for suite, row in rows
    ]


def _all_met(verdicts: Mapping[str, Sequence[Verdict]]) -> str:
    return "None: every rule that was judged passed." if any(verdicts.values()) else "No rule was judged."


def _limits(card: Card) -> list[str]:
    """What the voice cannot do, or was not tried on."""
    (shortest, longest), (fewest, most) = card.trained.durations_s, card.trained.characters
    return [
        f"One speaker and one language. espeak-ng's voice {escape(card.espeak_voice)} makes the phonemes, so words of other "
        "languages are read by its rules. Numbers, abbreviations and signs are read as espeak-ng reads them: write out what "
        "matters.",
        f"The voice learned from clips of {shortest:.1f} to {longest:.1f} s with texts of {fewest} to {most} characters. "
        "Split longer texts into sentences.",
        f"The scores come from {len(card.samples)} spoken samples and from models, not from a panel of listeners. Other texts "
        "were not tried.",
    ]


def _waivers(verdicts: Mapping[str, Sequence[Verdict]]) -> list[str]:
    """The rules that a person let pass: who, until when and why."""
    return [
        f"**{suite}/{escape(str(one['rule']))}**: {escape(str(one['waiver']))}."
        for suite, rules in verdicts.items()
        for one in rules
        if rule_word(one) == "WAIVED"
    ]


def _facts(card: Card) -> dict[str, str]:
    return {
        "Language": escape(card.language),
        "Quality": f"{escape(card.quality)}, {card.sample_rate} Hz",
        "Trained on": f"{card.trained.clips} clips, {card.trained.hours:.2f} hours, one speaker",
        "Started from": escape(card.started_from) or "random weights",
        "Epoch": f"{escape(card.epoch)}. {escape(card.chosen) or 'No tournament chose this epoch.'}",
        "Licence": escape(card.licence.strip()) or "not named by the owner: ask before using it",
        "Credit": escape(card.credit.strip()) or "not named by the owner",
    }


def _training(trained: Trained) -> list[str]:
    settings = ", ".join(
        f"{escape(name)} {escape(str(value))}" for name, value in trained.settings.items() if value is not None
    )
    return [f"{trained.epochs} epochs in all", *([f"Settings: {settings}. All: training.json"] if settings else [])]


def _sentences(samples: pd.DataFrame) -> str:
    rows = [
        {**row, "cer": f"{row['cer']:.3f}", **{name: f"{row[name]:.2f}" for name in ("mos", "mos_2", "likeness")}}
        for row in samples[list(SENTENCE_HEADINGS)].to_dict("records")
    ]
    return "\n".join(table(rows, SENTENCE_HEADINGS)).strip()


def _bullets(lines: Iterable[str], otherwise: str) -> str:
    return "\n".join(f"* {line}" for line in lines) or otherwise


def _rules(verdicts: Mapping[str, Sequence[Verdict]]) -> Iterator[str]:
    for suite, rules in verdicts.items():
        yield from (f"## Rules: {suite}", "\n".join(table(rule_rows(rules), RULE_HEADINGS)).strip())


def model_card(card: Card) -> str:
    """The text of the card."""
    parts = [
        f"# {escape(card.title)} ({escape(card.name)})",
        _bullets((f"{name}: {value}" for name, value in _facts(card).items()), ""),
        "## Quality",
        _bullets(quality_sentences(card.samples), ""),
        _sentences(card.samples),
        "## Limits",
        _bullets(_limits(card), ""),
        "## Listening",
        _bullets(map(escape, card.listening), "This voice asks nobody to listen."),
        "## Rules that did not pass",
        "\n".join(_not_met(card.verdicts)) or _all_met(card.verdicts),
        "## Waivers",
        _bullets(_waivers(card.verdicts), "None."),
        "## Training",
        _bullets(_training(card.trained), ""),
        *_rules(card.verdicts),
        "## Lineage",
        _bullets((f"{escape(name)}: `{version}`" for name, version in card.lineage), "Not recorded."),
        "Trained with Piper (VITS). The licence and credit of the recordings, and of what training started from, apply to the "
        "voice too.",
    ]
    return "\n\n".join(parts) + "\n"
