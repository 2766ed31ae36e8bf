"""Our step is Piper's step: the same losses, gradients and weights, for the same batch and the same random numbers."""

from types import SimpleNamespace
from typing import Any

import pytest

from voice_assets.piper import model as vits
from voice_assets.piper import vits_step

pytestmark = pytest.mark.slow

NARROW = {
    "hidden_channels": 16,
    "inter_channels": 16,
    "filter_channels": 32,
    "n_layers": 1,
    "upsample_initial_channel": 32,
    "segment_size": 4096,
    "num_symbols": 20,
}


def batch_of(seed: int, clips: int = 3) -> Any:
    """Noise with a spectrogram and random phonemes, of different lengths, as Piper collates them."""
    import torch
    from piper.train.vits.dataset import UtteranceCollate, UtteranceTensors

    from voice_assets.piper.clip_dataset import spectrogram

    random = torch.Generator().manual_seed(seed)
    made = []
    for index in range(clips):
        audio = torch.rand(256 * (30 + 9 * index), generator=random) * 1.6 - 0.8
        made.append(UtteranceTensors(torch.randint(1, 20, (9 + index,), generator=random), spectrogram(audio), audio))
    return UtteranceCollate(is_multispeaker=False, segment_size=NARROW["segment_size"])(made)


def stock_and_ours(discriminators: int = 1, **arguments: Any) -> tuple[Any, Any]:
    """Piper's model and ours with the same weights and real optimizers; a trainer of two batches.

    The first discriminator convolves in one dimension, the second in two.
    """
    import torch
    from piper.train.vits.lightning import VitsModel

    torch.manual_seed(0)
    stock = VitsModel(mos_metric=None, **NARROW, **{name: value for name, value in arguments.items() if name != "accumulate"})
    stock.model_d.discriminators = stock.model_d.discriminators[:discriminators]
    ours = vits.guarded_model(**NARROW, discriminators=discriminators, **arguments)
    ours.load_state_dict(stock.state_dict())
    for one in (stock, ours):
        one.train()
        optimizers = one.configure_optimizers()[0]
        one.optimizers = lambda optimizers=optimizers: optimizers
        one.log = one.log_dict = lambda *_, **__: None
        one.manual_backward = lambda loss: loss.backward()
        one.trainer = trainer(2)
    return stock, ours


def trainer(batches: int, scaler: Any = None) -> Any:
    found = SimpleNamespace(num_training_batches=batches, current_epoch=0, precision_plugin=SimpleNamespace(scaler=scaler))
    found.barebones = False
    return found


@pytest.fixture(autouse=True)
def _piper() -> None:
    vits.register_alignment()


def close(found: Any, wanted: Any, tolerance: float = 1e-5) -> None:
    """Equal within float noise, measured against the largest value."""
    assert found.shape == wanted.shape
    assert float((found - wanted).abs().max()) <= tolerance * max(1e-3, float(wanted.abs().max()))


def far_apart(one: Any, other: Any, before: dict[str, Any]) -> float:
    """How far the weights of two models are from each other, as a share of how far they moved.

    Not 0: where a gradient is 0 but for noise, Adam takes the sign of the noise for a direction. The biases of the attention's
    keys are such weights: softmax ignores them.
    """
    left, right = one.state_dict(), other.state_dict()
    moved = sum(float((left[name] - value).abs().sum()) for name, value in before.items())
    return sum(float((left[name] - right[name]).abs().sum()) for name in before) / moved


def weights(model: Any) -> dict[str, Any]:
    return {name: value.clone() for name, value in model.state_dict().items()}


@pytest.mark.parametrize("use_mrd", [False, True])
def test_losses_and_gradients_are_those_of_piper(use_mrd: bool) -> None:
    import torch

    stock, ours = stock_and_ours(2, use_mrd=use_mrd)
    batch = batch_of(1)
    torch.manual_seed(5)
    generator, discriminator, metrics = stock._compute_loss(batch)
    torch.manual_seed(5)
    found = vits_step.gradients(ours, vits_step.speak(ours, batch), 1.0)
    terms = {"generator": generator, "discriminator": discriminator, **metrics}
    assert set(found.terms) == set(terms)
    for name, wanted in terms.items():
        close(found.terms[name], wanted.detach())
    generator.backward()
    of_generator = [one.grad for one in vits_step.parameters(stock)[0]]
    for one in vits_step.parameters(stock)[1]:
        one.grad = None
    discriminator.backward()
    of_discriminators = [one.grad for one in vits_step.parameters(stock)[1]]
    for ours_all, stock_all in ((found.generator, of_generator), (found.discriminators, of_discriminators)):
        assert [one is None for one in ours_all] == [one is None for one in stock_all]
        assert sum(one is not None for one in ours_all) > 20
        for one, wanted in zip(ours_all, stock_all, strict=True):
            if wanted is not None:
                close(one, wanted, 1e-4)


def test_weights_after_three_steps_are_those_of_piper() -> None:
    import torch

    stock, ours = stock_and_ours(2)
    before = weights(ours)
    for index in range(3):
        for one in (stock, ours):
            torch.manual_seed(index)
            one.training_step(batch_of(index), index % 2)
    assert len(ours.losses["training"]) == 3
    assert far_apart(ours, stock, before) < 0.005


def test_validation_losses_are_those_of_piper() -> None:
    import torch

    stock, ours = stock_and_ours()
    logged: dict[str, Any] = {}
    ours.log_dict = lambda values, **_: logged.update(values)
    with torch.no_grad():
        torch.manual_seed(5)
        stock.eval()
        generator, _, metrics = stock._compute_loss(batch_of(1))
        torch.manual_seed(5)
        ours.eval()
        close(ours.validation_step(batch_of(1), 0), generator)
    assert set(logged) == {"val_loss", *(f"val_{name}" for name in metrics)}
    for name, value in metrics.items():
        close(logged[f"val_{name}"], value)
    assert ours.losses["validation"][0]["mel"] == pytest.approx(float(metrics["mel"]), rel=1e-5)
    assert ours.losses["training"] == []


def test_batches_are_added_up_and_the_last_ones_too() -> None:
    """Two of three batches are one step, the third is another. The gradients of a step are the mean over its batches."""
    import torch

    _, ours = stock_and_ours(accumulate=2)
    _, plain = stock_and_ours()
    ours.trainer = trainer(3)
    steps: list[int] = []
    for optimizer in ours.optimizers():
        optimizer.register_step_post_hook(lambda *_: steps.append(len(ours.losses["training"])))
    means = []
    for index in range(2):
        torch.manual_seed(index)
        means.append(vits_step.gradients(plain, vits_step.speak(plain, batch_of(index)), 0.5))
    for index in range(2):
        torch.manual_seed(index)
        ours.training_step(batch_of(index), index)
    for parameters, name in zip(vits_step.parameters(ours), ("generator", "discriminators"), strict=True):
        for parameter, one, other in zip(parameters, getattr(means[0], name), getattr(means[1], name), strict=True):
            assert (parameter.grad is None) == (one is None)
            if one is not None:
                close(parameter.grad, one + other, 1e-4)
    torch.manual_seed(2)
    ours.training_step(batch_of(2), 2)
    assert steps == [2, 2, 3, 3]


def test_the_norm_of_the_generators_gradients_is_limited() -> None:
    import torch

    _, ours = stock_and_ours(grad_clip=0.5)
    ours.training_step(batch_of(0), 0)
    generator, discriminators = vits_step.parameters(ours)
    norm = torch.nn.utils.get_total_norm([one.grad for one in generator if one.grad is not None])
    assert float(norm) == pytest.approx(0.5, rel=1e-3)
    assert float(torch.nn.utils.get_total_norm([one.grad for one in discriminators])) > 0.5


def test_a_scale_of_16_bit_gradients_changes_nothing() -> None:
    """The scaler of `16-mixed`, on 32-bit numbers: scaled, clipped and unscaled, the weights move as without it."""
    import torch

    _, plain = stock_and_ours(grad_clip=0.5)
    _, scaled = stock_and_ours(grad_clip=0.5)
    before = weights(plain)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0, growth_interval=1)
    scaled.trainer = trainer(2, scaler)
    wrapped = [
        SimpleNamespace(zero_grad=one.zero_grad, step=lambda one=one: (scaler.step(one), scaler.update()))
        for one in scaled.optimizers()
    ]
    scaled.optimizers = lambda: wrapped
    for one in (plain, scaled):
        for index in range(2):
            torch.manual_seed(index)
            one.training_step(batch_of(index), index)
    assert scaler.get_scale() == 1024.0 * 2**4  # it grows after each step, also between the two optimizers'
    assert far_apart(scaled, plain, before) < 0.005


def test_a_term_that_is_not_finite_is_named_and_changes_nothing() -> None:
    import torch

    _, ours = stock_and_ours(c_kl=float("inf"))
    before = weights(ours)
    with pytest.raises(vits.NotFiniteLossError, match=r"epoch 0, training step 0: .*generator = (inf|nan)"):
        ours.training_step(batch_of(0), 0)
    assert all(torch.equal(value, before[name]) for name, value in ours.state_dict().items())


def test_mixed_precision_keeps_what_needs_32_bits() -> None:
    """In bf16 the losses are near those of 32 bits, the alignment is the same, and only wide convolutions see 16 bits."""
    import torch

    _, ours = stock_and_ours()
    seen: dict[str, Any] = {}
    for name, module in ours.named_modules():
        if isinstance(module, torch.nn.Conv1d | torch.nn.Conv2d | torch.nn.Linear):
            module.register_forward_hook(lambda _, __, out, name=name: seen.update({name: out.dtype}))
    found = {}
    for mixed in (False, True):
        torch.manual_seed(5)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=mixed), vits_step.own_precision(ours):
            found[mixed] = vits_step.gradients(ours, vits_step.speak(ours, batch_of(1)), 1.0)
    for name, value in found[False].terms.items():
        assert float(found[True].terms[name]) == pytest.approx(float(value), rel=0.03), name
    reduced = {name for name, dtype in seen.items() if dtype == torch.bfloat16}
    assert {name.split(".")[1] for name in reduced} == {"dec", "enc_q", "flow", "discriminators"}
    assert all(".enc." in name or ".dec." in name or "discriminators" in name for name in reduced)
    assert all(one.dtype == torch.float32 for one in found[True].generator if one is not None)
    assert float(found[True].terms["dur"]) == pytest.approx(float(found[False].terms["dur"]), rel=1e-2)
