"""Speed and similarity of our Whisper and of stock faster-whisper: `make bench-whisper`. Last line: one JSON object.

Three systems transcribe the same files with the same ``base`` weights, int8, on the CPU, in one process and in turns: ours,
stock ``WhisperModel.transcribe`` (one file at a time, beam 5, otherwise its defaults, as people run it), and stock
``BatchedInferencePipeline`` (also one file at a time: it batches within a file). In each turn our system gets the whole set, as
in use, and each stock system gets a third of the set. Times are wall clock, medians over the turns, in seconds per clip. The
CPU seconds are printed too, for a machine that also does other work. Loading the models is not counted.

Sets: ``short`` has the demo's clips of 1 to 4 s. The demo has few clips of 8 to 15 s, so ``long`` has consecutive clips of the
one speaker, joined with 0.3 s of silence between them, and the joined texts.
"""

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.clips import RATE, demo_clips
from voice_assets.asr import weights
from voice_assets.asr.policy import DecodingPolicy
from voice_assets.asr.recogniser import Utterance
from voice_assets.asr.similarity import similarity
from voice_assets.asr.transcriber import Transcriber
from voice_assets.asr.whisper import WhisperRecogniser
from voice_assets.audio import recordings
from voice_assets.runtime import project
from voice_assets.voices import Whisper

LANGUAGE = "ru"
OPTIONS = Whisper(model="base", device="cpu", compute_type="int8", batch_size=16)
POLICY = DecodingPolicy(LANGUAGE, OPTIONS.retry_below, OPTIONS.low_similarity)
LOW, BEAM = OPTIONS.low_similarity, OPTIONS.beam_size
GAP_S = 0.3
TURNS = 3


@dataclass
class System:
    """One system that transcribes: the seconds per clip of every turn, and the hypotheses by clip id."""

    name: str
    transcribe: Callable[[Sequence[Utterance]], dict[str, str]]
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    hypotheses: dict[str, str] = field(default_factory=dict)

    def turn(self, clips: Sequence[Utterance]) -> None:
        """Transcribe ``clips`` and store the seconds per clip."""
        wall, cpu = time.perf_counter(), time.process_time()
        self.hypotheses |= self.transcribe(clips)
        self.wall.append((time.perf_counter() - wall) / len(clips))
        self.cpu.append((time.process_time() - cpu) / len(clips))

    def clips_per_s(self) -> float:
        """Clips per second in the median turn."""
        return 1 / statistics.median(self.wall)

    def scores(self, clips: Sequence[Utterance]) -> dict[str, float]:
        """Similarity of each clip."""
        return {clip.clip_id: similarity(clip.reference or "", self.hypotheses[clip.clip_id], LANGUAGE) for clip in clips}


def joined(clips: Sequence[Utterance], folder: Path) -> Iterator[Utterance]:
    """Join consecutive clips to clips of 8 to 15 s. The least length of each is drawn with a fixed seed."""
    rng = random.Random(3)
    part: list[Utterance] = []
    least = rng.uniform(8, 14)
    for clip in clips:
        if sum(one.duration_s + GAP_S for one in part) + clip.duration_s > 15:
            part = []
        part.append(clip)
        seconds = sum(one.duration_s for one in part) + GAP_S * (len(part) - 1)
        if seconds >= least:
            yield _join(part, seconds, folder)
            part, least = [], rng.uniform(8, 14)


def _join(part: Sequence[Utterance], seconds: float, folder: Path) -> Utterance:
    gap = np.zeros(round(GAP_S * RATE), np.int16)
    sounds = [sound for clip in part for sound in (recordings.decode(clip.path, RATE), gap)][:-1]
    name = f"{part[0].clip_id}-and-{len(part) - 1}"
    path = recordings.write_wav(folder / f"{name}.wav", np.concatenate(sounds), RATE)
    return Utterance(name, path, seconds, " ".join(clip.reference or "" for clip in part))


def thinned(clips: Sequence[Utterance], count: int) -> list[Utterance]:
    """About every n-th clip, ``count`` of them at most."""
    return [clips[int(index * len(clips) / count)] for index in range(count)] if len(clips) > count else list(clips)


def our_transcriber(folder: Path) -> Transcriber:
    """Our transcriber, with the weights in ``folder`` and all cores."""
    return Transcriber(WhisperRecogniser(folder, OPTIONS, LANGUAGE, cpu_threads=0))


def all_systems(folder: Path) -> list[System]:
    """Our system, stock one file at a time, and stock batched, in this order."""
    from faster_whisper import BatchedInferencePipeline, WhisperModel

    ours = our_transcriber(folder)
    stock = WhisperModel(str(folder), device="cpu", compute_type="int8")
    batched = BatchedInferencePipeline(stock)

    def by_ours(clips: Sequence[Utterance]) -> dict[str, str]:
        return {one.clip_id: one.hypothesis for one in ours.transcribe(clips, POLICY)}

    def one_by_one(model: WhisperModel | BatchedInferencePipeline) -> Callable[[Sequence[Utterance]], dict[str, str]]:
        def transcribe(clips: Sequence[Utterance]) -> dict[str, str]:
            hypotheses = {}
            for clip in clips:
                segments, _ = model.transcribe(str(clip.path), language=LANGUAGE, beam_size=BEAM)
                hypotheses[clip.clip_id] = " ".join(segment.text.strip() for segment in segments)
            return hypotheses

        return transcribe

    return [
        System("ours", by_ours),
        System("stock, one file at a time, beam 5", one_by_one(stock)),
        System("stock, BatchedInferencePipeline", one_by_one(batched)),
    ]


def compare(name: str, clips: Sequence[Utterance], systems: Sequence[System]) -> dict[str, float | int]:
    """Let every system transcribe ``clips`` in turns, print a table, and return the figures of the last line."""
    ours, stock, batched = systems
    ours.transcribe(clips[:2])
    for turn in range(TURNS):
        ours.turn(clips)
        for system in (stock, batched):
            system.turn(clips[turn::TURNS])
    scores = {system.name: system.scores(clips) for system in systems}
    lows = {system: {clip for clip, one in values.items() if one < LOW} for system, values in scores.items()}
    print(f"\n{name}: {len(clips)} clips, {sum(clip.duration_s for clip in clips):.0f} s", flush=True)
    print(f"  {'':36} {'clips/s':>8} {'CPU s/clip':>11} {'similarity':>11}  low")
    for system in systems:
        mean, cpu = statistics.fmean(scores[system.name].values()), statistics.median(system.cpu)
        low = " ".join(sorted(lows[system.name])) or "-"
        print(f"  {system.name:36} {system.clips_per_s():8.2f} {cpu:11.3f} {mean:11.4f}  {low}")
    delta = statistics.fmean(scores[ours.name].values()) - statistics.fmean(scores[stock.name].values())
    return {
        "ratio": round(ours.clips_per_s() / stock.clips_per_s(), 2),
        "ratio_to_batched": round(ours.clips_per_s() / batched.clips_per_s(), 2),
        "ratio_of_cpu_s": round(statistics.median(stock.cpu) / statistics.median(ours.cpu), 2),
        "clips_per_s": round(ours.clips_per_s(), 2),
        "mean_similarity_delta": round(delta, 4),
        "newly_low": len(lows[ours.name] - lows[stock.name]),
    }


def main() -> None:
    """Read the command line, measure, and print."""
    assert __doc__ is not None
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--clips", type=int, default=96, help="short clips to transcribe; half as many long ones (default: 96)")
    parser.add_argument("--model", default="base", help="weights, as in a voice's YAML (default: base)")
    options = parser.parse_args()
    model = weights.resolve(options.model, project.cache_dir() / "whisper")
    clips = demo_clips()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        short = thinned([clip for clip in clips if 1 <= clip.duration_s < 4], options.clips)
        long = thinned(list(joined(clips, folder)), options.clips // 2)
        result = {name: compare(name, chosen, all_systems(model)) for name, chosen in (("short", short), ("long", long))}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
