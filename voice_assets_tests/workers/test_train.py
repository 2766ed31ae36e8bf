"""Training for real, with a tiny model on a few real clips: to the end, killed, without room, with NaN; then export and speech.

The tiny model has one discriminator of six and narrow layers; everything else is what trains a production voice.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from voice_assets.audio import recordings
from voice_assets.dataset.tables import EPOCHS, TRAINING_SET, frame
from voice_assets.piper import model as vits
from voice_assets.piper import onnx_voice, training
from voice_assets.runtime import files

pytestmark = pytest.mark.slow

TINY = {
    "discriminators": 1,
    "hidden_channels": 32,
    "inter_channels": 32,
    "filter_channels": 64,
    "n_layers": 1,
    "upsample_initial_channel": 32,
}
CLIPS = 12


@pytest.fixture(scope="session")
def training_set(ivrvoice: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """TRAINING_SET of short real clips, two of them for validation."""
    lines = (ivrvoice / "metadata_2col.csv").read_text(encoding="utf-8").splitlines()
    rows = []
    for line in lines:
        clip, text = line.split("|", 1)
        path = ivrvoice / "wavs" / f"{clip}.wav"
        duration = recordings.probe(path).duration_s
        if 1 <= duration <= 2 and len(rows) < CLIPS:
            rows.append(
                {
                    "clip_id": clip,
                    "path": f"wavs/{clip}.wav",
                    "text": text,
                    "audio_sha256": files.sha256(path),
                    "duration_s": duration,
                    "split": "validation" if len(rows) in (3, 7) else "train",
                }
            )
    out = tmp_path_factory.mktemp("training") / "training_set.parquet"
    frame(rows, TRAINING_SET).to_parquet(out)
    return out


def command(dataset: Path, training_set: Path, work: Path, *more: str, model: dict[str, Any] | None = None) -> list[str]:
    options = {
        "--dataset": dataset,
        "--training-set": training_set,
        "--config": dataset / "config.json",
        "--work": work,
        "--version": 4,
        "--voice-name": "ivrvoice_ru",
        "--espeak-voice": "ru",
        "--sample-rate": 22050,
        "--batch-size": 4,
        "--segment-size": 2048,
        "--accelerator": "cpu",
        "--cache": training_set.parent / "cache",
        "--model-args": json.dumps({**TINY, **(model or {})}),
    }
    arguments = [str(part) for pair in options.items() for part in pair]
    return [sys.executable, "-m", "voice_assets.workers.train", *arguments, *more]


def events(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


def run(line: list[str]) -> tuple[subprocess.CompletedProcess, list[dict[str, Any]]]:
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    return done, events(done.stdout)


def of(kind: str, told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [event for event in told if event["event"] == kind]


@pytest.fixture(scope="session")
def trained(ivrvoice: Path, training_set: Path, tmp_path_factory: pytest.TempPathFactory):
    """Two epochs of the tiny model: (version folder, events)."""
    work = tmp_path_factory.mktemp("trained")
    done, told = run(command(ivrvoice, training_set, work))
    assert done.returncode == 0, done.stderr
    yield work / "lightning_logs" / "version_4", told
    shutil.rmtree(work)


def test_two_epochs_leave_everything_the_plan_names(trained) -> None:
    folder, told = trained
    assert [(one["epoch"], one["step"]) for one in of("checkpoint", told)] == [(0, 4), (1, 8)]
    for one in of("checkpoint", told):
        path = Path(one["path"])
        assert path.name == f"epoch={one['epoch']}-step={one['step']}.ckpt"
        assert (path.stat().st_size, files.sha256(path)) == (one["size"], one["sha256"])
    assert list(folder.glob("events.out.tfevents.*"))
    result = json.loads((folder / "training.json").read_text())
    assert (result["epochs_done"], result["epochs_planned"], result["not_finite"]) == (2, 2, 0)
    assert not list(folder.rglob(".epoch*"))


def test_the_epochs_table_is_what_was_told(trained) -> None:
    folder, told = trained
    table = pd.read_parquet(folder / "epochs.parquet")
    assert list(table.columns) == list(EPOCHS)
    rows = [{name: one[name] for name in EPOCHS} for one in of("epoch", told)]
    assert table.to_dict("records") == rows
    assert (table[["loss", "loss_mel", "loss_disc", "validation_loss", "validation_mel", "seconds"]] > 0).all(axis=None)


def test_progress_counts_every_step(trained) -> None:
    steps = of("progress", trained[1])
    assert [(one["epoch"], one["step"], one["steps"], one["done"], one["total"]) for one in steps] == [
        (0, 1, 2, 1, 4),
        (0, 2, 2, 2, 4),
        (1, 1, 2, 3, 4),
        (1, 2, 2, 4, 4),
    ]


def test_the_split_is_exactly_that_of_the_table(trained, training_set: Path) -> None:
    """Ten clips train and two are held out; the metadata Piper read is in the table's order."""
    folder, _ = trained
    rows = pd.read_parquet(training_set)
    written = [line.split("|", 1)[0] for line in (folder / "metadata.csv").read_text(encoding="utf-8").splitlines()]
    assert written == list(rows["path"])


def test_checkpoints_load_without_running_code(trained) -> None:
    folder, _ = trained
    generator, facts = vits.load_generator(folder / "checkpoints" / "epoch=1-step=8.ckpt")
    assert (facts["epoch"], facts["step"], generator.n_vocab) == (1, 8, 256)


def test_running_again_trains_nothing_and_tells_everything_again(trained, ivrvoice: Path, training_set: Path) -> None:
    folder, told = trained
    before = {path: path.stat().st_mtime_ns for path in (folder / "checkpoints").iterdir()}
    done, again = run(command(ivrvoice, training_set, folder.parent.parent))
    assert done.returncode == 0, done.stderr
    assert of("checkpoint", again) == of("checkpoint", told)
    assert of("epoch", again) == of("epoch", told)
    assert of("progress", again) == []
    assert {path: path.stat().st_mtime_ns for path in (folder / "checkpoints").iterdir()} == before


def test_other_settings_in_the_same_version_are_refused(trained, ivrvoice: Path, training_set: Path) -> None:
    folder, _ = trained
    done, _ = run(command(ivrvoice, training_set, folder.parent.parent, "--seed", "5"))
    assert done.returncode == 2
    assert "seed was 1234, now 5" in done.stderr.splitlines()[-1]


def test_killed_in_the_middle_it_goes_on(ivrvoice: Path, training_set: Path, tmp_path: Path) -> None:
    line = command(ivrvoice, training_set, tmp_path, "--epochs", "3")
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        first = []
        for text in process.stdout:
            first.append(json.loads(text))
            if first[-1]["event"] == "progress" and first[-1]["epoch"] == 1:
                process.send_signal(signal.SIGKILL)  # in epoch 1, with the checkpoint of epoch 0 on disk
                break
    litter = tmp_path / "lightning_logs/version_4/checkpoints/.epoch=1-step=8.a1b2c3d4.ckpt"
    litter.write_bytes(b"what a kill in the middle of a checkpoint leaves")
    done, told = run(line)
    assert done.returncode == 0, done.stderr
    assert not litter.exists()
    assert of("checkpoint", told)[0] == of("checkpoint", first)[0]
    assert [one["epoch"] for one in of("checkpoint", told)] == [0, 1, 2]
    assert [one["step"] for one in of("checkpoint", told)] == [4, 8, 12]
    assert {one["epoch"] for one in of("progress", told)} == {1, 2}
    assert list(training.epochs_in(tmp_path / "lightning_logs/version_4")["epoch"]) == [0, 1, 2]
    shutil.rmtree(tmp_path)


def test_two_devices_train_as_one(ivrvoice: Path, training_set: Path, tmp_path: Path) -> None:
    """Lightning starts the second process itself, by the same command line: it must not take our parent for its own."""
    more = ("--devices", "2", "--epochs", "1", "--with-parent", str(os.getpid()))
    done, told = run(command(ivrvoice, training_set, tmp_path, *more))
    assert done.returncode == 0, done.stderr
    assert "distributed_backend=gloo" in done.stderr
    assert "GLOBAL_RANK: 1, MEMBER: 2/2" in done.stderr
    assert [one["event"] for one in told if one["event"] != "note"] == ["started", "progress", "epoch", "checkpoint", "done"]
    assert of("progress", told)[0]["steps"] == 1  # of two: each process has five of the ten clips
    result = json.loads((tmp_path / "lightning_logs/version_4/training.json").read_text())
    assert [(one["epoch"], one["step"]) for one in result["checkpoints"]] == [(0, 2)]
    shutil.rmtree(tmp_path)


def test_a_loss_that_is_not_a_number_stops_it(ivrvoice: Path, training_set: Path, tmp_path: Path) -> None:
    done, told = run(command(ivrvoice, training_set, tmp_path, model={"learning_rate": 1e9}))
    assert done.returncode == 2
    assert "loss is not a finite number: " in of("error", told)[0]["message"]
    assert of("error", told)[0]["message"].startswith("epoch 0, training step 1: ")
    assert not list(tmp_path.rglob("*.ckpt"))
    assert not list(tmp_path.rglob("training.json"))


def test_no_room_for_a_checkpoint(ivrvoice: Path, training_set: Path, tmp_path: Path) -> None:
    """The size limit of the shell is the disk that is full: every write beyond 20 MB fails."""
    line = command(ivrvoice, training_set, tmp_path)
    done, told = run(["bash", "-c", 'ulimit -f 20480; trap "" XFSZ; exec "$@"', "bash", *line])
    assert done.returncode == 2, done.stderr
    assert "epoch=0-step=4.ckpt: not written" in of("error", told)[0]["message"]
    assert "is the disk full?" in of("error", told)[0]["message"]
    assert of("checkpoint", told) == []
    assert list((tmp_path / "lightning_logs/version_4/checkpoints").iterdir()) == []


def test_no_room_for_the_cache(ivrvoice: Path, training_set: Path, tmp_path: Path) -> None:
    """Every write beyond 100 kB fails: less than a second of spectrogram."""
    line = command(ivrvoice, training_set, tmp_path, "--cache", str(tmp_path / "cache"))
    done, told = run(["bash", "-c", 'ulimit -f 100; trap "" XFSZ; exec "$@"', "bash", *line])
    assert done.returncode == 2, done.stderr
    message = of("error", told)[0]["message"]
    assert message.startswith(f"{tmp_path / 'cache'}/")
    assert "not written" in message
    assert "is the disk full?" in message
    assert " GB free" in message
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--espeak-voice", "uk"), "its espeak voice is 'ru', the voice's is 'uk'"),
        (("--sample-rate", "16000"), "its sample rate is 22050, the voice's is 16000"),
        (("--quality", "low"), "quality low is 16000 Hz"),
        (("--config", "/nowhere/config.json"), "/nowhere/config.json: cannot be read"),
        (("--training-set", "/nowhere/t.parquet"), "/nowhere/t.parquet"),
    ],
)
def test_what_cannot_be_trained(
    ivrvoice: Path, training_set: Path, tmp_path: Path, more: tuple[str, ...], message: str
) -> None:
    done, told = run(command(ivrvoice, training_set, tmp_path, *more))
    assert done.returncode == 2, done.stderr
    assert message in of("error", told)[0]["message"]


def test_starting_from_another_training(trained, ivrvoice: Path, training_set: Path, tmp_path: Path) -> None:
    """Its cache is the only one left then: that of another training set goes, what is not ours stays."""
    checkpoint = trained[0] / "checkpoints" / "epoch=1-step=8.ckpt"
    cache = training_set.parent / "cache"
    (cache / "0123456789abcdef").mkdir()
    (cache / "0123456789abcdef" / "1_Да.spec.pt").touch()
    (cache / "mine").mkdir()
    done, told = run(command(ivrvoice, training_set, tmp_path, "--epochs", "1", "--resume", str(checkpoint)))
    assert done.returncode == 0, done.stderr
    assert not (cache / "0123456789abcdef").exists()
    assert (cache / "mine").exists()
    assert sum((folder / "COMPLETE").exists() for folder in cache.iterdir()) == 1
    note = next(one for one in of("note", told) if "started from" in one["message"])
    assert note["tensors"] > 100
    assert of("checkpoint", told)[0]["epoch"] == 0
    shutil.rmtree(tmp_path)


def test_a_checkpoint_of_another_model_is_refused(trained, ivrvoice: Path, training_set: Path, tmp_path: Path) -> None:
    checkpoint = trained[0] / "checkpoints" / "epoch=1-step=8.ckpt"
    other = {"upsample_initial_channel": 64}
    done, told = run(command(ivrvoice, training_set, tmp_path, "--resume", str(checkpoint), model=other))
    assert done.returncode == 2
    assert "its decoder does not fit this quality" in of("error", told)[0]["message"]


NAME = "ru_RU-ivrvoice_ru-medium"


@pytest.fixture(scope="session")
def exported(trained, ivrvoice: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("export")
    checkpoint = trained[0] / "checkpoints" / "epoch=1-step=8.ckpt"
    options = {
        "--checkpoint": checkpoint,
        "--config": ivrvoice / "config.json",
        "--out": out,
        "--name": NAME,
        "--language": "ru",
    }
    options |= {"--region": "RU", "--quality": "medium", "--dataset-name": "ivrvoice_ru"}
    line = [sys.executable, "-m", "voice_assets.workers.export", *[str(part) for pair in options.items() for part in pair]]
    done, told = run(line)
    assert done.returncode == 0, done.stderr
    assert told[-1]["event"] == "done"
    return out


def test_the_export_is_the_same_voice(exported: Path) -> None:
    facts = json.loads((exported / "export.json").read_text(encoding="utf-8"))
    assert (facts["loads"], facts["config_problems"], facts["epoch"], facts["step"]) == (1, 0, 1, 8)
    assert facts["max_abs_difference"] < 1e-4
    assert facts["sha256"] == files.sha256(exported / f"{NAME}.onnx")


def test_the_export_has_what_sherpa_reads(exported: Path) -> None:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(exported / f"{NAME}.onnx"))
    found = session.get_modelmeta().custom_metadata_map
    assert (found["model_type"], found["comment"], found["language"], found["voice"]) == ("vits", "piper", "Russian", "ru")
    assert (found["has_espeak"], found["n_speakers"], found["sample_rate"]) == ("1", "1", "22050")
    assert (exported / "tokens.txt").read_text(encoding="utf-8").startswith("_ 0\n^ 1\n$ 2\n")


def test_the_export_speaks(exported: Path) -> None:
    samples, rate = onnx_voice.speak(exported / f"{NAME}.onnx", None, "Привет, это тестовый голос.", seed=1)
    assert rate == 22050
    assert len(samples) > 1000


def test_a_comparison_that_can_fail(exported: Path, trained) -> None:
    """Another epoch's weights do not make the same sound: the difference is not zero by construction."""
    from voice_assets.piper import export

    other, _ = vits.load_generator(trained[0] / "checkpoints" / "epoch=0-step=4.ckpt")
    voice = onnx_voice.load(exported / f"{NAME}.onnx")
    same = json.loads((exported / "export.json").read_text())["max_abs_difference"]
    assert export.largest_difference(other, voice, ["Привет."]) > 1000 * max(same, 1e-12)


def test_the_export_of_nothing(ivrvoice: Path, tmp_path: Path) -> None:
    options = {"--checkpoint": tmp_path / "none.ckpt", "--config": ivrvoice / "config.json", "--out": tmp_path, "--name": NAME}
    options |= {"--language": "ru", "--region": "RU", "--quality": "medium", "--dataset-name": "ivrvoice_ru"}
    line = [sys.executable, "-m", "voice_assets.workers.export", *[str(part) for pair in options.items() for part in pair]]
    done, _ = run(line)
    assert (done.returncode, "none.ckpt: no such checkpoint" in done.stderr) == (2, True)
    assert list(tmp_path.iterdir()) == []
