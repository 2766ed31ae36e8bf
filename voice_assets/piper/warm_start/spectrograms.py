"""Piper's spectrograms, with the numbers that all of Piper's voices share. Not here: the losses on them."""

from typing import Any

from voice_assets.piper.warm_start.own_speech import HOP

WINDOW, BINS, MELS = 1024, 513, 80
ALIGNED = 32  # lengths in frames are padded to a multiple: PyTorch compiles its CPU code anew for each length


def spectrogram(sound: Any, rate: int) -> Any:
    """The linear spectrogram of ``sound``, float32 [256 frames], full scale 1: [513, frames]. ``rate`` in Hz."""
    return _piper().spectrogram_torch(sound[None], WINDOW, rate, HOP, WINDOW)[0]


def mel(sounds: Any, rate: int) -> Any:
    """The logarithmic mel spectrogram of ``sounds``, float32 [sounds, 256 frames]: [sounds, 80, frames]. ``rate`` in Hz."""
    return _piper().mel_spectrogram_torch(sounds, WINDOW, MELS, rate, HOP, WINDOW, 0.0, None)


def _piper() -> Any:
    from piper.train.vits import mel_processing

    return mel_processing
