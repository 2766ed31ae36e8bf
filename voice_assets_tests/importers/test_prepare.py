"""Making a data set: recordings that are kept or dropped, texts that are cleaned."""

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from voice_assets.audio.recordings import probe, write_wav
from voice_assets.dataset.clips import read_shard
from voice_assets.dataset.config import read_config
from voice_assets.dataset.faults import Limits
from voice_assets.importers.errors import RecordingsError
from voice_assets.importers.items import Item
from voice_assets_tests.datasets import RATE, burst
from voice_assets_tests.importers.making import make, metadata


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


def test_the_result_is_a_valid_data_set(tmp_path: Path, item, limits: Limits) -> None:
    items = [item("a", "Первая фраза."), item("digits/2", "Вторая фраза."), item("c", "c: Третья  фраза [.]")]
    summary = make(items, tmp_path / "out", limits)
    assert (summary.read, summary.kept, summary.cleaned, summary.dropped, summary.unchanged) == (3, 3, 1, 0, False)
    assert summary.seconds == 3.0
    assert metadata(summary.out) == [["a", "Первая фраза."], ["digits_2", "Вторая фраза."], ["c", "Третья фраза"]]
    clips = read_shard(summary.out, "0-of-1", limits).clips
    assert (clips["findings"] == "").all()
    assert len(clips) == 3
    config = read_config(summary.out, RATE, "ru")
    assert (config.valid, config.problems) == (True, [])
    content = json.loads((summary.out / "config.json").read_text(encoding="utf-8"))
    assert (content["language"]["code"], content["dataset"], content["audio"]["quality"]) == ("ru_RU", "trial", "medium")
    assert (content["num_symbols"], content["num_speakers"], content["phoneme_type"]) == (256, 1, "espeak")
    info = (summary.out / "PREPARE_INFO.txt").read_text(encoding="utf-8")
    for part in ("name removed", "note removed: [.]", "c: Третья  фраза [.]", "now: Третья фраза", "CC0-1.0", "nobody"):
        assert part in info
    assert "CC0-1.0" in (summary.out / "LICENSE").read_text(encoding="utf-8")
    assert str(summary.out) in str(summary)
    assert "3 of 3 recordings" in str(summary)


def test_any_rate_and_channels_become_mono_pcm16(tmp_path: Path, limits: Limits) -> None:
    stereo = np.stack([burst(1.0, rate=44100)] * 2, axis=1)
    soundfile.write(tmp_path / "s.flac", stereo, 44100, subtype="PCM_24")
    summary = make([Item("s", tmp_path / "s.flac", "Фраза целиком.")], tmp_path / "out", limits)
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
    summary = make(items, tmp_path / "out", limits)
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
    assert reasons["again"] == ["duplicate text: 'good' has the same text"]
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
    summary = make(items, tmp_path / "out", limits)
    assert dropped(summary.out) == {
        r"\xe7\xe2\xf3\xea": ["name: it is not UTF-8"],
        "x" * 201: ["name: it is 201 bytes long, over the limit of 200 bytes for a file name"],
        "x" * 300: ["name: it is 300 bytes long, over the limit of 200 bytes for a file name"],
    }
    assert make(items, tmp_path / "out", limits).unchanged
    (summary.out / "wavs" / f"{cyrillic}.wav").touch()
    with pytest.raises(RecordingsError, match="changed since it was prepared"):
        make(items[:1], tmp_path / "out", limits)


def test_a_row_with_a_fault_is_dropped_with_that_reason(tmp_path: Path, item, limits: Limits) -> None:
    good = item("good", "Хорошая фраза.")
    items = [good, replace(good, text="Другая фраза.", fault="row: line 2 says so")]
    summary = make(items, tmp_path / "out", limits)
    assert (metadata(summary.out), dropped(summary.out)) == ([["good", "Хорошая фраза."]], {"good": ["row: line 2 says so"]})
    changed = [good, replace(items[1], fault="row: line 2 says other")]
    assert make(changed, tmp_path / "out", limits).unchanged is False


def test_two_names_for_one_file(tmp_path: Path, item, limits: Limits) -> None:
    summary = make([item("a/b", "Первая фраза."), item("a_b", "Вторая фраза.")], tmp_path / "out", limits)
    assert dropped(summary.out) == {"a_b": ["name: another recording is already 'a_b'"]}


def test_the_same_items_again_write_nothing_and_other_items_do(tmp_path: Path, item, limits: Limits) -> None:
    items = [item("a", "Первая фраза.")]
    out = tmp_path / "out"
    first = make(items, out, limits)
    before = (out / "config.json").stat()
    second = make(items, out, limits)
    assert second.unchanged
    assert (second.kept, second.seconds) == (first.kept, first.seconds)
    assert (out / "config.json").stat() == before
    assert "nothing to do" in str(second)
    third = make([*items, item("b", "Вторая фраза.")], out, limits)
    assert (third.unchanged, third.kept) == (False, 2)
    assert make(items, out, limits, latin=True).unchanged is False
    write_wav(items[0].audio, burst(1.0, seed=9), RATE)
    assert make(items, out, limits, latin=True).unchanged is False
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "source"]


def test_a_data_set_of_the_first_importers_is_recognised(tmp_path: Path, item, limits: Limits) -> None:
    items = [item("a", "a: Первая фраза."), item("b", "Вторая фраза.")]
    made = make(items, tmp_path / "out", limits)
    info = made.out / "PREPARE_INFO.txt"
    text = info.read_text(encoding="utf-8")
    assert "\nCleaned: 1\n" in text
    info.write_text(text.replace("\nCleaned: 1\n", "\nMended: 1\n"), encoding="utf-8")
    assert make(items, made.out, limits) == replace(made, unchanged=True)


def test_nothing_usable_is_an_error_that_says_why(tmp_path: Path, item, limits: Limits) -> None:
    items = [item("a", "[beep]"), item("b", "[boop]"), Item("c", tmp_path / "gone.wav", "Файла нет.")]
    for number in (1, 2):
        with pytest.raises(RecordingsError) as error:
            make(items, tmp_path / "out", limits, told=["layout piper"])
        lines = str(error.value).splitlines()
        assert lines[:3] == [
            "a test: none of 3 recordings can be used",
            "  2 x not speech, the first: 'a': not speech: the text only describes a sound",
            "  1 x audio, the first: 'c': audio: no such file",
        ]
        record = Path(lines[3].removeprefix("Every reason is in "))
        assert record.parent == tmp_path
        assert len(list(tmp_path.glob("out_rejected_*.txt"))) == number
        text = record.read_text(encoding="utf-8")
        for part in ("layout piper\n", "    2  not speech\n", "c\n    audio: no such file\n    text: Файла нет.\n"):
            assert part in text
    assert not (tmp_path / "out").exists()


def test_texts_are_composed_and_the_plus_of_a_corpus_is_a_stress_mark(tmp_path: Path, item, limits: Limits) -> None:
    items = [item("a", "И\u0306огурт и ч+ай."), item("b", "Ст+арый з+амок сего\u200bдня."), item("c", "Ещё раз.")]
    summary = make(items, tmp_path / "out", limits)
    texts = [text for _, text in metadata(summary.out)]
    assert texts == ["Йогурт и ча\u0301й.", "Ста\u0301рый за\u0301мок сегодня.", "Ещё раз."]
    assert (read_shard(summary.out, "0-of-1", limits).clips["findings"] == "").all()
    info = (summary.out / "PREPARE_INFO.txt").read_text(encoding="utf-8")
    assert "\nStress: the texts mark stress by `+` before a vowel; U+0301" in info
    assert "U+0418 U+0306 is Й" in info
    assert "text: Ст+арый з+амок сего\u200bдня." in info


def test_a_plus_that_is_no_stress_mark_is_dropped_with_its_reason(tmp_path: Path, item, limits: Limits) -> None:
    summary = make([item("a", "Один + один."), item("b", "Ещё раз.")], tmp_path / "out", limits)
    assert dropped(summary.out) == {"a": ["plus: the text has `+`, which espeak reads aloud"]}
    assert "Stress:" not in (summary.out / "PREPARE_INFO.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(("voice", "why"), [("fo", "without a dictionary"), ("nope", "is not a voice of espeak-ng")])
def test_a_voice_that_cannot_speak_is_refused_before_anything_is_read(
    tmp_path: Path, item, limits: Limits, voice: str, why: str
) -> None:
    with pytest.raises(RecordingsError, match=why):
        make([item("a", "Ещё раз.")], tmp_path / "out", limits.model_copy(update={"espeak_voice": voice}))
    assert not (tmp_path / "out").exists()


def test_a_hostile_text_does_not_break_the_record(tmp_path: Path, item, limits: Limits) -> None:
    items = [item("a", "Хорошая фраза."), item("b", "Раз\nдва\n    нет: так" + "а" * 5000)]
    summary = make(items, tmp_path / "out", limits)
    assert dropped(summary.out) == {"b": ["text too long: 5016 characters, over max_text_chars 400"]}
    assert max(map(len, (summary.out / "PREPARE_INFO.txt").read_text(encoding="utf-8").splitlines())) < 2100


def test_progress(tmp_path: Path, item, limits: Limits) -> None:
    reported: list[tuple[int, int]] = []
    items = [item("a", "Первая фраза."), item("b", "[beep]")]
    make(items, tmp_path / "out", limits, on_progress=lambda done, total: reported.append((done, total)))
    assert reported == [(1, 2), (2, 2)]
