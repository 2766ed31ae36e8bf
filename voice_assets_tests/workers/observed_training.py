"""The real training worker, with an observer in every rank: ``python -m voice_assets_tests.workers.observed_training REQUEST``.

The variable ``OBSERVED`` holds a folder. Every rank writes what it saw into ``rank<N>.pt`` there. A file in the folder makes a
rank misbehave: ``raise-<N>`` and ``hang-<N>`` in the
second step, ``memory`` in the first; and ``stuck`` makes the watchdog's time jump, so that no test waits.
"""

import ctypes
import hashlib
import os
import sys
from pathlib import Path
from typing import Any

from voice_assets.piper import optimizing, ranks, watchdog
from voice_assets.workers import train

OUT = Path(os.environ["OBSERVED"])
AGES = 1e9
ONE_PEBIBYTE = 2**50


def name_of(audio: Any, length: int) -> str:
    """A name for the clip in one row of a batch, the same in every batch."""
    return hashlib.sha256(audio.reshape(-1)[:length].contiguous().numpy().tobytes()).hexdigest()[:12]


class Observer:
    """Notes the clips of each batch, the gradients of each step before and after the mean, the losses, and the last weights."""

    def __init__(self) -> None:
        self.seen: dict[str, Any] = {"train": [], "validation": [], "order": [], "steps": [], "losses": [], "weights": ""}

    def on_fit_start(self, trainer: Any, pl_module: Any) -> None:
        average = optimizing.average_over_processes

        def observed(parameters: Any) -> None:
            named = {name: value for name, value in pl_module.named_parameters() if value.grad is not None}
            own = {name: value.grad.clone() for name, value in named.items()}
            average(parameters)
            self.seen["steps"].append({name: (own[name], value.grad.clone()) for name, value in named.items()})

        optimizing.average_over_processes = observed  # type: ignore[assignment]

    def on_train_epoch_start(self, trainer: Any, pl_module: Any) -> None:
        self.seen["order"].append(list(trainer.train_dataloader.sampler))
        self.seen["train"].append([])
        self.seen["validation"].append([])

    def on_train_batch_start(self, trainer: Any, pl_module: Any, batch: Any, batch_idx: int) -> None:
        self.note("train", batch)
        if (OUT / f"raise-{ranks.rank()}").exists() and batch_idx == 1:
            raise ValueError("this rank alone cannot go on")
        if (OUT / "memory").exists():
            pl_module.model_g.dec.conv_pre.weight.new_empty(ONE_PEBIBYTE)
        if (OUT / f"hang-{ranks.rank()}").exists() and batch_idx == 1:
            (OUT / f"hangs-{ranks.rank()}").touch()
            ctypes.CDLL(None).pause()

    def on_validation_batch_start(self, trainer: Any, pl_module: Any, batch: Any, *_: Any) -> None:
        self.note("validation", batch)

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        self.seen["losses"].append({phase: [dict(step) for step in steps] for phase, steps in pl_module.losses.items()})

    def on_fit_end(self, trainer: Any, pl_module: Any) -> None:
        import torch

        weights = hashlib.sha256()
        for value in pl_module.state_dict().values():
            weights.update(value.numpy().tobytes())
        self.seen["weights"] = weights.hexdigest()
        torch.save(self.seen, OUT / f"rank{ranks.rank()}.pt")

    def note(self, phase: str, batch: Any) -> None:
        lengths = batch.audio_lengths.tolist()
        self.seen[phase][-1].append([name_of(*clip) for clip in zip(batch.audios, lengths, strict=True)])


class JumpingTime(watchdog.SignsOfLife):
    """Ages without a sign of life pass when the file ``stuck`` is there, and no time before."""

    def tick(self) -> float:
        return AGES if (OUT / "stuck").exists() else 0.0


def observe() -> None:
    """Put the observer into every trainer of Lightning that is made from now on."""
    import lightning

    class ObservingCallback(Observer, lightning.Callback):
        pass

    class ObservedTrainer(lightning.Trainer):
        def __init__(self, *, callbacks: Any, **arguments: Any) -> None:
            super().__init__(callbacks=[*callbacks, ObservingCallback()], **arguments)

    lightning.Trainer = ObservedTrainer


if __name__ == "__main__":
    observe()
    watchdog.SignsOfLife = JumpingTime  # type: ignore[misc]
    sys.exit(train.main())
