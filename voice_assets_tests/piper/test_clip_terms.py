"""The loss terms of whole clips: the same as Piper's own losses, and the same in every batch."""

import math
from typing import Any

import pytest

from voice_assets.piper import clip_terms
from voice_assets.piper import model as vits

pytestmark = pytest.mark.slow  # torch
NARROW = {"hidden_channels": 32, "inter_channels": 32, "filter_channels": 64, "n_layers": 1, "num_symbols": 60}
SIZES = [(24, 90), (9, 41), (24, 230), (17, 64)]


def generator(quality: str = "medium", **changes: Any) -> tuple[Any, dict[str, Any]]:
    """A generator with random weights and its hyper-parameters. The layers that start at zero get random weights too."""
    import torch

    torch.manual_seed(0)
    rate = 16000 if quality == "x_low" else 22050
    model = vits.guarded_model(discriminators=1, **{**vits.quality_arguments(quality, rate), **NARROW, **changes})
    with torch.no_grad():
        for weight in model.model_g.parameters():
            weight.add_(0.02 * torch.randn_like(weight))
    model.eval()
    return model.model_g, dict(model.hparams)


def clips(sizes: list[tuple[int, int]] = SIZES) -> tuple[list[Any], list[Any]]:
    """Random phoneme ids and spectrograms of (ids, frames)."""
    import torch

    torch.manual_seed(1)
    return [torch.randint(1, 60, (ids,)) for ids, _ in sizes], [torch.rand(513, frames) for _, frames in sizes]


def terms(made: Any, ids: list[Any], spectrograms: list[Any]) -> list[tuple[float, float, float]]:
    """Mel, KL and duration term of each clip, all in one batch."""
    import torch

    model, settings = made
    found = []
    with torch.no_grad():
        texts = clip_terms.encode_texts(model, ids, "cpu")
        audio = clip_terms.encode_audio(model, spectrograms, "cpu")
        for text, one, spectrogram in zip(texts, audio, spectrograms, strict=True):
            (path,) = clip_terms.align(one, [text])
            frames = clip_terms.durations(path, text.means.shape[1])
            assert (int(frames.min()) >= 1, int(frames.sum())) == (True, spectrogram.shape[1])
            mel = clip_terms.mel_loss(clip_terms.speak(model, one.means), spectrogram, settings)
            loss = clip_terms.duration_loss(model, text, frames, draws=3, seed=5)
            found.append((mel, clip_terms.kl(one, text, path), loss))
    return found


def test_the_terms_of_a_clip_do_not_depend_on_its_batch() -> None:
    made = generator()
    ids, spectrograms = clips()
    together = terms(made, ids, spectrograms)
    alone = [terms(made, [one], [spectrogram])[0] for one, spectrogram in zip(ids, spectrograms, strict=True)]
    backwards = terms(made, ids[::-1], spectrograms[::-1])[::-1]
    for one, other, third in zip(together, alone, backwards, strict=True):
        assert one == pytest.approx(other, rel=1e-4)
        assert one == pytest.approx(third, rel=1e-4)
    assert len({round(mel, 3) for mel, _, _ in together}) == len(SIZES)  # the clips do differ


@pytest.mark.parametrize("sdp", [True, False])
def test_the_terms_are_those_of_pipers_own_losses(monkeypatch: pytest.MonkeyPatch, sdp: bool) -> None:
    """Piper's forward pass on one clip with the posterior mean as its draw, and a segment that is the whole clip."""
    import torch
    from piper.train.vits.losses import kl_loss
    from piper.train.vits.mel_processing import mel_spectrogram_torch, spec_to_mel_torch

    model, settings = generator(use_sdp=sdp)
    (ids, *_), (spectrogram, *_) = clips()
    frames = spectrogram.shape[1]
    model.segment_size = frames
    ((mel, kl, duration),) = terms((model, settings), [ids], [spectrogram])
    monkeypatch.setattr(torch, "randn_like", torch.zeros_like)
    sizes = torch.tensor([len(ids)]), torch.tensor([frames])
    torch.manual_seed(5)
    with torch.no_grad():
        given = (ids[None].expand(3, -1), sizes[0].expand(3), spectrogram[None].expand(3, -1, -1), sizes[1].expand(3))
        audio, lengths, _, _, _, mask, (_, z_p, m_p, logs_p, _, logs_q) = model(*given)
    spread = float((0.5 * (2 * (logs_q - logs_p)[0]).exp()).sum() / frames)  # what the draws add on average
    assert kl == pytest.approx(float(kl_loss(z_p, logs_q, m_p, logs_p, mask)) + spread, rel=1e-4)
    assert duration == pytest.approx(float(lengths.sum()), rel=1e-4)
    arguments = (1024, 80, 22050)
    wanted = spec_to_mel_torch(spectrogram[None], *arguments, 0.0, None)
    spoken = mel_spectrogram_torch(audio[:1, 0], *arguments, 256, 1024, 0.0, None)
    assert mel == pytest.approx(float((wanted - spoken).abs().mean()), rel=1e-4)


@pytest.mark.parametrize("quality", ["x_low", "medium", "high"])
@pytest.mark.parametrize("frames", [clip_terms.WINDOW + 1, 2 * clip_terms.WINDOW - 2 * clip_terms.CONTEXT, 700])
def test_a_long_clip_is_spoken_in_windows_as_if_it_were_whole(quality: str, frames: int) -> None:
    import torch

    model, _ = generator(quality, upsample_initial_channel=32)
    latent = torch.randn(32, frames)
    with torch.no_grad():
        windows, whole = clip_terms.speak(model, latent), model.dec(latent[None])[0, 0]
    assert windows.shape == whole.shape
    assert float(whole.abs().max()) > 1e-3
    assert float((windows - whole).abs().max()) < 1e-5 * float(whole.abs().max())


def test_the_best_text_has_the_lowest_kl() -> None:
    """A latent that is a text's own prior, stretched: this text wins over others, and the alignment is the stretching."""
    import torch

    ids, _ = clips([(12, 60)] * 5)
    model, _ = generator()
    with torch.no_grad():
        texts = clip_terms.encode_texts(model, ids, "cpu")
        latent = texts[2].means.repeat_interleave(5, dim=1)
        audio = clip_terms.EncodedAudio(latent, torch.zeros_like(latent), latent)
        paths = clip_terms.align(audio, texts)
        losses = [clip_terms.kl(audio, text, path) for text, path in zip(texts, paths, strict=True)]
    assert min(range(5), key=lambda index: losses[index]) == 2
    assert clip_terms.durations(paths[2], 12).tolist() == [5] * 12


def test_the_kl_loss_is_the_mean_over_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a flow, where the mean is exact: Piper's loss of 400 draws of one clip, for one alignment."""
    import torch
    from piper.train.vits.losses import kl_loss

    model, _ = generator()
    monkeypatch.setattr(type(model.flow), "forward", lambda _, latent, mask: latent * mask)
    (ids, *_), (spectrogram, *_) = clips()
    with torch.no_grad():
        (text,) = clip_terms.encode_texts(model, [ids], "cpu")
        (audio,) = clip_terms.encode_audio(model, [spectrogram], "cpu")
        (path,) = clip_terms.align(audio, [text])
        draws = audio.means + torch.randn(400, *audio.means.shape) * audio.logs.exp()
        given = (audio.logs, text.means[:, path], text.logs[:, path])
        drawn = kl_loss(draws, *(one.expand_as(draws) for one in given), torch.ones(400, 1, draws.shape[2]))
    assert clip_terms.kl(audio, text, path) == pytest.approx(float(drawn), rel=0.01)


def test_a_text_with_more_phonemes_than_frames_has_no_alignment() -> None:
    import torch

    ids, spectrograms = clips([(50, 40), (40, 40)])
    model, _ = generator()
    with torch.no_grad():
        texts = clip_terms.encode_texts(model, ids, "cpu")
        (audio, _) = clip_terms.encode_audio(model, spectrograms, "cpu")
        long, exact = clip_terms.align(audio, texts)
        assert clip_terms.align(audio, texts[:1]) == [None]
    assert long is None
    assert exact.tolist() == list(range(40))


def test_the_noise_of_the_duration_loss_has_a_seed_and_leaves_others_alone() -> None:
    import torch

    model, _ = generator()
    ids, _ = clips()
    with torch.no_grad():
        (text, *_) = clip_terms.encode_texts(model, ids, "cpu")
        frames = torch.full((len(ids[0]),), 3)
        before = torch.random.get_rng_state()
        first, second, other = (clip_terms.duration_loss(model, text, frames, 2, seed) for seed in (1, 1, 2))
    assert torch.equal(before, torch.random.get_rng_state())
    assert first == second != other
    assert math.isfinite(first)
