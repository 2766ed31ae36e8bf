"""The loss of every clip of a training set under one checkpoint, as the table CLIP_LOSSES.

Belongs here: reading the clips as training reads them, their order, the texts of other clips to compare with, the progress.
Does not belong here: the terms of one clip (``piper.clip_terms``), and which clips stand out (``quality.training_suspects``).

The figures of a clip depend on the checkpoint and on the training set, and not on the batches: all noise has a seed.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from voice_assets.dataset.config import PiperConfig
from voice_assets.dataset.tables import CLIP_LOSSES, frame
from voice_assets.piper import clip_cache, clip_terms
from voice_assets.piper.clip_dataset import spectrogram
from voice_assets.piper.errors import CheckpointError
from voice_assets.piper.model import load_generator
from voice_assets.piper.prepared_clip import read

Row = dict[str, Any]

OTHER_TEXTS = 8
"""How many other texts each clip is compared with."""

DURATION_DRAWS = 8
"""How many draws of noise the duration loss is averaged over."""

MOST_SECONDS = 60.0
"""Most audio in one batch, padding included; one longer clip is a batch of its own."""

MOST_CLIPS = 16
"""Most clips in one batch."""

SEED = 1
"""The seed of the noise of the duration loss, the same for each clip."""


class ClipLossError(ValueError):
    """A clip whose loss cannot be computed. The message names checkpoint, clip and term."""


Found = Mapping[str, Row]
"""The terms of clips, ``TERMS`` each, by clip id."""

TERMS = (
    "frames", "phoneme_ids", "mel", "kl", "other_kl", "other_kl_spread", "duration", "frames_per_id", "longest_s",
)  # fmt: skip
"""The columns of CLIP_LOSSES that are computed; the others come from the training set."""


class ClipTensors(Protocol):
    """The clips of a training set as tensors, in the order of its rows."""

    def phoneme_ids(self, index: int) -> Any:
        """The phoneme ids of a clip, ``[ids]``."""

    def spectrogram(self, index: int) -> Any:
        """The linear spectrogram of a clip, ``[bins, frames]``."""


class _PreparedClips:
    """The prepared clips of a training."""

    def __init__(self, clips: Sequence[Path]) -> None:
        self._clips = clips

    def phoneme_ids(self, index: int) -> Any:
        import torch

        return torch.from_numpy(read(self._clips[index])[1])

    def spectrogram(self, index: int) -> Any:
        import torch

        return spectrogram(torch.from_numpy(read(self._clips[index])[0]))


def tensors_of(rows: pd.DataFrame, dataset: Path, config: PiperConfig, cache: Path) -> ClipTensors:
    """The clips as training has them: the prepared clips of the voice are used, and missing ones are prepared.

    Args:
        rows: TRAINING_SET.
        dataset: the data set's folder.
        config: the data set's configuration.
        cache: the voice's prepared clips (``piper.clip_cache``).

    Raises:
        As ``piper.clip_cache.fill``.
    """
    clip_cache.fill(rows, dataset, config, cache)
    return _PreparedClips(clip_cache.files_of(rows, config, cache))


def batches(order: Sequence[int], durations_s: Sequence[float]) -> Iterator[Sequence[int]]:
    """``order`` in pieces of at most ``MOST_CLIPS`` clips and ``MOST_SECONDS`` of audio, each padded to its longest clip."""
    start, longest = 0, 0.0
    for end, index in enumerate(order):
        longer = max(longest, durations_s[index])
        if end > start and (end - start == MOST_CLIPS or longer * (end - start + 1) > MOST_SECONDS):
            yield order[start:end]
            start, longer = end, durations_s[index]
        longest = longer
    if start < len(order):
        yield order[start:]


@dataclass(frozen=True)
class _Neighbours:
    """The texts of a training set by length, and for each clip the other texts that are about as long as its own."""

    ids: Sequence[Any]
    order: Sequence[int]

    def of(self, place: int) -> list[int]:
        """The clips of up to ``OTHER_TEXTS`` other texts, the nearest in length first. ``place``: in ``order``."""
        import torch

        own, found, distance = self.ids[self.order[place]], list[int](), 1
        while len(found) < OTHER_TEXTS and distance <= 4 * OTHER_TEXTS:
            for other in (place - distance, place + distance):
                if 0 <= other < len(self.order) and len(found) < OTHER_TEXTS:
                    clip = self.order[other]
                    if not any(torch.equal(self.ids[clip], seen) for seen in (own, *(self.ids[one] for one in found))):
                        found.append(clip)
            distance += 1
        return found


Compared = tuple[int, Sequence[int]]
"""A clip, and the clips whose texts it is compared with."""


class _Scorer:
    """Computes the terms of clips under one generator on one device."""

    def __init__(self, generator: Any, hyper_parameters: dict[str, Any], tensors: ClipTensors, device: str) -> None:
        self.generator, self.hyper_parameters, self.tensors, self.device = generator, hyper_parameters, tensors, device
        self.texts: dict[int, clip_terms.EncodedText] = {}

    def _encode(self, clips: Sequence[int]) -> None:
        """Encode the texts of ``clips``, and forget all others. The next batch has many of the same texts."""
        self.texts = {clip: text for clip, text in self.texts.items() if clip in clips}
        missing = [clip for clip in clips if clip not in self.texts]
        for start in range(0, len(missing), MOST_CLIPS):
            some = missing[start : start + MOST_CLIPS]
            encoded = clip_terms.encode_texts(self.generator, [self.tensors.phoneme_ids(clip) for clip in some], self.device)
            self.texts.update(zip(some, encoded, strict=True))

    def score(self, batch: Sequence[Compared]) -> Iterator[Row]:
        """The ``TERMS`` of each clip of a batch."""
        self._encode(list(dict.fromkeys(one for clip, others in batch for one in (clip, *others))))
        spectrograms = [self.tensors.spectrogram(clip) for clip, _ in batch]
        audio = clip_terms.encode_audio(self.generator, spectrograms, self.device)
        for (clip, others), heard, one in zip(batch, spectrograms, audio, strict=True):
            spoken = clip_terms.speak(self.generator, one.means)
            mel = clip_terms.mel_loss(spoken, heard.to(self.device), self.hyper_parameters)
            frames, ids = heard.shape[1], self.texts[clip].means.shape[1]
            sizes = {"frames": frames, "phoneme_ids": ids, "frames_per_id": frames / ids, "mel": mel}
            yield {**sizes, **self._with_texts(one, self.texts[clip], [self.texts[other] for other in others])}

    def _with_texts(
        self, audio: clip_terms.EncodedAudio, own: clip_terms.EncodedText, others: Sequence[clip_terms.EncodedText]
    ) -> Row:
        paths = clip_terms.align(audio, [own, *others])
        losses = [clip_terms.kl(audio, text, path) for text, path in zip(others, paths[1:], strict=True) if path is not None]
        mean = sum(losses) / len(losses) if losses else math.nan
        spread = pd.Series(losses, dtype="float64").std()
        compared = {"other_kl": mean, "other_kl_spread": spread}
        if paths[0] is None:
            return {**compared, **dict.fromkeys(("kl", "duration", "longest_s"), math.nan)}
        frames = clip_terms.durations(paths[0], own.means.shape[1])
        seconds = self.hyper_parameters["hop_length"] / self.hyper_parameters["sample_rate"]
        return {
            **compared,
            "kl": clip_terms.kl(audio, own, paths[0]),
            "duration": clip_terms.duration_loss(self.generator, own, frames, DURATION_DRAWS, SEED),
            "longest_s": int(frames.max()) * seconds,
        }


@dataclass(frozen=True)
class LoadedModel:
    """The generator of a checkpoint with the facts that the losses need. ``path`` is for messages."""

    path: Path
    generator: Any
    hyper_parameters: dict[str, Any]
    epoch: int
    step: int


def load(checkpoint: Path, config: PiperConfig, *, trusted: bool) -> LoadedModel:
    """The generator of a ``.ckpt`` of Piper's training, for one speaker and the data set of ``config``.

    Raises:
        CheckpointError: the checkpoint cannot be read without trust (``piper.model.load_checkpoint``), or is for other data.
    """
    generator, facts = load_generator(checkpoint, trusted=trusted)
    settings = facts["hyper_parameters"]
    for name, theirs, ours in (
        ("number of speakers", generator.n_speakers, 1),
        ("sample rate in Hz", settings.get("sample_rate"), config.sample_rate),
        ("number of symbols", generator.n_vocab, config.num_symbols),
    ):
        if theirs != ours:
            raise CheckpointError(
                f"{checkpoint}: its {name} is {theirs!r}, of the data set {ours!r}; take a checkpoint of this voice"
            )
    return LoadedModel(checkpoint, generator, settings, facts["epoch"], facts["step"])


def device_name(accelerator: str) -> str:
    """Torch's name of the device of Lightning's ``accelerator``: ``cpu`` or ``cuda``. The GPU path is UNMEASURED.

    Raises:
        ClipLossError: a GPU is asked for and torch has none.
    """
    import torch

    if accelerator == "cpu":
        return "cpu"
    if torch.cuda.is_available():
        return "cuda"
    if accelerator == "gpu":
        raise ClipLossError("accelerator is gpu, and torch finds no CUDA device here; write cpu or auto")
    return "cpu"


def clip_losses(
    model: LoadedModel,
    rows: pd.DataFrame,
    tensors: ClipTensors,
    *,
    device: str,
    done: Found,
    told: Callable[[Found], None],
) -> pd.DataFrame:
    """The losses of every clip of a training set.

    Args:
        model: from :func:`load`.
        rows: TRAINING_SET.
        tensors: the clips of ``rows`` (:func:`tensors_of`).
        device: from :func:`device_name`.
        done: the terms that an earlier process computed for this checkpoint and these rows; these clips are left out.
        told: is told of each finished batch.

    Returns:
        CLIP_LOSSES, in the order of ``rows``.

    Raises:
        ClipLossError: a loss is not a finite number.
    """
    import torch

    scorer = _Scorer(model.generator.to(device), model.hyper_parameters, tensors, device)
    names, found = [str(name) for name in rows["clip_id"]], dict(done)
    with torch.no_grad():  # not inference mode: Piper keeps its windows, and training in this process needs them
        for batch in _batches(names, [float(seconds) for seconds in rows["duration_s"]], tensors, found):
            terms = dict(zip((names[clip] for clip, _ in batch), scorer.score(batch), strict=True))
            for name, row in terms.items():
                _check_finite(model.path, name, row)
            told(terms)
            found.update(terms)
    given = [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]
    return frame([{**row, **found[name]} for name, row in zip(names, given, strict=True)], CLIP_LOSSES)


def _batches(names: Sequence[str], durations_s: Sequence[float], tensors: ClipTensors, done: Found) -> Iterator[list[Compared]]:
    """The clips that are not ``done``, texts of like length together, each with its other texts."""
    ids = [tensors.phoneme_ids(index) for index in range(len(names))]
    order = sorted(range(len(ids)), key=lambda index: (len(ids[index]), ids[index].tolist()))
    neighbours = _Neighbours(ids, order)
    places = {clip: place for place, clip in enumerate(order)}
    for batch in batches([clip for clip in order if names[clip] not in done], durations_s):
        yield [(clip, neighbours.of(places[clip])) for clip in batch]


def _check_finite(checkpoint: Path, clip_id: str, row: Row) -> None:
    aligned = row["frames"] >= row["phoneme_ids"]
    bad = [
        f"{name} = {row[name]}" for name in ("mel", *(("kl", "duration") if aligned else ())) if not math.isfinite(row[name])
    ]
    if bad:
        raise ClipLossError(
            f"{checkpoint}: clip {clip_id}: {', '.join(bad)} is not a finite number; the weights are no use, take an "
            "earlier epoch"
        )
