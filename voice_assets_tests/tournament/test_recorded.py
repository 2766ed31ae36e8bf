"""``candidates.json``: what is written is read, and a file that was changed is refused with its name."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from voice_assets.runtime.storage import Artifact
from voice_assets.tournament.candidates import TournamentError
from voice_assets.tournament.recorded import RecordedTournament, load, record
from voice_assets_tests.tournament.made import TEXTS, candidate

CANDIDATES = [candidate(20), candidate(10)]


def recorded(file: Path) -> RecordedTournament:
    folders = {one.epoch_key: Artifact(f"artifacts/toy/{one.epoch_key}", "0" * 64, 9) for one in CANDIDATES}
    return load(record(file, "toy", "Toy <b>", 5, CANDIDATES, folders, [("v0-e0020", "v0-e0010")]))


def test_what_was_recorded_is_read(tmp_path: Path) -> None:
    found = recorded(tmp_path / "candidates.json")
    assert (found.voice, found.title, found.seed) == ("toy", "Toy <b>", 5)
    assert [one.epoch_key for one in found.candidates] == ["v0-e0020", "v0-e0010"]
    assert found.undecided == (("v0-e0020", "v0-e0010"),)
    first = found.candidates[0]
    assert first.folder.artifact == Artifact("artifacts/toy/v0-e0020", "0" * 64, 9)
    assert [one.text for one in first.samples] == list(TEXTS)
    assert first.by_sentence[TEXTS[0], 1].sha256 == CANDIDATES[0].hashes["sample_01.wav"]
    assert len(found.hashes) == 12


def damaged(**changes: object) -> Callable[[dict[str, Any]], None]:
    def change(content: dict[str, Any]) -> None:
        content["candidates"][0]["samples"][0].update(changes)

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (damaged(sample="../secret.wav"), "is not the name of a file"),
        (damaged(sample=".hidden"), "is not the name of a file"),
        (damaged(sha256="short"), "candidates.0.samples.0.sha256"),
        (damaged(other=1), "candidates.0.samples.0.other"),
        (lambda content: content.update(format=2), "format"),
        (lambda content: content.update(candidates=[]), "candidates"),
    ],
)
def test_a_file_that_was_changed(tmp_path: Path, change: Callable[[dict[str, Any]], None], words: str) -> None:
    file = tmp_path / "candidates.json"
    recorded(file)
    content = json.loads(file.read_text(encoding="utf-8"))
    change(content)
    file.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(TournamentError, match=rf"candidates\.json: .*{words}.*make best_epoch again"):
        load(file)


def test_no_file_and_no_json(tmp_path: Path) -> None:
    with pytest.raises(TournamentError, match=r"candidates\.json: cannot be read"):
        load(tmp_path / "candidates.json")
    (tmp_path / "candidates.json").write_text("{", encoding="utf-8")
    with pytest.raises(TournamentError, match="make best_epoch again"):
        load(tmp_path / "candidates.json")
