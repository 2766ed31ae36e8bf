"""``MODEL_CARD``: the data, quality and weaknesses of a voice. Markdown, from given values.

Does not belong here: measuring, judging, and the package that contains the card (``release.package``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from voice_assets.reports.markdown import escape, table
from voice_assets.reports.verdicts import RULE_HEADINGS, Verdict, rule_rows

SENTENCE_HEADINGS = {
    "text": "Sentence",
    "hypothesis": "Whisper's hypothesis",
    "cer": "CER",
    "mos": "MOS",
    "mos_2": "MOS 2",
    "likeness": "Likeness",
}


@dataclass(frozen=True)
class Card:
    """The values for a model card.

    Attributes:
        name: the name of the voice's files, ``ru_RU-ivrvoice_ru-medium``.
        title: the voice's name for people.
        epoch: the epoch key, ``v0-e0001``.
        licence, credit: of the recordings; empty when the owner named none.
        clips, hours: of the training set.
        sample_rate: Hz.
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
    clips: int
    hours: float
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


def model_card(card: Card) -> str:
    """The text of the card."""
    failed = _not_met(card.verdicts)
    facts = {
        "Language": card.language,
        "Quality": f"{card.quality}, {card.sample_rate} Hz",
        "Trained on": f"{card.clips} clips, {card.hours:.2f} hours, one speaker",
        "Started from": escape(card.started_from) or "random weights",
        "Epoch": f"{card.epoch}. {escape(card.chosen) or 'No tournament chose this epoch.'}",
        "Licence": card.licence or "not named by the owner: ask before using it",
        "Credit": card.credit or "not named by the owner",
    }
    sentences = [
        {**row, "cer": f"{row['cer']:.3f}", **{name: f"{row[name]:.2f}" for name in ("mos", "mos_2", "likeness")}}
        for row in card.samples[list(SENTENCE_HEADINGS)].to_dict("records")
    ]
    parts = [
        f"# {escape(card.title)} ({card.name})",
        "\n".join(f"* {name}: {value}" for name, value in facts.items()),
        "## Quality",
        "\n".join(f"* {line}" for line in quality_sentences(card.samples)),
        "\n".join(table(sentences, SENTENCE_HEADINGS)).strip(),
        "## Listening",
        "\n".join(f"* {escape(line)}" for line in card.listening) or "This voice asks nobody to listen.",
        "## Rules that did not pass",
        "\n".join(failed) or _all_met(card.verdicts),
        *(
            part
            for suite, rules in card.verdicts.items()
            for part in (f"## Rules: {suite}", "\n".join(table(rule_rows(rules), RULE_HEADINGS)).strip())
        ),
        "## Lineage",
        "\n".join(f"* {name}: `{version}`" for name, version in card.lineage) or "Not recorded.",
        "Trained with Piper (VITS). The licence and credit of the recordings, and of what training started from, apply to the "
        "voice too.",
    ]
    return "\n\n".join(parts) + "\n"
