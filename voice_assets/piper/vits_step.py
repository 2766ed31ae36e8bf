"""One training step of VITS: Piper's losses and gradients with less work.

Piper asks the discriminators twice per step, once for the generator's losses and once for their own, with the same weights and
the same audio. Here they are asked once. The gradients of the generator's losses go through the generated audio only, not into
the discriminators' weights, whose gradients Piper computes and throws away: 7 units of work instead of 10. The normalised
weights of the discriminators are computed once for real and generated audio. A test compares losses and gradients with Piper's.

With a mixed precision, Piper computes everything in 16 bits but the losses. Here only the wide convolutions are in 16 bits
(:func:`reducible`, and the discriminators); the alignment, the text encoder, the durations, the latent variables, the KL and
the mel loss are in 32 bits.

Not here: the model and its optimizers (``piper.model``), gradients over several processes and the optimizers' steps
(``piper.optimizing``).
"""

import importlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Spoken:
    """What the generator made of a batch: segments of ``real`` and ``fake`` audio ``[batch, 1, samples]``, its own losses.

    ``mel`` is the unweighted L1 of the log mel spectrograms, ``kl`` unweighted, ``dur`` as in VITS; all are scalars.
    """

    real: Any
    fake: Any
    mel: Any
    kl: Any
    dur: Any


@dataclass(frozen=True)
class Judged:
    """The losses of one discriminator network: the generator's adversarial and feature losses, the discriminator's own."""

    gen: Any
    fm: Any
    disc: Any


@dataclass(frozen=True)
class Gradients:
    """Gradients in the order of :func:`parameters`, and the loss terms, which are scalars without gradients."""

    generator: Sequence[Any]
    discriminators: Sequence[Any]
    terms: dict[str, Any]


def reducible(model: Any) -> list[Any]:
    """The generator's wide convolutions: the decoder, and the WaveNets of the posterior encoder and of the flow."""
    generator = model.model_g
    return [generator.dec, generator.enc_q.enc, *(one.enc for one in generator.flow.flows if hasattr(one, "enc"))]


def reduce_precision(model: Any) -> None:
    """Let the :func:`reducible` parts compute in the precision ``model.mixed`` (None: 32 bits) and return 32 bits."""
    for part in reducible(model):
        part.forward = _reduced(model, part.forward)


def _reduced(model: Any, forward: Callable[..., Any]) -> Callable[..., Any]:
    import torch

    def in_16_bits(*inputs: Any, **named: Any) -> Any:
        if model.mixed is None:
            return forward(*inputs, **named)
        with torch.autocast(model.device.type, dtype=model.mixed):
            return forward(*inputs, **named).float()

    return in_16_bits


@contextmanager
def own_precision(model: Any) -> Iterator[None]:
    """Take Lightning's mixed precision as ``model.mixed`` and compute in 32 bits where nothing else is said."""
    import torch

    device = model.device.type
    model.mixed = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else None
    with torch.autocast(device, enabled=False):
        yield


def speak(model: Any, batch: Any) -> Spoken:
    """Run the generator on a batch and compute its own losses."""
    from torch.nn.functional import l1_loss

    commons, losses, spectra = _piper("commons"), _piper("losses"), _piper("mel_processing")
    set_up = model.hparams
    mel, edges = (set_up.filter_length, set_up.mel_channels, set_up.sample_rate), (set_up.mel_fmin, set_up.mel_fmax)
    fake, dur, _, starts, _, mask, (_, z_p, m_p, logs_p, _, logs_q) = model.model_g(
        batch.phoneme_ids, batch.phoneme_lengths, batch.spectrograms, batch.spectrogram_lengths, batch.speaker_ids
    )
    real = commons.slice_segments(batch.audios, starts * set_up.hop_length, set_up.segment_size)
    frames = commons.slice_segments(batch.spectrograms, starts, set_up.segment_size // set_up.hop_length)
    real_mel = spectra.spec_to_mel_torch(frames, *mel, *edges)
    fake_mel = spectra.mel_spectrogram_torch(fake.squeeze(1), *mel, set_up.hop_length, set_up.win_length, *edges)
    kl = losses.kl_loss(z_p, logs_q, m_p, logs_p, mask)
    return Spoken(real, fake[..., : real.shape[-1]], l1_loss(real_mel, fake_mel), kl, dur.sum())


def _piper(name: str) -> Any:
    """A module of Piper's training code; its functions have no types."""
    return importlib.import_module(f"piper.train.vits.{name}")


@contextmanager
def weights_once(network: Any) -> Iterator[None]:
    """Compute the normalised weights of ``network`` once for all calls in the block, not before each call."""
    from torch.nn.utils.weight_norm import WeightNorm

    taken = []
    for module in network.modules():
        for key, hook in list(module._forward_pre_hooks.items()):
            if isinstance(hook, WeightNorm):
                hook(module, None)
                taken.append((module, key, module._forward_pre_hooks.pop(key)))
    try:
        yield
    finally:
        for module, key, hook in taken:
            module._forward_pre_hooks[key] = hook


def judge(network: Any, real: Any, fake: Any, mixed: Any) -> Judged:
    """Ask one discriminator network about real and generated audio, and compute its three losses as VITS does.

    ``mixed``: the precision of the network's convolutions; None is 32 bits. The losses are in 32 bits.
    """
    import torch

    with weights_once(network), torch.autocast(real.device.type, dtype=mixed, enabled=mixed is not None):
        of_real, of_fake, features_real, features_fake = network(real, fake)
    gen = sum(((1 - one.float()) ** 2).mean() for one in of_fake)
    disc = sum(((1 - one.float()) ** 2).mean() for one in of_real)
    disc = disc + sum((one.float() ** 2).mean() for one in of_fake)
    pairs = [pair for one in zip(features_real, features_fake, strict=True) for pair in zip(*one, strict=True)]
    fm = 2 * sum((real_one.float().detach() - fake_one.float()).abs().mean() for real_one, fake_one in pairs)
    return Judged(gen, fm, disc)


def losses(model: Any, spoken: Spoken, fake: Any) -> tuple[Any, Any, Any, dict[str, Any]]:
    """Three sums and every term: the generator's own losses, its losses by the discriminators, the discriminators' losses.

    ``fake`` is the audio of ``spoken``, or a copy that the gradients of the discriminators' opinion end at. The terms are
    scalars without gradients, named as in Piper, with ``generator`` and ``discriminator`` for the sums.
    """
    own = spoken.mel * model.hparams.c_mel + spoken.kl * model.hparams.c_kl + spoken.dur
    judged = judge(model.model_d, spoken.real, fake, model.mixed)
    opinion, disc = judged.gen + judged.fm, judged.disc
    terms = {"mel": spoken.mel, "kl": spoken.kl, "dur": spoken.dur, "fm": judged.fm, "gen": judged.gen, "disc": judged.disc}
    if model.model_mrd is not None:
        by_mrd = judge(model.model_mrd, spoken.real, fake, model.mixed)
        opinion, disc = opinion + by_mrd.gen + by_mrd.fm, disc + by_mrd.disc
        terms |= {"mrd_gen": by_mrd.gen, "mrd_fm": by_mrd.fm, "mrd_disc": by_mrd.disc}
    terms = {"generator": own + opinion, "discriminator": disc, **terms}
    return own, opinion, disc, {name: value.detach() for name, value in terms.items()}


def values(terms: dict[str, Any]) -> dict[str, float]:
    """The terms as numbers, read from the device in one go."""
    import torch

    return dict(zip(terms, torch.stack([term.float() for term in terms.values()]).tolist(), strict=True))


def gradients(model: Any, spoken: Spoken, scale: float) -> Gradients:
    """The gradients of all losses times ``scale``. A parameter that no loss depends on has None."""
    from torch.autograd import grad

    generator, discriminators = parameters(model)
    fake = spoken.fake.detach().requires_grad_()
    own, opinion, disc, terms = losses(model, spoken, fake)
    (by_opinion,) = grad(opinion * scale, fake, retain_graph=True)
    of_discriminators = grad(disc * scale, discriminators)
    of_generator = grad([own * scale, spoken.fake], generator, [None, by_opinion], allow_unused=True)
    return Gradients(of_generator, of_discriminators, terms)


def parameters(model: Any) -> tuple[list[Any], list[Any]]:
    """The parameters of the generator, and those of the discriminators in the order of Piper's optimizer."""
    networks = [model.model_d] if model.model_mrd is None else [model.model_d, model.model_mrd]
    return list(model.model_g.parameters()), [one for network in networks for one in network.parameters()]
