"""The model card states weaknesses as clearly as strengths."""

import pandas as pd
import pytest

from voice_assets.dataset.tables import SAMPLES, frame
from voice_assets.reports.model_card import Card, Trained, model_card, quality_sentences

BAD = {
    "rule": "intelligible",
    "passed": False,
    "blocks": False,
    "observed": 0.9,
    "limit": "<= 0.2",
    "message": "",
    "advisory": "two epochs on a CPU",
}


def samples(cer: float, mos: float) -> pd.DataFrame:
    one = {
        **dict.fromkeys(SAMPLES, 1),
        "sample": "sample_01.wav",
        "text": "Да | нет",
        "hypothesis": "Да",
        "cer": cer,
        "mos": mos,
    }
    return frame([one], SAMPLES)


def card(**changes: object) -> Card:
    facts = {"name": "ru_RU-x-medium", "title": "X", "language": "ru", "quality": "medium", "epoch": "v0-e0001"}
    trained = Trained(160, 0.1234, (0.91, 12.34), (4, 160), 30, {"batch_size": 16, "grad_clip": None})
    facts |= {"sample_rate": 22050, "espeak_voice": "ru", "trained": trained, "samples": samples(0.9, 1.2)}
    facts |= {"licence": "", "credit": "", "verdicts": {}, "listening": (), "lineage": (), **changes}
    return Card(**facts)


@pytest.mark.parametrize(
    ("cer", "mos", "understood", "natural"),
    [
        (0.1, 3.0, "**is understood**", "**sounds natural**"),
        (0.11, 2.99, "**is understood in part**", "**sounds tolerable**"),
        (0.4, 2.0, "**is understood in part**", "**sounds tolerable**"),
        (0.41, 1.99, "**cannot be understood**", "**sounds bad**"),
    ],
)
def test_words_for_figures(cer: float, mos: float, understood: str, natural: str) -> None:
    first, second, _ = quality_sentences(samples(cer, mos))
    assert understood in first
    assert natural in second


def test_the_card_says_who_listened() -> None:
    said = ["toy/voice_samples[v0-e0001]: approved by <b>anna</b>. Clean.", "toy/quality_report: nobody has heard the samples."]
    text = model_card(card(listening=said))
    assert r"* toy/voice_samples\[v0-e0001\]: approved by \<b\>anna\</b\>. Clean." in text
    assert "nobody has heard the samples" in text
    assert "This voice asks nobody to listen." in model_card(card())


def test_a_rule_that_did_not_pass_is_listed_with_its_reason() -> None:
    text = model_card(card(verdicts={"voice_samples": [BAD]}))
    assert r"**voice_samples/intelligible** (WARNING): 0.9, limit \<= 0.2. Advisory: two epochs on a CPU." in text
    assert "cannot be understood" in text
    assert "90% of the characters wrong" in text


def test_all_passed_and_nothing_judged_differ() -> None:
    assert "every rule that was judged passed" in model_card(card(verdicts={"s": [{**BAD, "passed": True}]}))
    assert "No rule was judged." in model_card(card())


def test_licence_credit_and_lineage() -> None:
    text = model_card(card(licence="CC-BY-3.0", credit="ivrvoice.ru", lineage=[("checkpoint", "abc")]))
    assert "* Licence: CC-BY-3.0" in text
    assert "* Credit: ivrvoice.ru" in text
    assert "* checkpoint: `abc`" in text
    assert "not named by the owner: ask before using it" in model_card(card())
    assert r"Да \| нет" in text  # a bar in a sentence does not end the cell


def test_licence_credit_and_names_are_text() -> None:
    text = model_card(card(licence="<script>[x](y)\n# CC0", credit="a | b `c`", espeak_voice="*ru*"))
    assert r"* Licence: \<script\>\[x\](y)" in text
    assert "\n# CC0" not in text
    assert r"* Credit: a \| b \`c\`" in text
    assert r"voice \*ru\* makes" in text


def test_blank_licence_and_credit_are_none() -> None:
    text = model_card(card(licence="  ", credit="\n"))
    assert "* Licence: not named by the owner: ask before using it" in text
    assert "* Credit: not named by the owner" in text


def test_the_card_says_what_the_voice_was_trained_on_and_not_tried_on() -> None:
    text = model_card(card())
    assert "* Trained on: 160 clips, 0.12 hours, one speaker" in text
    assert "clips of 0.9 to 12.3 s with texts of 4 to 160 characters" in text
    assert "* 30 epochs in all\n* Settings: batch_size 16. All: training.json" in text


def test_waivers_are_listed_with_who_until_when_and_why() -> None:
    waived = {**BAD, "advisory": "", "waiver": "waived by anna until 2027-01-31: <b>only</b> numbers"}
    text = model_card(card(verdicts={"voice_samples": [waived]}))
    assert r"* **voice_samples/intelligible**: waived by anna until 2027-01-31: \<b\>only\</b\> numbers." in text
    assert "**voice_samples/intelligible** (WAIVED)" in text
    assert "## Waivers\n\nNone.\n" in model_card(card(verdicts={"voice_samples": [BAD]}))
