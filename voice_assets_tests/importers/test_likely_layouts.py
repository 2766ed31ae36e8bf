"""A folder that could be read in two ways is read in the way that names far more recordings."""

from pathlib import Path

from voice_assets_tests.importers.layouts import folder_of, found, rows

MANY = [f"c{number:02}" for number in range(24)]


def many(root: Path, texts: list[str], **lists: str) -> Path:
    """24 recordings; those in ``texts`` have a text file of their name."""
    return folder_of(root, " ".join(f"{name}.wav" for name in MANY), **{f"{name}__txt": "One two" for name in texts}, **lists)


def test_a_note_about_one_recording_is_no_list_beside_many_text_files(tmp_path: Path) -> None:
    folder = many(tmp_path / "in", MANY, notes__txt="c00: too loud, record again\n")
    recordings = found(folder)
    assert rows(recordings) == [(name, "One two") for name in MANY]
    assert f"not read: {folder / 'notes.txt'}: it names only 1 of the recordings" in recordings.told


def test_a_few_stray_text_files_do_not_hide_a_list(tmp_path: Path) -> None:
    listed = "".join(f"{name}|Text of {name}\n" for name in MANY)
    recordings = found(many(tmp_path / "in", MANY[:2], metadata__csv=listed))
    assert rows(recordings) == [(name, f"Text of {name}") for name in MANY]


def test_lengths_in_seconds_that_come_again_are_no_speakers(tmp_path: Path) -> None:
    listed = "".join(f"{name}|Text number {number} here|1.{number % 3}\n" for number, name in enumerate(MANY))
    recordings = found(folder_of(tmp_path / "in", " ".join(f"{name}.wav" for name in MANY), metadata__csv=listed))
    assert "layout mimic" in recordings.told[0]
    assert not recordings.says_who_speaks
    assert len(rows(recordings)) == len(MANY)
