"""The export of a training with the tiny model: the same voice in ONNX, with every file and key that players read."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from voice_assets.piper import model as vits
from voice_assets.piper import onnx_voice
from voice_assets.piper.requests import ExportRequest
from voice_assets.runtime import files
from voice_assets_tests.workers.tiny_training import command, run

pytestmark = pytest.mark.slow
NAME = "ru_RU-ivrvoice_ru-medium"


def export(checkpoint: Path, config: Path, out: Path) -> tuple[subprocess.CompletedProcess, list[dict[str, Any]]]:
    asked = ExportRequest(
        checkpoint=checkpoint,
        config=config,
        out=out,
        name=NAME,
        language="ru",
        region="RU",
        quality="medium",
        dataset_name="ivrvoice_ru",
        trust_checkpoint=False,
    )
    return run(command("export", asked, out))


@pytest.fixture(scope="session")
def exported(trained, ivrvoice: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("export")
    done, printed = export(trained[0] / "checkpoints" / "epoch=1-step=8.ckpt", ivrvoice / "config.json", out)
    assert done.returncode == 0, done.stderr
    assert printed[-1]["event"] == "done"
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
    voice = onnx_voice.load(exported / f"{NAME}.onnx", exported / f"{NAME}.onnx.json", seed=1)
    samples, rate = voice.say("Привет, это тестовый голос."), voice.rate
    assert rate == 22050
    assert len(samples) > 1000


def test_the_comparison_finds_a_difference(exported: Path, trained) -> None:
    """The weights of another epoch give other audio, so the difference is not always zero."""
    from voice_assets.piper.export import largest_difference

    other, _ = vits.load_generator(trained[0] / "checkpoints" / "epoch=0-step=4.ckpt", trusted=False)
    voice = onnx_voice.load(exported / f"{NAME}.onnx", exported / f"{NAME}.onnx.json")
    same = json.loads((exported / "export.json").read_text())["max_abs_difference"]
    assert largest_difference(other, voice, ["Привет."]) > 1000 * max(same, 1e-12)


def test_an_export_without_a_checkpoint(ivrvoice: Path, tmp_path: Path) -> None:
    done, _ = export(tmp_path / "none.ckpt", ivrvoice / "config.json", tmp_path)
    assert (done.returncode, "none.ckpt: no such checkpoint" in done.stderr) == (2, True)
    assert [path.name for path in tmp_path.iterdir()] == ["export_request.json"]
