"""The picture of `voice-assets watch`: words, units, dead processes, and nothing lost on a narrow terminal."""

import io
import re
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from rich.console import Console

from voice_assets.cli.snapshot import snapshot
from voice_assets.cli.watch_view import QUIET_S, View
from voice_assets.runtime.nvidia import GpuUse
from voice_assets.voices import Voice, load_voice
from voice_assets_tests.cli.progress_states import clip, write_progress
from voice_assets_tests.datasets import write_voice
from voice_assets_tests.runtime.test_running import ended_process

GPU = GpuUse(0, "NVIDIA GeForce RTX 3090", 8123, 24576, 97)


@pytest.fixture
def voice(project: Path) -> Voice:
    return load_voice(write_voice(project / "voices" / "toy.yaml", project / "data"))


def shown(voice: Voice, gpus: Sequence[GpuUse] = (), width: int = 200) -> str:
    out = io.StringIO()
    Console(file=out, width=width).print(View(snapshot(voice, gpus)))
    return out.getvalue()


def test_a_row_per_shard_and_their_sum(voice: Voice) -> None:
    write_progress("0-of-2", done=30, total=100, rate_per_s=4.0, remaining_s=17.5, recent=(clip("a", 0.9), clip("b", 0.2)),
                   figures={"mean_similarity": 0.9, "low": 2, "from_cache": 7})  # fmt: skip
    write_progress("1-of-2", done=10, total=50, rate_per_s=0.5, remaining_s=80.0, recent=(clip("c", 1.0),),
                   figures={"mean_similarity": 0.5, "low": 1, "from_cache": 0})  # fmt: skip
    text = shown(voice, [GPU])
    first, second, total = (next(line for line in text.splitlines() if name in line) for name in ("[0-of", "[1-of", ", 2 run"))
    words = (
        "running",
        "30 of 100 clips (30 %)",
        "4.0 clips/s",
        "0:17",
        "mean similarity 0.900, 2 low (6.7 %), 7 from the cache",
    )
    assert [word for word in words if word not in first] == []
    assert [word for word in ("10 of 50 clips (20 %)", "30.0 clips/min", "1:20") if word not in second] == []
    words = ("40 of 150 clips (27 %)", "4.5 clips/s", "1:20", "mean similarity 0.800, 3 low (7.5 %), 7 from the cache")
    assert [word for word in words if word not in total] == []
    assert "toy: 2 running" in text
    assert [line.split()[1] for line in text.splitlines() if "Текст" in line] == ["b", "c", "a"]
    assert "8,123 of 24,576 MiB" in text
    assert "97 %" in text
    assert "Nothing is running" not in text


def test_training_shows_epoch_and_loss(voice: Voice) -> None:
    write_progress(None, "mini_training", unit="steps", done=40, total=120, figures={"epoch": 1, "loss": 27.26}, recent=())
    text = shown(voice)
    assert "40 of 120 steps (33 %)" in text
    assert "epoch 1, loss 27.3" in text


def test_nothing_is_lost_at_80_columns(voice: Voice) -> None:
    words = " ".join(f"слово{number}" for number in range(40))
    figures = {"mean_similarity": 0.98, "low": 2, "decoded": 9, "from_cache": 7}
    long = clip("a-long-name-of-a-clip-without-any-space-in-it", 0.9, words)
    write_progress("10-of-16", done=12345, total=18377, figures=figures, recent=(long,))
    wide, narrow = shown(voice, [GPU]), shown(voice, [GPU], width=80)
    assert max(map(len, narrow.splitlines())) <= 80
    assert "…" not in narrow
    assert "whisper_shard[10-of-16]" in narrow, "a name in two parts is no name to search for"
    letters = sorted(re.sub(r"[\W_━]|\b\d+:\d+\b", "", narrow))
    assert letters == sorted(re.sub(r"[\W_━]|\b\d+:\d+\b", "", wide))


def test_a_dead_process_is_shown_as_such_and_with_the_last_result(voice: Voice) -> None:
    process = ended_process()
    write_progress("0-of-2", process=process, updated=time.time() - 125)
    folder = voice.reports_dir / "validation_whisper_sharded_20260201_000000_000"
    folder.mkdir(parents=True)
    (folder / "SUMMARY.txt").write_text("PASS  Whisper\n\nMean similarity: 0.97\n\nRules\nhidden\n", encoding="utf-8")
    text = shown(voice)
    assert f"dead: process {process.pid} was killed, 2:0" in text
    assert "toy: 0 running" in text
    assert "Nothing is running for toy." in text
    assert f"The last Whisper validation, {folder}:" in text
    assert "  PASS  Whisper\n  Mean similarity: 0.97\n" in text
    assert "hidden" not in text
    assert "last clips" not in text


def test_before_the_first_clip_and_after_a_long_silence(voice: Voice) -> None:
    write_progress("0-of-2", done=0, total=None, rate_per_s=0.0, remaining_s=None, figures={}, recent=())
    write_progress("1-of-2", updated=time.time() - QUIET_S - 5)
    lines = shown(voice).splitlines()
    assert any("0-of-2" in line and "starting" in line and "0 clips" in line for line in lines)
    assert any("1-of-2" in line and "no news for 2:0" in line for line in lines)


def test_a_start_that_hangs_is_no_start_for_ever(voice: Voice) -> None:
    silent = time.time() - QUIET_S - 5
    write_progress("0-of-2", done=0, total=None, rate_per_s=0.0, remaining_s=None, figures={}, recent=(), updated=silent)
    text = shown(voice)
    assert "no news for 2:0" in text
    assert "starting" not in text


def test_texts_of_clips_cannot_talk_to_the_terminal(voice: Voice) -> None:
    write_progress("0-of-2", recent=(clip("\x1b[2J", 0.9, "[bold]:smile:\x1b]0;x\x07 \u202e"),))
    text = shown(voice)
    assert not {"\x1b", "\x07", "\u202e"} & set(text)
    assert r"[bold]:smile:\x1b]0;x\x07" in text
