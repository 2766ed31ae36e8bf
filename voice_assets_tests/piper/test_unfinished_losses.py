"""The done clips of an unfinished run: what is read is what was whole."""

import json
import math
from pathlib import Path

import pytest

from voice_assets.piper.clip_losses import TERMS
from voice_assets.piper.unfinished_losses import Unfinished

ROW = {**dict.fromkeys(TERMS, 0.5), "frames": 90, "phoneme_ids": 30}
NAMES = ["a", "б \n\u2028 c", '"]']


def test_what_is_added_is_read_and_goes_with_the_result(tmp_path: Path) -> None:
    unfinished = Unfinished(tmp_path / "new" / "losses.parquet", "a" * 64, "b" * 64)
    assert unfinished.read() == {}
    unfinished.add({NAMES[0]: ROW})
    unfinished.add({name: {**ROW, "kl": math.inf} for name in NAMES[1:]})
    found = unfinished.read()
    assert list(found) == NAMES
    assert (found["a"], found[NAMES[2]]["kl"]) == (ROW, math.inf)
    unfinished.remove()
    unfinished.remove()
    assert (unfinished.read(), list((tmp_path / "new").iterdir())) == ({}, [])


def test_nan_stays_nan(tmp_path: Path) -> None:
    unfinished = Unfinished(tmp_path / "losses.parquet", "a" * 64, "b" * 64)
    unfinished.add({"a": {**ROW, "kl": math.nan}})
    assert math.isnan(unfinished.read()["a"]["kl"])


def test_half_a_line_counts_as_not_done_and_spoils_no_other(tmp_path: Path) -> None:
    unfinished = Unfinished(tmp_path / "losses.parquet", "a" * 64, "b" * 64)
    unfinished.add({"a": ROW, "b": ROW})
    whole = unfinished.path.read_bytes()
    for end in range(len(whole) // 2 + 5, len(whole) - 1, 7):
        unfinished.path.write_bytes(whole[:end])
        unfinished.add({"c": ROW})
        assert set(unfinished.read()) - {"b"} == {"a", "c"}


OTHER = [
    *("[]", "1", "null", "{}", '["a"]', '["a", {}]', "[" * 100_000, "\udcff"),
    json.dumps([1, ROW]),
    *(json.dumps(["a", {**ROW, **wrong}]) for wrong in ({"kl": "1"}, {"mel": True}, {"more": 1})),
]


@pytest.mark.parametrize("line", OTHER)
def test_other_lines_are_no_clips(tmp_path: Path, line: str) -> None:
    unfinished = Unfinished(tmp_path / "losses.parquet", "a" * 64, "b" * 64)
    unfinished.path.write_bytes(line.encode("utf-8", "surrogateescape") + b"\n")
    assert unfinished.read() == {}


def test_another_checkpoint_or_training_set_never_goes_on(tmp_path: Path) -> None:
    out = tmp_path / "losses.parquet"
    Unfinished(out, "a" * 64, "b" * 64).add({"a": ROW})
    assert Unfinished(out, "c" * 64, "b" * 64).read() == {}
    assert Unfinished(out, "a" * 64, "c" * 64).read() == {}
