"""The data set's config.json: everything that keeps Piper from training."""

import json
from pathlib import Path
from typing import Any

import pytest

from voice_assets.dataset.config import read_config
from voice_assets.dataset.espeak import default_id_map
from voice_assets.piper import data as vits_data
from voice_assets.runtime.files import sha256

RATE = 22050


def write(folder: Path, **changes: Any) -> Path:
    content = {
        "audio": {"sample_rate": RATE, "quality": "medium"},
        "espeak": {"voice": "ru"},
        "phoneme_type": "espeak",
        "num_symbols": 256,
        "num_speakers": 1,
        "hop_length": 256,
        "phoneme_id_map": default_id_map(),
    }
    kept = {key: value for key, value in {**content, **changes}.items() if value != "absent"}
    (folder / "config.json").write_text(json.dumps(kept), encoding="utf-8")
    return folder


def write_bytes(folder: Path, data: bytes) -> Path:
    path = folder / "config.json"
    path.write_bytes(data)
    return path


def test_a_good_one(tmp_path: Path) -> None:
    facts = read_config(write(tmp_path, phoneme_id_map={**default_id_map(), "new": [255]}), RATE, "ru")
    assert (facts.present, facts.valid, facts.sample_rate, facts.espeak_voice, facts.problems) == (True, True, RATE, "ru", [])
    assert facts.id_map["new"] == [255]
    assert facts.sha256 == sha256(tmp_path / "config.json")


def test_optional_keys_may_be_absent(tmp_path: Path) -> None:
    facts = read_config(
        write(tmp_path, phoneme_type="absent", num_symbols="absent", num_speakers="absent", hop_length="absent"), RATE, "ru"
    )
    assert facts.valid


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"audio": "absent"}, "audio.sample_rate: a number of Hz is needed, not None"),
        ({"audio": []}, "audio.sample_rate: a number of Hz is needed, not None"),
        ({"audio": {"sample_rate": "22050"}}, "audio.sample_rate: a number of Hz is needed, not '22050'"),
        ({"audio": {"sample_rate": True}}, "audio.sample_rate: a number of Hz is needed, not True"),
        ({"audio": {"sample_rate": 0}}, "audio.sample_rate: a number of Hz is needed, not 0"),
        ({"espeak": {}}, "espeak.voice: the name of an espeak voice is needed, not None"),
        ({"espeak": {"voice": "nope"}}, "espeak.voice: 'nope' is no voice of espeak-ng"),
        ({"espeak": {"voice": "uk"}}, "espeak.voice: 'uk', the voice file says 'ru'"),
        ({"phoneme_type": "text"}, "phoneme_type: 'text'"),
        ({"num_symbols": 0}, "num_symbols: a number over 0 is needed, not 0"),
        ({"num_speakers": 2}, "num_speakers: 2"),
        ({"hop_length": 512}, "hop_length: 512; Piper trains with 256 only"),
        ({"hop_length": "256"}, "hop_length: '256'; Piper"),
        ({"phoneme_id_map": "absent"}, "phoneme_id_map: a mapping"),
        ({"phoneme_id_map": {}}, "phoneme_id_map: a mapping"),
        ({"phoneme_id_map": {**default_id_map(), "a": 14}}, "phoneme_id_map: 'a' has 14; a list"),
        ({"phoneme_id_map": {**default_id_map(), "a": []}}, "phoneme_id_map: 'a' has []; a list"),
        ({"phoneme_id_map": {**default_id_map(), "a": [-1]}}, "phoneme_id_map: 'a' has [-1]"),
        ({"phoneme_id_map": {**default_id_map(), "a": [256]}}, "phoneme_id_map: 'a' has the id 256, num_symbols is 256"),
        ({"phoneme_id_map": {"a": [1], "_": [0], " ": [2], "^": [3]}}, "phoneme_id_map: no id for '$'"),
    ],
)
def test_one_problem(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    facts = read_config(write(tmp_path, **changes), RATE, "ru")
    assert facts.present
    assert not facts.valid
    assert len(facts.problems) == 1
    assert said in facts.problems[0]
    assert str(tmp_path / "config.json") in facts.problems[0]


def test_another_rate_is_a_problem_with_a_rule_of_its_own(tmp_path: Path) -> None:
    facts = read_config(write(tmp_path, audio={"sample_rate": 16000}), RATE, "ru")
    assert (facts.valid, facts.sample_rate) == (True, 16000)
    assert "16000 Hz, the voice file says 22050 Hz" in facts.problems[0]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"[1]", "a JSON object is needed"),
        (b"\xef\xbb\xbf{}", "begins with a byte order mark (BOM)"),
        ("{}".encode("utf-16"), "not UTF-8: byte 0 is 0xff"),
        ("{}".encode("utf-16-le"), "not JSON"),
        ("«".encode("cp1251"), "not UTF-8: byte 0 is 0xab"),
        (b'{"espeak": {"voice": "\\ud800"}}', "half a character (U+D800)"),
        (b'{"phoneme_id_map": {"\\udfff": [1]}}', "half a character (U+DFFF)"),
        (b'{"a": NaN}', "NaN is no JSON number"),
        (b"[" * 100_000, "nested too deep"),
        (b'{"a":' * 900 + b"1" + b"}" * 900, "nested too deep"),
        (b'{"audio": ' + b"9" * 5000 + b"}", "not JSON"),
    ],
)
def test_not_a_json_object(tmp_path: Path, data: bytes, said: str) -> None:
    """The gate says what is wrong, and training's own reader refuses the same files, not others."""
    with pytest.raises(vits_data.DatasetError, match=r"config\.json: not readable"):
        vits_data.read_config(write_bytes(tmp_path, data))
    facts = read_config(tmp_path, RATE, "ru")
    assert (facts.present, facts.valid, facts.sample_rate, facts.espeak_voice) == (True, False, 0, "")
    assert said in facts.problems[0]
    assert facts.id_map == default_id_map()


def test_none(tmp_path: Path) -> None:
    facts = read_config(tmp_path, RATE, "ru")
    assert (facts.present, facts.valid, facts.sha256) == (False, False, "")
    assert "config.json: no such file" in facts.problems[0]


def test_a_folder_of_that_name(tmp_path: Path) -> None:
    (tmp_path / "config.json").mkdir()
    facts = read_config(tmp_path, RATE, "ru")
    assert (facts.present, facts.valid) == (True, False)
    assert "cannot be read" in facts.problems[0]


def test_a_link_to_outside(tmp_path: Path) -> None:
    (tmp_path / "dataset").mkdir()
    write(tmp_path)
    (tmp_path / "dataset" / "config.json").symlink_to(tmp_path / "config.json")
    facts = read_config(tmp_path / "dataset", RATE, "ru")
    assert (facts.present, facts.valid, facts.sha256) == (True, False, "")
    assert "leads out of the data set" in facts.problems[0]
