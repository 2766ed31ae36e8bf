"""What the two learning stages of a warm start share: bfloat16 where the processor has it, the learning rate, and saved states.

A state is the weights that learn, the optimizer and the number of steps, so that a killed stage goes on where it was. Every
random choice of a step depends on the seed and on the number of the step alone. Not here: the losses (``distil``,
``decoder``).
"""

import math
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from voice_assets.piper.model import NotFiniteLossError
from voice_assets.runtime import files

STATE_EVERY = 25
"""Steps between two saved states."""
STEPS_OF_A_SEED = 1_000_003
"""The seed of a step is this times the stage's seed, plus the step."""
WARM_UP = 0.1  # the share of the steps in which the rate rises


class StartEvents(Protocol):
    """Receives what happens while a start is made."""

    def note(self, text: str, **facts: object) -> None:
        """Information for a person."""

    def progress(self, stage: str, done: int, total: int, loss: float | None = None) -> None:
        """``done`` of ``total`` sentences or steps of a stage, with the loss of the last step."""

    def stage(self, name: str, seconds: float, figures: dict[str, Any]) -> None:
        """A stage is complete on disk. ``seconds`` of work, the work of killed processes included."""


def bf16_here() -> bool:
    """Whether this processor computes in bfloat16 by itself; where it only imitates bfloat16, float32 is faster."""
    import torch

    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported()) and _has_bf16_instructions()


def _has_bf16_instructions() -> bool:
    import torch

    return any(getattr(torch.cpu, name, bool)() for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"))


def autocast(bf16: bool) -> AbstractContextManager[None]:
    """Convolutions in bfloat16 inside the block, when ``bf16``."""
    import torch

    block: Any = torch.autocast("cpu", torch.bfloat16, enabled=bf16)
    return block


def rate_at(step: int, steps: int, highest: float) -> float:
    """The learning rate of a step, from 0: rises over a tenth of the steps, then falls as a cosine to nearly nothing."""
    rising = max(1, round(WARM_UP * steps))
    if step < rising:
        return highest * (step + 1) / rising
    return highest * (0.001 + 0.999 * (1 + math.cos(math.pi * (step - rising) / max(1, steps - rising))) / 2)


@dataclass
class Learner:
    """Weights that learn, and their optimizer.

    Attributes:
        weights: the parameters, by name.
        optimizer: over the same parameters.
        file: where the state is saved.
        identity: of everything that decides the result; a saved state of another identity is left alone.
        losses: of every step, those of killed processes included.
    """

    weights: dict[str, Any]
    optimizer: Any
    file: Path
    identity: str
    losses: list[float] = field(default_factory=list)

    def resume(self) -> tuple[int, float]:
        """Take the saved state. Returns the finished steps and the seconds that they took; 0 without a saved state."""
        import torch

        if not self.file.exists():
            return 0, 0.0
        saved = torch.load(self.file, weights_only=True)
        if saved["identity"] != self.identity:
            return 0, 0.0
        with torch.no_grad():
            for name, weight in self.weights.items():
                weight.copy_(saved["weights"][name])
        self.optimizer.load_state_dict(saved["optimizer"])
        self.losses = list(saved["losses"])
        return saved["step"], saved["seconds"]

    def save(self, step: int, seconds: float) -> None:
        """Write the state after ``step`` steps, atomically."""
        import torch

        weights = {name: weight.detach() for name, weight in self.weights.items()}
        content = {"identity": self.identity, "step": step, "seconds": seconds, "losses": self.losses, "weights": weights}
        with files.replacing(self.file) as temporary:
            torch.save({**content, "optimizer": self.optimizer.state_dict()}, temporary)

    def learn(self, loss: Any, rate: float, *, stage: str, step: int, largest_norm: float) -> float:
        """One step of the optimizer. Returns the loss.

        Raises:
            NotFiniteLossError: the loss is not a number; the message names stage and step.
        """
        import torch

        value = float(loss.detach())
        if not math.isfinite(value):
            raise NotFiniteLossError(f"{stage}, step {step}: the loss is {value}; lower the learning rate of this stage")
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(list(self.weights.values()), largest_norm)
        self.optimizer.step()
        self.losses.append(value)
        return value


def optimizer_of(weights: Iterable[Any], betas: tuple[float, float]) -> Any:
    """AdamW, in one pass over the weights. The rate is set at each step."""
    import torch

    return torch.optim.AdamW(list(weights), lr=0.0, betas=betas, eps=1e-9, fused=True)


def freeze(model: Any, learns: Callable[[str], bool]) -> dict[str, Any]:
    """Let only the parameters learn whose name ``learns`` says yes to. Returns these."""
    for name, weight in model.named_parameters():
        weight.requires_grad_(learns(name))
    return {name: weight for name, weight in model.named_parameters() if learns(name)}
