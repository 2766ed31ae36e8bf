"""Making a data set: what is kept, dropped and cleaned, and that nothing of the user's is ever lost."""

import csv
import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from voice_assets.audio.recordings import probe, write_wav
from voice_assets.dataset.clips import Limits, read_config, read_shard
from voice_assets.importers import output
from voice_assets.importers.errors import RecordingsError
from voice_assets.importers.prepare import About, Item, loudest_frame_db, prepare
from voice_assets_tests.datasets import RATE, burst

ABOUT = About("trial", "RU", "medium", "a test", "CC0-1.0", "nobody")


@pytest.fixture
def item(tmp_path: Path):
    def make(name: str, text: str, seconds: float = 1.0, samples: np.ndarray | None = None) -> Item:
        sound = burst(seconds) if samples is None else samples
        return Item(name, write_wav(tmp_path / "source" / f"{name.replace('/', '-')}.wav", sound, RATE), text)

    return make


def metadata(out: Path) -> list[list[str]]:
    with (out / "metadata_2col.csv").open(encoding="utf-8") as file:
        return list(csv.reader(file, delimiter="|"))


def dropped(out: Path) -> dict[str, list[str]]:
    """Name -> reasons, read back from the last part of PREPARE_INFO.txt."""
    lines = (out / "PREPARE_INFO.txt").read_text(encoding="utf-8").split("\nDropped (")[1].splitlines()[2:]
    found: dict[str, list[str]] = {}
    for line in lines:
        if not line.startswith("    "):
            name = line
            found[name] = []
        elif not line.startswith("    text: "):
            found[name].append(line.strip())
    return found


def test_what_comes_out_is_a_sound_data_set(tmp_path: Path, item, limits: Limits) -> None:
    items = [item("a", "Первая фраза."), item("digits/2", "Вторая фраза."), item("c", "c: Третья  фраза [.]")]
    summary = prepare(items, tmp_path / "out", limits, ABOUT)
    assert (summary.read, summary.kept, summary.cleaned, summary.dropped, summary.unchanged) == (3, 3, 1, 0, False)
    assert summary.seconds == 3.0
    assert metadata(summary.out) == [["a", "Первая фраза."], ["digits_2", "Вторая фраза."], ["c", "Третья фраза"]]
    clips = read_shard(summary.out, "0-of-1", limits)
    assert (clips["findings"] == "").all()
    assert len(clips) == 3
    config = read_config(summary.out, RATE, "ru")
    assert (config.valid, config.problems) == (True, [])
    content = json.loads((summary.out / "config.json").read_text(encoding="utf-8"))
    assert (content["language"]["code"], content["dataset"], content["audio"]["quality"]) == ("ru_RU", "trial", "medium")
    assert (content["num_symbols"], content["num_speakers"], content["phoneme_type"]) == (256, 1, "espeak")
    info = (summary.out / "PREPARE_INFO.txt").read_text(encoding="utf-8")
    for said in ("name removed", "note removed: [.]", "c: Третья  фраза [.]", "now: Третья фраза", "CC0-1.0", "nobody"):
        assert said in info
    assert "CC0-1.0" in (summary.out / "LICENSE").read_text(encoding="utf-8")
    assert str(summary.out) in str(summary)
    assert "3 of 3 recordings" in str(summary)


def test_any_rate_and_channels_become_mono_pcm16(tmp_path: Path, limits: Limits) -> None:
    stereo = np.stack([burst(1.0, rate=44100)] * 2, axis=1)
    soundfile.write(tmp_path / "s.flac", stereo, 44100, subtype="PCM_24")
    summary = prepare([Item("s", tmp_path / "s.flac", "Фраза целиком.")], tmp_path / "out", limits, ABOUT)
    info = probe(summary.out / "wavs" / "s.wav")
    assert (info.format, info.subtype, info.channels, info.sample_rate) == ("WAV", "PCM_16", 1, RATE)
    assert info.duration_s == pytest.approx(1.0, abs=0.001)


def test_every_dropped_recording_has_all_its_reasons(tmp_path: Path, item, limits: Limits) -> None:
    (tmp_path / "empty.wav").touch()
    (tmp_path / "text.wav").write_text("no audio")
    items = [
        item("good", "Хорошая фраза."),
        item("silent", "Здесь тишина.", samples=np.zeros(RATE, np.int16)),
        item("quiet", "(3 seconds of silence)", samples=(burst(1.0) // 2000).astype(np.int16)),
        item("short", "Короткая фраза.", 0.19),
        item("long", "Длинная фраза.", 15.1),
        item("tone", "[beep]"),
        item("again", "хорошая, фраза"),
        item("nothing", ""),
        item("both", "Q", 0.1),
        Item("empty", tmp_path / "empty.wav", "Пустой файл."),
        Item("text", tmp_path / "text.wav", "Не звук."),
        Item("gone", tmp_path / "gone.wav", "Файла нет."),
        Item("../out", tmp_path / "gone.wav", "Наружу."),
        Item("a|b", tmp_path / "gone.wav", "Черта."),
    ]
    summary = prepare(items, tmp_path / "out", limits, ABOUT)
    assert (summary.kept, summary.dropped) == (1, 13)
    reasons = dropped(summary.out)
    kinds = {name: [reason.split(":")[0] for reason in found] for name, found in reasons.items()}
    assert kinds == {
        "silent": ["silence"],
        "quiet": ["not speech", "silence"],
        "short": ["too short"],
        "long": ["too long"],
        "tone": ["not speech"],
        "again": ["duplicate text"],
        "nothing": ["no text"],
        "both": ["text too short", "another script", "too short"],
        "empty": ["audio"],
        "text": ["audio"],
        "gone": ["audio"],
        "../out": ["name"],
        "a|b": ["name"],
    }
    assert reasons["short"] == ["too short: 0.19 s, under min_duration_s 0.2"]
    assert reasons["long"] == ["too long: 15.10 s, over max_duration_s 15.0"]
    assert reasons["again"] == ["duplicate text: 'good' says the same"]
    assert reasons["empty"] == ["audio: empty: 0 bytes"]
    assert [file.name for file in (summary.out / "wavs").iterdir()] == ["good.wav"]


def test_names_that_no_data_set_can_have(tmp_path: Path, item, limits: Limits) -> None:
    cyrillic = os.fsdecode("звук".encode("cp1251"))
    items = [
        item("good", "Хорошая фраза."),
        Item(cyrillic, item("first", "").audio.rename(tmp_path / f"{cyrillic}.wav"), "Первая фраза."),
        Item("x" * 201, tmp_path / "gone.wav", "Вторая фраза."),
        Item("x" * 300, tmp_path / ("x" * 300), "Третья фраза."),
        item("y" * 200, "Четвёртая фраза."),
    ]
    summary = prepare(items, tmp_path / "out", limits, ABOUT)
    assert dropped(summary.out) == {
        r"\xe7\xe2\xf3\xea": ["name: it is not UTF-8"],
        "x" * 201: ["name: it is 201 bytes long, over the 200 that fit into a file's name"],
        "x" * 300: ["name: it is 300 bytes long, over the 200 that fit into a file's name"],
    }
    assert prepare(items, tmp_path / "out", limits, ABOUT).unchanged
    (summary.out / "wavs" / f"{cyrillic}.wav").touch()
    with pytest.raises(RecordingsError, match="changed since it was prepared"):
        prepare(items[:1], tmp_path / "out", limits, ABOUT)


def test_a_row_at_fault_is_dropped_with_its_fault(tmp_path: Path, item, limits: Limits) -> None:
    good = item("good", "Хорошая фраза.")
    items = [good, replace(good, text="Другая фраза.", fault="row: line 2 says so")]
    summary = prepare(items, tmp_path / "out", limits, ABOUT)
    assert (metadata(summary.out), dropped(summary.out)) == ([["good", "Хорошая фраза."]], {"good": ["row: line 2 says so"]})
    changed = [good, replace(items[1], fault="row: line 2 says other")]
    assert prepare(changed, tmp_path / "out", limits, ABOUT).unchanged is False


def test_two_names_for_one_file(tmp_path: Path, item, limits: Limits) -> None:
    summary = prepare([item("a/b", "Первая фраза."), item("a_b", "Вторая фраза.")], tmp_path / "out", limits, ABOUT)
    assert dropped(summary.out) == {"a_b": ["name: another recording is already 'a_b'"]}


@pytest.mark.parametrize(("peak", "silent"), [(0.00315, True), (0.00318, False)])
def test_silence_is_under_50_db(peak: float, silent: bool) -> None:
    square = np.where(np.arange(RATE) % 2, peak, -peak) * 32768
    assert (loudest_frame_db(square, RATE) < -50) is silent


def test_one_loud_frame_is_not_silence() -> None:
    samples = np.zeros(RATE, np.int16)
    samples[5000:5600] = 3000
    assert loudest_frame_db(samples, RATE) > -30
    assert loudest_frame_db(np.zeros(0, np.int16), RATE) == -120


def test_the_same_again_is_no_work_and_other_items_are(tmp_path: Path, item, limits: Limits) -> None:
    items = [item("a", "Первая фраза.")]
    out = tmp_path / "out"
    first = prepare(items, out, limits, ABOUT)
    before = (out / "config.json").stat()
    second = prepare(items, out, limits, ABOUT)
    assert second.unchanged
    assert (second.kept, second.seconds) == (first.kept, first.seconds)
    assert (out / "config.json").stat() == before
    assert "nothing to do" in str(second)
    third = prepare([*items, item("b", "Вторая фраза.")], out, limits, ABOUT)
    assert (third.unchanged, third.kept) == (False, 2)
    assert prepare(items, out, limits, ABOUT, latin=True).unchanged is False
    write_wav(items[0].audio, burst(1.0, seed=9), RATE)
    assert prepare(items, out, limits, ABOUT, latin=True).unchanged is False
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "source"]


def test_reports_survive_a_new_preparation(tmp_path: Path, item, limits: Limits) -> None:
    out = tmp_path / "out"
    prepare([item("a", "Первая фраза.")], out, limits, ABOUT)
    (out / "reports").mkdir()
    (out / "reports" / "validation.md").write_text("kept")
    prepare([item("b", "Вторая фраза.")], out, limits, ABOUT)
    assert (out / "reports" / "validation.md").read_text() == "kept"
    assert metadata(out) == [["b", "Вторая фраза."]]


def test_nothing_of_anybody_elses_is_overwritten(tmp_path: Path, item, limits: Limits) -> None:
    items = [item("a", "Первая фраза.")]
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "thesis.txt").write_text("years of work")
    with pytest.raises(RecordingsError, match="foreign: not empty, and not made by an importer"):
        prepare(items, foreign, limits, ABOUT)
    file = tmp_path / "file"
    file.write_text("x")
    with pytest.raises(RecordingsError, match="file: is not a folder"):
        prepare(items, file, limits, ABOUT)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "foreign", "source"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda out: (out / "metadata_2col.csv").write_text("a|Исправлено\n"), "changed since it was prepared"),
        (lambda out: (out / "wavs" / "a.wav").unlink(), "changed since it was prepared"),
        (lambda out: (out / "notes.txt").write_text("x"), "notes.txt would be lost"),
    ],
)
def test_what_a_person_changed_is_not_lost(tmp_path: Path, item, limits: Limits, change, said: str) -> None:
    out = tmp_path / "out"
    prepare([item("a", "Первая фраза.")], out, limits, ABOUT)
    change(out)
    files = sorted(path.relative_to(out) for path in out.rglob("*"))
    with pytest.raises(RecordingsError, match=said):
        prepare([item("b", "Вторая фраза.")], out, limits, ABOUT)
    assert sorted(path.relative_to(out) for path in out.rglob("*")) == files


def test_a_failure_leaves_what_was_there(tmp_path: Path, item, limits: Limits) -> None:
    out = tmp_path / "out"
    prepare([item("a", "Первая фраза.")], out, limits, ABOUT)

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare([item("b", "Вторая фраза.")], out, limits, ABOUT, on_progress=stop)
    assert metadata(out) == [["a", "Первая фраза."]]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "source"]


def test_leftovers_of_killed_runs_are_swept_and_those_of_living_ones_stay(tmp_path: Path, item, limits: Limits) -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    dead, living = tmp_path / f".out.building-{child}", tmp_path / f".out.building-{os.getppid()}"
    for folder in (dead, living):
        folder.mkdir()
    prepare([item("a", "Первая фраза.")], tmp_path / "out", limits, ABOUT)
    assert not dead.exists()
    assert living.exists()


@pytest.mark.parametrize("killed", ["before the new one stood", "before the reports moved", "after"])
def test_a_kill_between_the_renames_loses_nothing(tmp_path: Path, item, limits: Limits, killed: str) -> None:
    """What `_swap` leaves when it is killed, by hand; the next call must mend it even when it has nothing to prepare."""
    out, items = tmp_path / "out", [item("a", "Первая фраза.")]
    prepare(items, out, limits, ABOUT)
    (out / "reports").mkdir()
    (out / "reports" / "validation.md").write_text("kept")
    before = tmp_path / ".out.before-20261122_101500_123"
    if killed == "before the new one stood":
        out.rename(before)
    elif killed == "before the reports moved":
        shutil.copytree(out, before)
        shutil.rmtree(out / "reports")
    else:
        before.mkdir()
    assert prepare(items, out, limits, ABOUT).unchanged
    assert (out / "reports" / "validation.md").read_text() == "kept"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "source"]


def test_reports_of_both_sides_of_a_kill_are_kept(tmp_path: Path, item, limits: Limits) -> None:
    out, items = tmp_path / "out", [item("a", "Первая фраза.")]
    prepare(items, out, limits, ABOUT)
    before = tmp_path / ".out.before-20261122_101500_123"
    for folder, names in ((before, ("old", "both")), (out, ("new", "both"))):
        for name in names:
            (folder / "reports" / name).mkdir(parents=True)
            (folder / "reports" / name / "r.md").write_text(folder.name)
    for _ in range(2):
        prepare(items, out, limits, ABOUT)
    assert sorted(path.name for path in (out / "reports").iterdir()) == ["both", "new", "old"]
    assert (out / "reports" / "both" / "r.md").read_text() == "out"
    assert (before / "reports" / "both" / "r.md").read_text() == before.name


def test_a_swap_that_is_going_on_is_left_alone(tmp_path: Path, item, limits: Limits) -> None:
    living = tmp_path / f".out.before-20261122_101500_123-{os.getppid()}"
    living.mkdir()
    prepare([item("a", "Первая фраза.")], tmp_path / "out", limits, ABOUT)
    assert living.exists()


def test_what_a_killed_run_with_our_own_number_left_is_swept(tmp_path: Path, item, limits: Limits) -> None:
    """In a container every run may have the same process number."""
    (tmp_path / f".out.building-{os.getpid()}").mkdir()
    assert prepare([item("a", "Первая фраза.")], tmp_path / "out", limits, ABOUT).kept == 1


def test_nothing_usable_is_an_error_that_says_why(tmp_path: Path, item, limits: Limits) -> None:
    with pytest.raises(RecordingsError, match=r"a test: none of 2 recordings can be used: 2 x not speech"):
        prepare([item("a", "[beep]"), item("b", "[boop]")], tmp_path / "out", limits, ABOUT)
    assert not (tmp_path / "out").exists()


def test_progress(tmp_path: Path, item, limits: Limits) -> None:
    told: list[tuple[int, int]] = []
    items = [item("a", "Первая фраза."), item("b", "[beep]")]
    prepare(items, tmp_path / "out", limits, ABOUT, on_progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 2), (2, 2)]


def test_a_folder_that_cannot_be_written(tmp_path: Path, item, limits: Limits) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(RecordingsError, match="cannot be written"):
        prepare([item("a", "Первая фраза.")], tmp_path / "file" / "out", limits, ABOUT)


def test_a_foreign_info_file_is_no_licence_to_overwrite(tmp_path: Path) -> None:
    (tmp_path / output.INFO).write_text("Prepared by somebody else\nContents: x\n")
    assert output.head(tmp_path) == {}
