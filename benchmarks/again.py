"""The time to validate an untouched data set again: `make bench-again`. Last line: one JSON object.

A worker process transcribes all clips of the demo: once with an empty cache, then three times with the cache of that run. This
is done in turns; the figures are medians. The start of Python is included. The model is ``base``, int8, on the CPU.
``voice-assets run`` starts no worker for a shard that is current; this benchmark measures a run that a person starts anyway.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

from benchmarks.clips import demo_clips
from voice_assets.asr.requests import TranscribeRequest
from voice_assets.runtime import files, project
from voice_assets.voices import Whisper

TURNS = 2


def write_clips_table(dataset: Path, out: Path) -> int:
    """Write the demo's clips as the table for the worker. Returns the number of clips."""
    clips = [
        {
            "clip_id": clip.clip_id,
            "path": str(clip.path.relative_to(dataset)),
            "text": clip.reference,
            "audio_sha256": files.sha256(clip.path),
            "duration_s": clip.duration_s,
        }
        for clip in demo_clips()
    ]
    pd.DataFrame(clips).to_parquet(out)
    return len(clips)


def timed_run(dataset: Path, clips: Path, cache: Path) -> tuple[float, int]:
    """Seconds of one run of the worker, and the number of decoded clips."""
    request = TranscribeRequest(
        dataset=dataset,
        clips=clips,
        out=cache.with_suffix(".parquet"),
        cache=str(cache),
        log=cache.with_suffix(".log"),
        language="ru",
        whisper=Whisper(model="base", device="cpu", compute_type="int8", batch_size=16),
        weights_cache=project.cache_dir() / "whisper",
        cpu_threads=0,
    )
    file = request.write(cache.parent, cache.stem)
    command = [sys.executable, "-m", "voice_assets.workers.transcribe", str(file)]
    started = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True)
    return time.perf_counter() - started, json.loads(done.stdout.splitlines()[-1])["decoded"]


def main() -> None:
    """Measure first and repeated runs in turns, and print the figures."""
    dataset = project.cache_dir() / "tests" / "ivrvoice_ru"
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        number = write_clips_table(dataset, folder / "clips.parquet")
        first, again = [], []
        for turn in range(TURNS):
            seconds, decoded = timed_run(dataset, folder / "clips.parquet", folder / f"cache-{turn}.sqlite")
            if decoded != number:
                raise SystemExit(f"{decoded} clips decoded, not {number}")
            first.append(seconds)
            for _ in range(3):
                seconds, decoded = timed_run(dataset, folder / "clips.parquet", folder / f"cache-{turn}.sqlite")
                if decoded:
                    raise SystemExit(f"{decoded} clips of an untouched data set were decoded again")
                again.append(seconds)
            print(f"turn {turn + 1}: first {first[-1]:.1f} s, again {statistics.median(again):.2f} s", flush=True)
    result = {"clips": number, "first_s": round(statistics.median(first), 2), "again_s": round(statistics.median(again), 2)}
    print(json.dumps({**result, "share": round(statistics.median(again) / statistics.median(first), 4)}))


if __name__ == "__main__":
    main()
