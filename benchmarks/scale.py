"""The cost of a large voice: `make bench-scale`. Last line: one JSON object.

A data set of 18,377 clips (``--clips``) in 64 shards (``--shards``) is made from the demo's clips and walks the road to
``whisper_validation``. The transcript cache says that every clip was heard right, so nothing is decoded. Every command is a new
process. CPU seconds are those of the command and of every process that it started.

``clips_cpu_s``: the shards of ``clips``, with the observation of the data set. ``listing_s``: one listing of the data set.
``quality_cpu_s``: from there to ``quality_report``. ``idle_cpu_s``: the same command when everything is current.
``side_by_side_cpu_s``: one run of ``whisper_shard``, several at once. ``ui_run_cpu_s``: one that a backfill of the UI starts,
with its share of the servers. ``voices_cpu_s``: loading 100 voices, as the UI and the daemon do, with the start of Python and
Dagster. ``one_voice_cpu_s``: a command for one of 100 voices. ``page_kb``, ``table_kb``: the largest page and the largest TSV
file of a report. ``columns``: of the widest of these tables.
``cache_clips_per_s``, ``stock_cache_clips_per_s``: clips prepared for a training, ours on all cores and Piper's loop.
``cache_bytes_ratio``: the disk that ours takes, to Piper's. ``edited_clips``: prepared again after one text was edited. The
figures of ``make bench-gates`` stand beside them.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import dagster as dg

from benchmarks.clips import demo_clips
from benchmarks.processor_time import adopt_orphans, spent
from benchmarks.scale_set import fill_transcripts, write_set
from benchmarks.ui_runs import cpu_seconds_per_run
from voice_assets.asr.recogniser import Utterance
from voice_assets.dataset.shards import shard_keys
from voice_assets.runtime import project
from voice_assets_tests.datasets import write_voice

CLIPS, SHARDS, VOICES, WIDTH = 18_377, 64, 100, 2
VOICE = "bench"
UI_RUNS = 9
CLI = [sys.executable, "-m", "voice_assets.cli"]


def cpu_seconds(*command: str) -> float:
    """CPU seconds of a command and of every process that it started.

    Raises:
        SystemExit: the command failed. The message is its output.
    """
    before = spent()
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return spent() - before


def run_to(asset: str) -> float:
    """CPU seconds of ``voice-assets run`` up to an asset."""
    started = time.perf_counter()
    cost = cpu_seconds(*CLI, "run", VOICE, "--to", asset)
    print(f"run --to {asset}: {cost:.1f} CPU s, {time.perf_counter() - started:.1f} s", flush=True)
    return cost


def write_project(root: Path, spoken: list[Utterance], clips: int, shards: int) -> None:
    """Write a project with the large data set and one voice."""
    here = Path(__file__).resolve().parent.parent
    for name in ("dagster.yaml", "workspace.yaml"):
        shutil.copy(here / name, root / name)
    hours = write_set(root / "dataset", spoken, clips)
    _voice(root / "voices" / f"{VOICE}.yaml", shards)
    print(f"{clips} clips, {hours:.1f} h, {shards} shards", flush=True)


def _voice(file: Path, shards: int) -> None:
    whisper = {"model": "base", "device": "cpu", "compute_type": "int8", "workers_per_device": WIDTH}
    write_voice(file, Path("../dataset"), shards=shards, whisper=whisper, asr_sample={"clips": 0})


def walk(root: Path, shards: int) -> dict[str, float]:
    """The road to ``whisper_validation``."""
    figures = {"clips_cpu_s": run_to("clips"), "listing_s": listing_seconds(root / "dataset")}
    figures["quality_cpu_s"] = run_to("quality_report")
    figures["idle_cpu_s"] = run_to("quality_report")
    print(f"{_fill(root):.0f} transcripts a second stored", flush=True)
    figures["side_by_side_cpu_s"] = run_to("whisper_validation") / shards
    figures["ui_run_cpu_s"] = cpu_seconds_per_run(root, dg.AssetKey([VOICE, "whisper_shard"]), shard_keys(shards)[:UI_RUNS])
    return figures


def listing_seconds(dataset: Path) -> float:
    """Seconds of one listing of the data set, in this process."""
    from voice_assets.dataset.clips import read_clips

    started = time.perf_counter()
    read_clips(dataset)
    return time.perf_counter() - started


def _fill(root: Path) -> float:
    import pandas as pd

    from voice_assets.defs.transcription import transcript_cache
    from voice_assets.voices import load_voice

    tables = (project.artifacts_dir(VOICE) / "tables" / "clips").rglob("*.parquet")
    clips = pd.concat([pd.read_parquet(file, columns=["text", "audio_sha256", "duration_s"]) for file in tables])
    voice = load_voice(root / "voices" / f"{VOICE}.yaml")
    return fill_transcripts(voice, transcript_cache(VOICE), project.cache_dir() / "whisper", clips.to_dict("records"))


def reports(root: Path) -> dict[str, float]:
    """The sizes of the largest page and of the largest table that people read."""
    found = [file for file in (root / "dataset" / "reports").rglob("*") if file.suffix in (".tsv", ".md", ".html", ".txt")]
    sizes = sorted(((file.stat().st_size / 1000, file) for file in found), reverse=True)
    for kilobytes, file in sizes[:5]:
        print(f"{kilobytes:8.0f} kB  {file.name}", flush=True)
    tables = [one for one in sizes if one[1].suffix == ".tsv"]
    page_kb = next(kilobytes for kilobytes, file in sizes if file.suffix != ".tsv")
    return {"page_kb": page_kb, "table_kb": tables[0][0], "columns": max(_columns(file) for _, file in tables)}


def _columns(file: Path) -> int:
    with file.open(encoding="utf-8") as lines:
        return next((line.count("\t") + 1 for line in lines if line.strip() and not line.startswith("#")), 0)


def many_voices(root: Path, shards: int) -> dict[str, float]:
    """The cost of a project with many voices."""
    for number in range(VOICES - 1):
        _voice(root / "voices" / f"voice_{number:02d}.yaml", shards)
    load = "from voice_assets.definitions import defs; defs().resolve_asset_graph()"
    return {
        "voices_cpu_s": cpu_seconds(sys.executable, "-c", load),
        "one_voice_cpu_s": cpu_seconds(*CLI, "run", VOICE, "--to", "base_validation"),
    }


def training_cache(folder: Path) -> dict[str, float]:
    """Preparing the demo's clips for a training, with ours and with Piper's loop; then one text is edited."""
    from benchmarks.train import preparation, training_rows
    from voice_assets.dataset.config import load_config
    from voice_assets.piper import clip_cache

    folder.mkdir()
    dataset, (ours, stock) = demo_clips()[0].path.parents[1], (folder / "our_cache", folder / "stock_cache")
    rows = training_rows(dataset)
    clips_per_s, stock_clips_per_s = preparation(rows, dataset, folder)
    before, share = _bytes_of(ours), len(rows) / int((rows["split"] == "train").sum())  # Piper's loop got the clips to train on
    rows.loc[rows.index[0], "text"] += "!"
    clip_cache.fill(rows, dataset, load_config(dataset / "config.json"), ours)
    return {
        "cache_clips_per_s": clips_per_s,
        "stock_cache_clips_per_s": stock_clips_per_s,
        "cache_bytes_ratio": sum(before.values()) / (sum(_bytes_of(stock).values()) * share),
        "edited_clips": len(_bytes_of(ours).keys() - before.keys()),
    }


def _bytes_of(folder: Path) -> dict[Path, int]:
    return {file: file.stat().st_size for file in folder.rglob("*") if file.is_file()}


def gates() -> dict[str, float]:
    """The figures of ``make bench-gates``."""
    done = subprocess.run([sys.executable, "-m", "benchmarks.gates"], stdout=subprocess.PIPE, text=True, check=True)
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def main() -> None:
    """Make the project in a temporary folder, measure, and print."""
    parser = argparse.ArgumentParser(description="The cost of a large voice; last line one JSON object.")
    parser.add_argument("--clips", type=int, default=CLIPS)
    parser.add_argument("--shards", type=int, default=SHARDS)
    options = parser.parse_args()
    adopt_orphans()
    figures, spoken = gates(), demo_clips()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        os.environ.update(VOICE_ASSETS_ROOT=str(root), DAGSTER_HOME=str(root / ".dagster"))
        parts: list[Callable[[], dict[str, float]]] = [
            lambda: walk(root, options.shards),
            lambda: reports(root),
            lambda: many_voices(root, options.shards),
            lambda: training_cache(root / "training"),
        ]
        write_project(root, spoken, options.clips, options.shards)
        for part in parts:
            figures |= part()
    print(json.dumps({name: round(value, 3) for name, value in figures.items()}))


if __name__ == "__main__":
    main()
