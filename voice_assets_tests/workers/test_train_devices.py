"""Training on two devices, which are two real processes on the CPU: what each one trains on, and how both end."""

import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import psutil
import pytest

from voice_assets.piper.batches import order, steps_of
from voice_assets_tests.workers.tiny_training import command, of, request, run_anew

pytestmark = pytest.mark.slow
TRAIN, VALIDATION = 8, 3
SETTINGS = {"devices": 2, "batch_size": 2, "epochs": 2}


@pytest.fixture(scope="module")
def eleven(training_set: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight clips to train on, which two ranks share in two steps of two clips; three for validation, which do not divide."""
    rows = pd.read_parquet(training_set).head(TRAIN + VALIDATION)
    rows["split"] = ["validation" if number % 4 == 1 else "train" for number in range(len(rows))]
    assert (rows["split"] == "train").sum() == TRAIN
    out = tmp_path_factory.mktemp("eleven") / "training_set.parquet"
    rows.to_parquet(out)
    return out


def observed(dataset: Path, rows: Path, work: Path, out: Path, **changes: Any) -> list[str]:
    """The command line of the observed worker."""
    asked = request(dataset, rows, work, **{**SETTINGS, **changes})
    _, _, _, file = command("train", asked, work)
    return ["env", f"OBSERVED={out}", command("train", asked, work)[0], "-m", f"{__package__}.observed_training", file]


@pytest.fixture(scope="module")
def two(ivrvoice: Path, eleven: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """A whole training on two devices: what each rank saw, and the epochs."""
    import torch

    work = tmp_path_factory.mktemp("two")
    done, printed = run_anew(observed(ivrvoice, eleven, work, work))
    assert done.returncode == 0, done.stderr
    ranks = [torch.load(work / f"rank{number}.pt") for number in (0, 1)]
    yield SimpleNamespace(ranks=ranks, printed=printed, rows=pd.read_parquet(eleven))
    shutil.rmtree(work)


def test_every_clip_is_trained_on_once_per_epoch(two: SimpleNamespace) -> None:
    for epoch in range(2):
        clips = [clip for rank in two.ranks for batch in rank["train"][epoch] for clip in batch]
        assert len(clips) == len(set(clips)) == TRAIN
    assert {clip for rank in two.ranks for batch in rank["train"][0] for clip in batch} == set(clips)


def test_every_clip_is_validated_on_once_per_epoch_though_the_ranks_have_other_counts(two: SimpleNamespace) -> None:
    for epoch in range(2):
        of_rank = [[clip for batch in rank["validation"][epoch] for clip in batch] for rank in two.ranks]
        assert [len(clips) for clips in of_rank] == [2, 1]
        assert len({*of_rank[0], *of_rank[1]}) == VALIDATION


def test_the_batches_of_a_step_are_neighbours_in_length(two: SimpleNamespace) -> None:
    durations = list(two.rows[two.rows["split"] == "train"]["duration_s"])
    for epoch in range(2):
        for number, rank in enumerate(two.ranks):
            assert rank["order"][epoch] == order(durations, 2, 1234, epoch, number, 2)
    for step in steps_of(durations, 2, 1234, 0, 2):
        assert len({clip for batch in step for clip in batch}) == 4


def test_the_losses_are_means_over_both_ranks(two: SimpleNamespace) -> None:
    for epoch, row in enumerate(of("epoch", two.printed)):
        losses = [rank["losses"][epoch] for rank in two.ranks]
        training = [step["mel"] for one in losses for step in one["training"]]
        assert len(training) == 4
        assert row["loss_mel"] == pytest.approx(sum(training) / 4)
        first, second = ([step["mel"] for step in one["validation"]] for one in losses)
        assert row["validation_mel"] == pytest.approx((2 * first[0] + second[0]) / 3)
        assert first[0] != second[0]


def test_the_gradients_of_generator_and_discriminator_are_means_over_both_ranks(two: SimpleNamespace) -> None:
    import torch

    steps = [rank["steps"] for rank in two.ranks]
    assert len(steps[0]) == len(steps[1]) == 4  # two epochs of two steps
    for first, second in zip(*steps, strict=True):
        assert first.keys() == second.keys()
        assert {name.split(".")[0] for name in first} == {"model_g", "model_d"}
        for name, (own, mean) in first.items():
            other, other_mean = second[name]
            torch.testing.assert_close(mean, (own + other) / 2, rtol=1e-3, atol=1e-5 * float(own.abs().max() + 1e-6))
            assert torch.equal(mean, other_mean)
    name = "model_g.dec.conv_pre.weight"
    assert not torch.equal(steps[0][0][name][0], steps[1][0][name][0])


def test_both_ranks_end_with_the_same_weights(two: SimpleNamespace) -> None:
    first, second = (rank["weights"] for rank in two.ranks)
    assert first == second
    assert len(first) == 64


def test_a_killed_training_on_two_devices_goes_on_as_if_nothing_had_happened(
    two: SimpleNamespace, ivrvoice: Path, eleven: Path, tmp_path: Path
) -> None:
    line = observed(ivrvoice, eleven, tmp_path, tmp_path)
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        for text in process.stdout:
            if '"checkpoint"' in text:
                process.kill()
                break
    done, printed = run_anew(line)
    assert done.returncode == 0, done.stderr
    assert {one["epoch"] for one in of("progress", printed)} == {1}
    for again, before in zip(of("epoch", printed), of("epoch", two.printed), strict=True):
        losses = [name for name in before if "loss" in name or name.startswith("validation_")]
        assert [again[name] for name in losses] == pytest.approx([before[name] for name in losses], rel=1e-4)
    shutil.rmtree(tmp_path / "lightning_logs")


@pytest.fixture
def started(ivrvoice: Path, eleven: Path, tmp_path: Path) -> Iterator[SimpleNamespace]:
    """A training on two devices in its second step: rank 1 hangs in C code, and the first rank waits for its gradients."""
    (tmp_path / "hang-1").touch()
    line = observed(ivrvoice, eleven, tmp_path, tmp_path, stuck_after_s=86400)
    log = (tmp_path / "log").open("w+")
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=log, text=True) as process:
        assert process.stdout is not None
        for text in process.stdout:
            if '"progress"' in text:
                break
        while process.poll() is None and not (tmp_path / "hangs-1").exists():
            time.sleep(0.05)
        (other,) = [child for child in psutil.Process(process.pid).children() if child.environ().get("LOCAL_RANK") == "1"]
        yield SimpleNamespace(process=process, other=other, out=tmp_path, log=Path(log.name))
        process.kill()
    shutil.rmtree(tmp_path)


def error_of(training: SimpleNamespace) -> str:
    """Wait for the end of the first rank, which must tell about an error; returns the error's message."""
    lines = training.process.stdout.read().splitlines()
    assert training.process.wait() == 2, training.log.read_text()
    (message,) = [line for line in lines if '"error"' in line]
    return message


def test_when_a_rank_is_killed_the_first_one_ends_and_says_so(started: SimpleNamespace) -> None:
    started.other.send_signal(signal.SIGKILL)
    message = error_of(started)
    assert f"rank 1 of the training (process {started.other.pid}) was killed by signal 9" in message
    assert "its last sign of life: epoch 0, training step 1 of 2 done" in message
    assert "training goes on from its last checkpoint" in message


def test_when_the_first_rank_is_killed_the_other_ends(started: SimpleNamespace) -> None:
    started.process.kill()
    psutil.wait_procs([started.other])
    assert not started.other.is_running()


def test_a_rank_that_hangs_ends_all_with_the_last_signs_of_life(started: SimpleNamespace) -> None:
    started.other.suspend()
    (started.out / "stuck").touch()
    message = error_of(started)
    assert "training is stuck: no step, validation or checkpoint was finished for" in message
    assert f"rank 0 (process {started.process.pid}): epoch 0, " in message
    assert f"rank 1 (process {started.other.pid}, stopped): epoch 0, " in message
    psutil.wait_procs([started.other])


def test_an_error_in_one_rank_is_the_error_of_the_training(ivrvoice: Path, eleven: Path, tmp_path: Path) -> None:
    (tmp_path / "raise-1").touch()
    done, printed = run_anew(observed(ivrvoice, eleven, tmp_path, tmp_path, stuck_after_s=86400))
    assert done.returncode == 2, done.stderr
    assert of("error", printed)[-1]["message"] == "rank 1 of the training: this rank alone cannot go on"


def test_an_error_in_the_first_rank_ends_the_other(ivrvoice: Path, eleven: Path, tmp_path: Path) -> None:
    (tmp_path / "raise-0").touch()
    done, printed = run_anew(observed(ivrvoice, eleven, tmp_path, tmp_path, stuck_after_s=86400))
    assert done.returncode == 1, done.stderr  # a ValueError is a fault in the program: with a traceback
    assert of("error", printed)[-1]["message"] == "ValueError: this rank alone cannot go on"
    assert not [one for one in psutil.process_iter(["cmdline"]) if str(tmp_path) in " ".join(one.info["cmdline"] or [])]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"devices": 4}, "3 clips are held out for validation and 4 devices train"),
        ({"devices": 2, "strategy": "ddp_spawn"}, "training.strategy: ddp_spawn"),
    ],
)
def test_what_several_devices_cannot_train(
    ivrvoice: Path, eleven: Path, tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    done, printed = run_anew(observed(ivrvoice, eleven, tmp_path, tmp_path, **changes))
    assert done.returncode == 2, done.stderr
    assert message in of("error", printed)[-1]["message"]
    assert not list(tmp_path.rglob("*.ckpt"))
