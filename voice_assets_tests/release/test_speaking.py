"""The process that speaks gets nothing of its user but what Piper needs."""

from pathlib import Path

import pytest

from voice_assets.release import speaking


def test_the_environment_of_the_speaking_process_has_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICE_ASSETS_SIGNING_PASSWORD", "open sesame")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setattr(speaking, "_LIMITED", "import os, sys; sys.exit(' '.join(os.environ))")
    for name in ("a.onnx", "a.onnx.json"):
        (tmp_path / name).write_text("")
    said = speaking.why_silent(tmp_path / "a.onnx", tmp_path / "a.onnx.json", "Hello.")
    assert said.startswith("piper ended with exit code 1: ")
    given = set(said.removeprefix("piper ended with exit code 1: ").split())
    assert "PATH" in given
    assert given <= {*speaking.PASSED_ON, "LC_CTYPE"}  # Python itself adds LC_CTYPE
