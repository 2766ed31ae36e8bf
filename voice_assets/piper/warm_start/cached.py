"""The distilled start of a published voice: everything that depends on the published voice alone, made once for all voices.

``<cache>/warm_start/<key>/`` holds ``distilled.pt`` (the generator's weights) and ``distilled.json`` (the facts of the stages
rebuild, speak and distil). The key is a hash of the ONNX's bytes, of the settings that matter, and of the version of this
code. While the start is being made, the folder also holds the finished parts of the speech and the state of the distillation.
Not here: what depends on the data set (``warm_start.start``).
"""

import hashlib
import json
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from voice_assets.dataset.config import PiperConfig
from voice_assets.piper import onnx_voice
from voice_assets.piper.errors import CheckpointError
from voice_assets.piper.warm_start.distil import Steps, distil, learns
from voice_assets.piper.warm_start.learning import Learner, StartEvents, bf16_here
from voice_assets.piper.warm_start.own_speech import Spoken, speak_all
from voice_assets.piper.warm_start.published import PublishedVoice, language_of
from voice_assets.piper.warm_start.rebuild import largest_difference, rebuild
from voice_assets.piper.warm_start.sentences import spoken_texts
from voice_assets.runtime import files
from voice_assets.runtime.locks import InheritableLock
from voice_assets.voice_training import Start

VERSION = 1
"""Of the code that decides the content; a change makes every cached start anew."""
SEED = 1  # not the voice's: voices with different seeds share a distilled start
COMPARED = 5  # sentences, each at three speeds
WAIT_S = 1.0
FACTS, WEIGHTS, STATE = "distilled.json", "distilled.pt", "distil.pt"


def key_of(voice: PublishedVoice, arguments: dict[str, Any], start: Start, texts: Sequence[str]) -> str:
    """The name of the distilled start in the cache. ``texts`` are what the voice speaks (`texts_for`)."""
    settings = start.model_dump(include={"distil_steps", "stranger_steps"})
    content = json.dumps([VERSION, SEED, voice.sha256, settings, arguments, list(texts)], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def texts_for(voice: PublishedVoice, start: Start, config: PiperConfig, own_texts: Sequence[str]) -> list[str]:
    """What the voice speaks. ``config`` and ``own_texts`` are the data set's, which only rare languages need.

    Raises:
        TrainingError: there are no sentences of the voice's language.
    """
    same = language_of(config) == voice.language
    return spoken_texts(voice.language, start.sentences, SEED, sorted(own_texts) if same else ())


def distilled(
    voice: PublishedVoice, arguments: dict[str, Any], start: Start, texts: list[str], cache: Path, events: StartEvents
) -> tuple[Any, dict[str, Any]]:
    """Piper's model with the generator of ``voice`` and a distilled posterior encoder, and the facts of the three stages.

    Taken from ``cache``, or made and put there. Another process that makes the same start is waited for. What a killed process
    finished is used.

    Raises:
        CheckpointError: the voice cannot be rebuilt. LockError, OSError.
    """
    folder = cache / "warm_start" / key_of(voice, arguments, start, texts)
    model, fresh = rebuild(voice, arguments, SEED)
    with _alone(folder, events):
        if not _whole(folder):
            _make(model, fresh, voice, start, texts, folder, events)
        else:
            events.note(f"the distilled start of {voice.path.name} is in the cache: {folder}", folder=str(folder))
        facts: dict[str, Any] = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        _load(model.model_g, folder / WEIGHTS)
    for name, figures in facts["stages"].items():
        events.stage(name, figures["seconds"], {key: value for key, value in figures.items() if key != "seconds"})
    return model, facts


@contextmanager
def _alone(folder: Path, events: StartEvents) -> Iterator[None]:
    """Hold the lock of a cached start, and wait for a process that holds it."""
    file = folder.with_name(f".{folder.name}.lock")
    lock = InheritableLock.take(file)
    if lock is None:
        events.note(f"another process makes the same start; waiting for the lock {file}", lock=str(file))
    while lock is None:
        time.sleep(WAIT_S)
        lock = InheritableLock.take(file)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    finally:
        lock.release()


def _make(
    model: Any,
    fresh: list[str],
    voice: PublishedVoice,
    start: Start,
    texts: list[str],
    folder: Path,
    events: StartEvents,
) -> None:
    generator, stages = model.model_g, {}
    began = time.monotonic()
    spoken_by = onnx_voice.load(voice.path, voice.path.with_name(f"{voice.path.name}.json"))
    difference = largest_difference(generator, spoken_by, texts[:COMPARED])
    stages["rebuild"] = {"largest_difference": difference, "seconds": time.monotonic() - began}
    began = time.monotonic()
    speech = _speak(spoken_by, texts, voice, folder, events)
    minutes = sum(one.frames for one in speech) * 256 / voice.config.sample_rate / 60
    stages["speak"] = {"sentences": len(speech), "minutes": minutes, "seconds": time.monotonic() - began}
    steps = Steps(start.distil_steps, start.stranger_steps)
    bf16 = bf16_here()

    def learner_of(weights: dict[str, Any], optimizer: Any) -> Learner:
        return Learner(weights, optimizer, folder / STATE, folder.name)

    stages["distil"] = distil(generator, speech, steps, voice.config.sample_rate, SEED, learner_of, events, bf16)
    _save(generator, folder / WEIGHTS)
    counts = {"distilled": sum(map(learns, fresh)), "rebuilt": len(generator.state_dict()) - len(fresh)}
    facts = {"stages": stages, "tensors": counts, "bf16": bf16, "sha256": files.sha256(folder / WEIGHTS)}
    files.write_text(folder / FACTS, json.dumps(facts, indent=1))
    _clear(folder)


def _speak(
    spoken_by: onnx_voice.OnnxVoice, texts: list[str], voice: PublishedVoice, folder: Path, events: StartEvents
) -> list[Spoken]:
    sentences = [ids for text in texts for ids in spoken_by.phoneme_ids(text)]
    ready = 0

    def on_done(count: int) -> None:
        nonlocal ready
        ready += count
        events.progress("speak", ready, len(sentences))

    speech = speak_all(voice.path, sentences, folder, SEED, on_done)
    if len(speech) < len(sentences) // 2:
        raise CheckpointError(
            f"{voice.path}: {len(speech)} of {len(sentences)} sentences that it spoke can be used, the others are too short or "
            "not finite; take another published voice"
        )
    return speech


def _save(generator: Any, file: Path) -> None:
    import torch

    with files.replacing(file) as temporary:
        torch.save(dict(generator.state_dict()), temporary)


def _whole(folder: Path) -> bool:
    """Whether the start is complete, and its weights are those that were written."""
    try:
        known: dict[str, Any] = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        return files.sha256(folder / WEIGHTS) == known["sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _load(generator: Any, file: Path) -> None:
    import torch

    generator.load_state_dict(torch.load(file, weights_only=True))


def _clear(folder: Path) -> None:
    """Remove what only the making needed."""
    for path in folder.iterdir():
        if path.name not in (FACTS, WEIGHTS):
            path.unlink() if path.is_file() else shutil.rmtree(path)
