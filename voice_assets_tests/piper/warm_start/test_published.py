"""Whether a voice can start from a published one: found before a run, from the files, with what to do."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from voice_assets.dataset.config import PiperConfig
from voice_assets.piper.checkpoint_fit import wanted_of
from voice_assets.piper.errors import CheckpointError
from voice_assets.piper.warm_start.published import PublishedVoice, language_of, misfits, read_voice, start_from_problem
from voice_assets.voices import Training
from voice_assets_tests.datasets import RATE
from voice_assets_tests.piper.warm_start.tiny_voice import NAME, config, publish

pytestmark = pytest.mark.slow

TEXTS = ["Please enter your number, followed by the pound key.", "Could you hear a strange noise?"]


def dataset(folder: Path, texts: list[str] = TEXTS, **changes: Any) -> Path:
    """The ``config.json`` of an English data set with these texts."""
    folder.mkdir(exist_ok=True)
    (folder / "metadata_2col.csv").write_text("".join(f"clip{number}|{text}\n" for number, text in enumerate(texts)), "utf-8")
    (folder / "config.json").write_text(json.dumps(config(**changes)), encoding="utf-8")
    return folder / "config.json"


def copied(voice: Path, folder: Path, **changes: Any) -> Path:
    """A copy of the voice with other keys in its configuration."""
    folder.mkdir(exist_ok=True)
    shutil.copy(voice, folder)
    (folder / f"{voice.name}.json").write_text(json.dumps(config(**changes)), encoding="utf-8")
    return folder / voice.name


def problem_of(voice: Path, own: Path, sample_rate: int = RATE, **training: Any) -> str:
    return start_from_problem(Training(start_from=voice, **training), own, sample_rate)


def test_the_real_voice_fits_english_with_pipers_own_phonemes(joe: PublishedVoice, tmp_path: Path) -> None:
    assert problem_of(joe.path, dataset(tmp_path / "own")) == ""
    assert (joe.quality, joe.language, joe.phonemes, joe.channels) == ("medium", "en", 256, (192, 256))


def test_without_a_published_voice_there_is_no_problem(tmp_path: Path) -> None:
    assert start_from_problem(Training(), tmp_path / "none.json", RATE) == ""


def test_another_quality_and_another_rate_say_what_to_write(joe: PublishedVoice, tmp_path: Path) -> None:
    own = dataset(tmp_path / "own")
    assert problem_of(joe.path, own, quality="high") == (
        f"{joe.path}: it is of quality medium (192 and 256 channels), and training.quality is high (192 and 512); take a "
        "published voice of quality high, or write `quality: medium`"
    )
    assert problem_of(joe.path, own, 16000, quality="low") == (
        f"{joe.path}: it speaks at 22050 Hz, and the voice has 16000 Hz; take a published voice of that rate, or write "
        "`sample_rate: 22050` and `quality: medium` for a data set of that rate"
    )


def test_a_model_of_no_quality(tiny: PublishedVoice, tmp_path: Path) -> None:
    assert tiny.quality == ""
    assert "it is of no quality of Piper (32 and 32 channels)" in problem_of(tiny.path, dataset(tmp_path / "own"))


def test_several_speakers(tmp_path: Path) -> None:
    path, _ = publish(tmp_path, {"num_speakers": 3, "gin_channels": 8})
    problem = problem_of(path, dataset(tmp_path / "own"))
    assert problem == f"{path}: a model of 3 speakers, and a voice here has one; pick a published voice of a single speaker"


def test_another_architecture(tmp_path: Path) -> None:
    import numpy as np
    import onnx

    weights = [onnx.numpy_helper.from_array(np.ones(3, np.float32), "vocoder.head.weight")]
    (tmp_path / "voice.onnx").write_bytes(
        onnx.helper.make_model(onnx.helper.make_graph([], "other", [], [], weights)).SerializeToString()
    )
    with pytest.raises(CheckpointError, match=r"no voice of Piper \(VITS\): it has no tensor enc_p\.emb\.weight"):
        read_voice(tmp_path / "voice.onnx")


def test_a_configuration_that_is_missing_or_broken(tiny_onnx: Path, tmp_path: Path) -> None:
    shutil.copy(tiny_onnx, tmp_path)
    problem = problem_of(tmp_path / tiny_onnx.name, dataset(tmp_path / "own"))
    assert "No such file" in problem
    assert f"the configuration {NAME}.onnx.json that was published with it must be beside it" in problem
    (tmp_path / f"{NAME}.onnx.json").write_text("{}", encoding="utf-8")
    assert "the key is missing" in problem_of(tmp_path / tiny_onnx.name, dataset(tmp_path / "own"))


def test_phonemes_with_other_ids(joe: PublishedVoice, tmp_path: Path) -> None:
    ids = config()["phoneme_id_map"]
    own = dataset(tmp_path / "own", phoneme_id_map={**ids, "p": [200], "œ": [201]})
    problem = problem_of(joe.path, own)
    assert "1 phonemes of the data set's texts have other ids in it: 'p' [28] there, [200] here" in problem
    assert f"copy `phoneme_id_map` from {joe.path.name}.json into config.json" in problem
    assert "œ" not in problem  # no text needs it


def test_phonemes_that_the_published_voice_does_not_have(tiny_onnx: Path, tmp_path: Path) -> None:
    ids = {key: value for key, value in config()["phoneme_id_map"].items() if key not in ("ð", "ʊ")}
    voice = read_voice(copied(tiny_onnx, tmp_path / "voice", phoneme_id_map=ids))
    own = read_voice(copied(tiny_onnx, tmp_path / "own")).config
    (problem,) = misfits(voice, wanted_of(own, "medium", RATE), own, TEXTS)[1:]
    assert problem.startswith("it has no ids for 'ð', 'ʊ', which the data set's texts need")


def test_phonemes_beyond_its_table(tmp_path: Path) -> None:
    path, _ = publish(tmp_path, {"num_symbols": 256})
    ids = {**config()["phoneme_id_map"], "p": [300]}
    voice = read_voice(copied(path, tmp_path / "voice", phoneme_id_map=ids, num_symbols=400))
    own = voice.config
    problems = misfits(voice, wanted_of(own, "medium", RATE), own, TEXTS)
    assert problems[-1].startswith("its phoneme embedding has 256 rows, and the data set uses the id 300")


def test_merged_vowels(joe: PublishedVoice, tmp_path: Path) -> None:
    voice = copied(joe.path, tmp_path / "voice", vowel_clusters=[["a", "ɪ"]])
    assert "it was trained with merged vowels (vowel_clusters)" in problem_of(voice, dataset(tmp_path / "own"))


def test_a_broken_data_set_has_rules_of_its_own(joe: PublishedVoice, tmp_path: Path) -> None:
    assert problem_of(joe.path, tmp_path / "none.json") == ""
    assert "no such file" in problem_of(tmp_path / "none.onnx", tmp_path / "none.json")


def test_the_question_does_not_need_torch(joe: PublishedVoice, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from voice_assets.voices import Training; "
        "from voice_assets.piper.warm_start.published import start_from_problem; "
        "print(repr(start_from_problem(Training(start_from=Path(sys.argv[1])), Path(sys.argv[2]), 22050)), "
        "[name for name in ('torch', 'lightning') if name in sys.modules])"
    )
    line = [sys.executable, "-c", code, str(joe.path), str(dataset(tmp_path / "own"))]
    assert subprocess.run(line, capture_output=True, text=True, check=True).stdout == "'' []\n"


@pytest.mark.parametrize(
    ("keys", "language"),
    [
        ({"language": {"family": "pt", "code": "pt_BR"}}, "pt"),
        ({"language": {"code": "ru_RU"}}, "ru"),
        ({"language": {}, "espeak": {"voice": "en-gb-x-rp"}}, "en"),
        ({"language": {"family": 7}, "espeak": {"voice": "de"}}, "de"),
        ({"language": "de"}, "en"),
    ],
)
def test_the_language_of_a_configuration(keys: dict[str, Any], language: str) -> None:
    assert language_of(PiperConfig.model_validate(config(**keys))) == language
