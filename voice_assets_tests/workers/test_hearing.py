"""Which look is missing when some are stored already, and what a stored look may and may not decide."""

import pytest

from voice_assets.engines.whisper import Heard
from voice_assets.speech.looks import FAST, FULL, WIDE, Rule
from voice_assets.workers.hearing import Settings, missing

RULE = Rule("ru", second_look_below=0.9, low_similarity=0.8)
SAID = "Добрый день, оставьте сообщение."
WRONG = "совсем другое"


@pytest.mark.parametrize(
    ("heard", "silent", "long", "look"),
    [
        ({}, False, False, FAST),
        ({FAST: SAID}, False, False, None),
        ({FAST: WRONG}, False, False, WIDE),
        ({FAST: ""}, False, False, WIDE),
        ({FAST: WRONG, WIDE: SAID}, False, False, None),
        ({FAST: WRONG, WIDE: WRONG}, False, False, FULL),
        ({FAST: WRONG, WIDE: WRONG, FULL: WRONG}, False, False, None),
        ({FAST: SAID, FULL: WRONG}, False, False, None),
        ({FAST: WRONG, FULL: SAID}, False, False, WIDE),  # what silence or another beam had decoded does not stand in
        ({WIDE: SAID, FULL: SAID}, False, False, FAST),
        ({FAST: SAID}, True, False, FULL),
        ({FAST: ""}, True, False, None),
        ({FAST: SAID}, False, True, FULL),
        ({FULL: WRONG}, False, True, None),
    ],
)
def test_the_look_that_is_missing(heard, silent, long, look):
    assert missing(RULE, SAID, Heard(heard, -90.0 if silent else -20.0), long) == look


def keys(**options):
    settings = Settings.of(**{"model": "m", "device": "cpu", "compute_type": "int8", "rule": RULE, **options})
    found = {**settings.looks, "level": settings.level, "ended": settings.ended}
    return {name: setting.key for name, setting in found.items()}


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        ({}, {FAST, WIDE, FULL, "level", "ended"}),
        ({"vad_filter": True}, {FAST, WIDE, "level"}),
        ({"beam_size": 2}, {FAST, "level"}),
        ({"model": "n"}, {"level"}),
        ({"device": "cuda"}, {"level"}),
        ({"compute_type": "float32"}, {"level"}),
        ({"rule": Rule("en", 0.9, 0.8)}, {"level"}),
        ({"rule": Rule("ru", 0.9, 0.7)}, {FAST, WIDE, FULL, "level"}),
        ({"rule": Rule("ru", 0.95, 0.8)}, {FAST, WIDE, FULL, "level"}),
    ],
)
def test_an_option_concerns_the_looks_it_changes(options, kept):
    before, after = keys(), keys(**options)
    assert {look for look in before if before[look] == after[look]} == kept
    assert len(set(before.values())) == 5
