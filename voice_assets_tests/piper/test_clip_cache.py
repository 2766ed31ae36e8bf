"""The cache of prepared clips: what a file is named by, what is made, what is removed, and a preparation that is killed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from voice_assets.audio.recordings import AudioError
from voice_assets.dataset.config import PiperConfig, load_config
from voice_assets.dataset.tables import TRAINING_SET, frame
from voice_assets.piper import clip_cache, prepared_clip
from voice_assets.runtime import files

SYMBOLS = {"_": [0], "^": [1], "$": [2], " ": [3]}


def rows(**changes: str) -> pd.DataFrame:
    one = {"clip_id": "a", "path": "wavs/a.wav", "text": "Да.", "audio_sha256": "0", "duration_s": 1.5, "split": "train"}
    return frame([{**one, **changes}, {**one, "clip_id": "b", "text": "Нет.", "split": "validation"}], TRAINING_SET)


def config(rate: int = 22050, voice: str = "ru", **ids: list[int]) -> PiperConfig:
    values = {"audio": {"sample_rate": rate}, "espeak": {"voice": voice}, "phoneme_id_map": {**SYMBOLS, **ids}}
    return PiperConfig.model_validate(values)


def real_rows(dataset: Path, count: int) -> pd.DataFrame:
    lines = (dataset / "metadata_2col.csv").read_text(encoding="utf-8").splitlines()[:count]
    chosen = [(name, f"wavs/{name}.wav", text) for name, text in (line.split("|") for line in lines)]
    table = [
        {
            "clip_id": name,
            "path": path,
            "text": text,
            "audio_sha256": files.sha256(dataset / path),
            "duration_s": 1.0,
            "split": "train",
        }
        for name, path, text in chosen
    ]
    return frame(table, TRAINING_SET)


@pytest.mark.parametrize("changes", [{"text": "Нет, да."}, {"audio_sha256": "1"}])
def test_a_changed_clip_has_another_file_and_its_neighbour_keeps_its_own(changes: dict[str, str], tmp_path: Path) -> None:
    before, after = (clip_cache.files_of(table, config(), tmp_path) for table in (rows(), rows(**changes)))
    assert before[0] != after[0]
    assert before[1] == after[1]


@pytest.mark.parametrize("changes", [{"clip_id": "c"}, {"path": "wavs/c.wav"}, {"split": "validation"}])
def test_a_clip_of_another_name_or_split_has_the_same_file(changes: dict[str, str], tmp_path: Path) -> None:
    assert clip_cache.files_of(rows(**changes), config(), tmp_path) == clip_cache.files_of(rows(), config(), tmp_path)


@pytest.mark.parametrize("other", [config(rate=16000), config(voice="uk"), config(a=[4])])
def test_other_settings_have_other_files(other: PiperConfig, tmp_path: Path) -> None:
    assert not set(clip_cache.files_of(rows(), other, tmp_path)) & set(clip_cache.files_of(rows(), config(), tmp_path))


def test_another_piper_prepares_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = clip_cache.files_of(rows(), config(), tmp_path)
    monkeypatch.setattr(clip_cache, "version", lambda name: "99")
    assert not set(clip_cache.files_of(rows(), config(), tmp_path)) & set(before)


def make(file: Path) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    return file


def test_only_what_nobody_wants_goes(tmp_path: Path) -> None:
    kept, other = (make(file) for file in clip_cache.files_of(rows(), config(), tmp_path))
    left = make(kept.with_name(f".{kept.stem}.a1b2c3_x.npz"))
    thesis, link = make(tmp_path / "ab" / "thesis.npz"), tmp_path / "cd"
    link.symlink_to(other.parent)
    assert clip_cache.missing_s(rows(), config(), tmp_path) == 0
    assert clip_cache.drop_others(tmp_path, [kept]) == 2
    assert (kept.exists(), other.exists(), left.exists(), thesis.exists(), link.is_symlink()) == (
        True,
        False,
        False,
        True,
        True,
    )
    assert clip_cache.missing_s(rows(), config(), tmp_path) == 1.5


def test_caches_of_earlier_versions_go_and_folders_of_others_stay(tmp_path: Path) -> None:
    old, foreign = tmp_path / ("a" * 16), tmp_path / ("b" * 16)
    for name in ("1_Да.spec.pt", "1_Да.txt", "COMPLETE"):
        make(old / name)
    make(foreign / "1_Да.spec.pt")
    make(foreign / "thesis.odt")
    assert clip_cache.drop_others(tmp_path, []) == 3
    assert [folder.name for folder in tmp_path.iterdir()] == [foreign.name]


def test_a_cache_in_use_loses_nothing(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    kept, other = (make(file) for file in clip_cache.files_of(rows(), config(), cache))
    with clip_cache.in_use(cache, [kept, other]), clip_cache.in_use(cache, [kept]):
        assert other.exists()
    with clip_cache.in_use(cache, [kept]):
        assert (kept.exists(), other.exists()) == (True, False)


@pytest.mark.slow
def test_one_edited_text_prepares_one_clip(ivrvoice: Path, tmp_path: Path) -> None:
    table, settings, told = real_rows(ivrvoice, 9), load_config(ivrvoice / "config.json"), []
    clip_cache.fill(table, ivrvoice, settings, tmp_path, lambda done, total: told.append((done, total)))
    assert told == [(0, 9), (8, 9), (9, 9)]
    before = {file: file.stat().st_mtime_ns for file in clip_cache.files_of(table, settings, tmp_path)}
    table.loc[4, "text"] += " Ещё."
    told.clear()
    clip_cache.fill(table, ivrvoice, settings, tmp_path, lambda done, total: told.append((done, total)))
    assert told == [(8, 9), (9, 9)]
    after = {file: file.stat().st_mtime_ns for file in clip_cache.files_of(table, settings, tmp_path)}
    assert len(before.items() & after.items()) == 8
    told.clear()
    clip_cache.fill(table, ivrvoice, settings, tmp_path, lambda done, total: told.append((done, total)))
    assert told == []


@pytest.mark.slow
def test_processes_make_what_one_process_makes(ivrvoice: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table, settings = real_rows(ivrvoice, 20), load_config(ivrvoice / "config.json")
    clip_cache.fill(table, ivrvoice, settings, tmp_path / "one")
    monkeypatch.setattr(clip_cache, "ALONE", 0)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    clip_cache.fill(table, ivrvoice, settings, tmp_path / "many")
    one, many = (clip_cache.files_of(table, settings, tmp_path / name) for name in ("one", "many"))
    assert [file.read_bytes() for file in one] == [file.read_bytes() for file in many]


@pytest.mark.slow
@pytest.mark.parametrize("processes", [1, 2])
def test_a_recording_that_cannot_be_read_is_named(
    ivrvoice: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processes: int
) -> None:
    table, settings = real_rows(ivrvoice, 20), load_config(ivrvoice / "config.json")
    table.loc[7, "path"] = "wavs/gone.wav"
    monkeypatch.setattr(clip_cache, "ALONE", 0)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(processes)))
    with pytest.raises(AudioError, match=r"gone\.wav"):
        clip_cache.fill(table, ivrvoice, settings, tmp_path)


FILL = """
import sys
from pathlib import Path
import pandas as pd
from voice_assets.dataset.config import load_config
from voice_assets.piper import clip_cache

if __name__ == "__main__":
    clip_cache.ALONE = 0
    clip_cache.os.sched_getaffinity = lambda _: {0, 1}
    dataset, cache, table = map(Path, sys.argv[1:])
    tell = lambda done, total: print(done, total, flush=True)
    clip_cache.fill(pd.read_parquet(table), dataset, load_config(dataset / "config.json"), cache, tell)
"""


@pytest.mark.slow
def test_a_killed_preparation_goes_on_and_leaves_no_process(ivrvoice: Path, tmp_path: Path) -> None:
    """`kill -9` after the first clips; the pipe closes when the last of the processes has ended."""
    table, settings = real_rows(ivrvoice, 96), load_config(ivrvoice / "config.json")
    table.to_parquet(tmp_path / "table.parquet")
    (tmp_path / "fill.py").write_text(FILL)
    line = [sys.executable, str(tmp_path / "fill.py"), str(ivrvoice), str(tmp_path / "cache"), str(tmp_path / "table.parquet")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True, env=environment) as killed:
        assert killed.stdout is not None
        first = killed.stdout.readline(), killed.stdout.readline()
        os.kill(killed.pid, signal.SIGKILL)
        killed.stdout.read()  # returns when no process has the pipe open
    assert first == ("0 96\n", "8 96\n")
    told: list[int] = []
    clip_cache.fill(table, ivrvoice, settings, tmp_path / "cache", lambda done, total: told.append(done))
    assert told[0] >= 8
    assert told[-1] == 96
    for file in clip_cache.files_of(table, settings, tmp_path / "cache"):
        prepared_clip.read(file)
