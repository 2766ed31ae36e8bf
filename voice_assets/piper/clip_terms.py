"""The loss terms of one whole clip under a trained generator: mel, KL of a text, duration.

Training draws a random segment, random noise and dropout for each step, so its losses say little about one clip. Here the
decoder speaks the whole clip from the posterior mean, the alignment is the best one for the whole clip, and the noise of the
duration term has a seed. Texts and spectrograms are encoded in padded batches with masks; everything else is one clip at a
time. So the terms of a clip do not depend on the other clips of its batch.

Not here: which clips, in which order, and the table (``piper.clip_losses``). Every function takes Piper's generator in
``eval`` mode (``piper.model.load_generator``) and must run in ``torch.no_grad``.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

# Lengths are padded to a multiple of these: on the CPU each new length costs the compilation of its kernels.
TEXT_STEP, FRAME_STEP = 16, 32

# The decoder speaks long clips in windows of WINDOW frames. CONTEXT frames at an inner edge are dropped: more than the reach
# of the decoder (10 frames in `medium`, 12 in `high`), so that the audio is that of the whole clip.
WINDOW, CONTEXT, WINDOWS_AT_ONCE = 192, 16, 8


@dataclass(frozen=True)
class EncodedText:
    """The text side of a clip: ``hidden`` ``[hidden, ids]`` for the duration term; ``means``, ``logs`` ``[channels, ids]``."""

    hidden: Any
    means: Any
    logs: Any


@dataclass(frozen=True)
class EncodedAudio:
    """The audio side: the posterior ``means``, its log deviations ``logs`` and the means after the flow, ``latent``.

    Shape of each: ``[channels, frames]``.
    """

    means: Any
    logs: Any
    latent: Any


def padded(tensors: Sequence[Any], step: int) -> tuple[Any, Any]:
    """Tensors ``[..., length]`` as one batch of zeros and their content, and the lengths. A multiple of ``step`` is long."""
    import torch

    lengths = torch.tensor([one.shape[-1] for one in tensors])
    longest = math.ceil(int(lengths.max()) / step) * step
    batch = torch.zeros(len(tensors), *tensors[0].shape[:-1], longest, dtype=tensors[0].dtype)
    for row, one in zip(batch, tensors, strict=True):
        row[..., : one.shape[-1]] = one
    return batch, lengths


def encode_texts(generator: Any, texts: Sequence[Any], device: Any) -> list[EncodedText]:
    """The encoded texts of phoneme ids ``[ids]``."""
    batch, lengths = padded(texts, TEXT_STEP)
    hidden, means, logs, _ = generator.enc_p(batch.to(device), lengths.to(device))
    sizes = lengths.tolist()
    return [EncodedText(hidden[row, :, :size], means[row, :, :size], logs[row, :, :size]) for row, size in enumerate(sizes)]


def encode_audio(generator: Any, spectrograms: Sequence[Any], device: Any) -> list[EncodedAudio]:
    """The encoded audio of linear spectrograms ``[bins, frames]``."""
    batch, lengths = padded(spectrograms, FRAME_STEP)
    _, means, logs, mask = generator.enc_q(batch.to(device), lengths.to(device))
    latent = generator.flow(means, mask)
    sizes = lengths.tolist()
    return [EncodedAudio(means[row, :, :size], logs[row, :, :size], latent[row, :, :size]) for row, size in enumerate(sizes)]


def align(audio: EncodedAudio, texts: Sequence[EncodedText]) -> list[Any]:
    """The best monotonic alignment of a clip with each text: the phoneme of each frame, ``[frames]``.

    None for a text with more phonemes than the clip has frames: each phoneme needs a frame.
    """
    import torch

    from voice_assets.piper.model import maximum_path

    frames = audio.latent.shape[1]
    fitting = [text for text in texts if text.means.shape[1] <= frames]
    if not fitting:
        return [None] * len(texts)
    scores, lengths = padded([_scores(audio, text).cpu() for text in fitting], TEXT_STEP)
    mask = (torch.arange(scores.shape[2]) < lengths[:, None])[:, None].expand_as(scores).to(scores.dtype)
    paths = iter(maximum_path(scores, mask).argmax(dim=2).to(audio.latent.device))
    return [next(paths) if text.means.shape[1] <= frames else None for text in texts]


def _scores(audio: EncodedAudio, text: EncodedText) -> Any:
    """Log-likelihood of each frame under each phoneme's prior, without the constant, ``[frames, ids]``. As in Piper."""
    precision = (-2 * text.logs).exp()
    constant = -text.logs.sum(0) - 0.5 * (text.means**2 * precision).sum(0)
    latent = audio.latent.transpose(0, 1)
    return constant - 0.5 * (latent**2) @ precision + latent @ (text.means * precision)


def kl(audio: EncodedAudio, text: EncodedText, alignment: Any) -> float:
    """Piper's KL loss of a clip with a text: the sum over channels, the mean over frames.

    Piper draws the latent; this is the mean over all draws, with the deviations of the posterior taken as those after the flow.
    So no draw is needed, and the value is about the loss of training.
    """
    means, logs = text.means[:, alignment], text.logs[:, alignment]
    square = (audio.latent - means) ** 2 + (2 * audio.logs).exp()
    each = logs - audio.logs - 0.5 + 0.5 * square * (-2 * logs).exp()
    return float(each.double().sum() / audio.latent.shape[1])


def durations(alignment: Any, ids: int) -> Any:
    """Frames of each phoneme id, ``[ids]``."""
    import torch

    return torch.bincount(alignment, minlength=ids)


def duration_loss(generator: Any, text: EncodedText, frames: Any, draws: int, seed: int) -> float:
    """Piper's duration loss per phoneme id, for the frames of each phoneme id.

    The stochastic duration predictor draws noise: the value is the mean over ``draws`` draws of the generator ``seed``.
    """
    import torch

    hidden = text.hidden[None].expand(draws, -1, -1)
    mask = hidden.new_ones(draws, 1, hidden.shape[2])
    wanted = frames.to(hidden.dtype)[None, None].expand_as(mask)
    with torch.random.fork_rng(devices=[]):  # the predictor draws on the CPU
        torch.manual_seed(seed)
        if generator.use_sdp:
            losses = generator.dp(hidden, mask, wanted)
        else:
            losses = ((generator.dp(hidden, mask) - (wanted + 1e-6).log()) ** 2).sum((1, 2))
    return float(losses.double().mean() / hidden.shape[2])


def speak(generator: Any, latent: Any) -> Any:
    """The audio of a latent ``[channels, frames]``, ``[samples]``, in windows (see ``WINDOW``)."""
    import torch

    frames = latent.shape[1]
    if frames <= WINDOW:
        return generator.dec(latent[None])[0, 0]
    starts = [*range(0, frames - WINDOW, WINDOW - 2 * CONTEXT), frames - WINDOW]
    windows = torch.stack([latent[:, start : start + WINDOW] for start in starts])
    spoken = torch.cat([generator.dec(some)[:, 0] for some in windows.split(WINDOWS_AT_ONCE)])
    hop = spoken.shape[1] // WINDOW
    audio = spoken.new_empty(frames * hop)
    for start, window in zip(starts, spoken, strict=True):
        left = CONTEXT if start else 0
        audio[(start + left) * hop : (start + WINDOW) * hop] = window[left * hop :]
    return audio


def mel_loss(audio: Any, spectrogram: Any, hyper_parameters: dict[str, Any]) -> float:
    """Mean L1 of log mel spectrograms, of the audio ``[samples]`` against the spectrogram ``[bins, frames]`` of a clip.

    Unweighted, and computed as in Piper's training, but over the whole clip.
    """
    from piper.train.vits import mel_processing

    library: Any = mel_processing
    names = ("filter_length", "mel_channels", "sample_rate", "hop_length", "win_length", "mel_fmin", "mel_fmax")
    size, channels, rate, hop, width, low, high = (hyper_parameters[name] for name in names)
    wanted = library.spec_to_mel_torch(spectrogram[None], size, channels, rate, low, high)
    found = library.mel_spectrogram_torch(audio[None], size, channels, rate, hop, width, low, high)
    return float((wanted - found).abs().double().mean())
