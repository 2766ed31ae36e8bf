"""The data set's config.json: every problem that stops Piper's training."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from voice_assets.dataset import espeak
from voice_assets.dataset.config import ConfigError, load_config, read_config
from voice_assets.dataset.espeak import default_id_map
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


def test_a_valid_config(tmp_path: Path) -> None:
    facts = read_config(write(tmp_path, phoneme_id_map={**default_id_map(), "new": [255]}), RATE, "ru")
    assert (facts.present, facts.valid, facts.sample_rate, facts.espeak_voice, facts.problems) == (True, True, RATE, "ru", [])
    assert facts.id_map["new"] == [255]
    assert facts.sha256 == sha256(tmp_path / "config.json")


def test_optional_keys_may_be_absent(tmp_path: Path) -> None:
    facts = read_config(
        write(tmp_path, phoneme_type="absent", num_symbols="absent", num_speakers="absent", hop_length="absent"), RATE, "ru"
    )
    assert facts.valid


def test_a_config_of_piper_1_0_is_accepted(tmp_path: Path) -> None:
    """It has neither hop_length nor phoneme_type, and the 130 phonemes of its time, in the order of today's ids."""
    ids = {phoneme: number for phoneme, number in default_id_map().items() if max(number) < 130}
    assert len(ids) == 130
    old = {"hop_length": "absent", "phoneme_type": "absent", "piper_version": "1.0.0", "phoneme_map": {}}
    facts = read_config(write(tmp_path, phoneme_id_map=ids, speaker_id_map={}, inference={"noise_w": 0.8}, **old), RATE, "ru")
    assert (facts.valid, facts.problems) == (True, [])


def test_a_rate_that_no_model_has(tmp_path: Path) -> None:
    (problem,) = read_config(write(tmp_path, audio={"sample_rate": 44100}), RATE, "ru").problems
    assert "audio.sample_rate: 44100 Hz, the voice file says 22050 Hz; Piper has no model of 44100 Hz" in problem
    assert "resample the clips" in problem


NO_END = {"a": [1], "_": [0], " ": [2], "^": [3]}
PROBLEMS: list[tuple[dict[str, Any], str]] = [
    ({"audio": "absent"}, "audio: an object with sample_rate is needed, the key is missing"),
    ({"audio": []}, "audio: an object with sample_rate is needed, not []"),
    ({"audio": {}}, "audio.sample_rate: a number of Hz is needed, the key is missing"),
    ({"audio": {"sample_rate": None}}, "audio.sample_rate: a number of Hz is needed, not None"),
    ({"audio": {"sample_rate": "22050"}}, "audio.sample_rate: a number of Hz is needed, not '22050'"),
    ({"audio": {"sample_rate": 22050.0}}, "audio.sample_rate: a number of Hz is needed, not 22050.0"),
    ({"audio": {"sample_rate": True}}, "audio.sample_rate: a number of Hz is needed, not True"),
    ({"audio": {"sample_rate": 0}}, "audio.sample_rate: a number of Hz is needed, not 0"),
    ({"espeak": {}}, "espeak.voice: the name of an espeak voice is needed, the key is missing"),
    ({"espeak": {"voice": ""}}, "espeak.voice: the name of an espeak voice is needed, not ''"),
    ({"phoneme_type": "text"}, "phoneme_type: 'espeak', the only type handled here, is needed, not 'text'"),
    (
        {"phoneme_type": "PhonemeType.ESPEAK"},
        "phoneme_type: 'espeak', the only type handled here, is needed, not 'PhonemeType.ESPEAK'; a version of Piper wrote "
        'this by mistake, so write "espeak"',
    ),
    ({"num_symbols": 0}, "num_symbols: a number over 0 is needed, not 0"),
    ({"num_symbols": None}, "num_symbols: a number over 0 is needed, not None"),
    ({"num_speakers": 2}, "num_speakers: 1, a data set of one speaker, is needed, not 2"),
    ({"hop_length": 512}, "hop_length: 256, the only value Piper trains with, is needed, not 512"),
    ({"hop_length": "256"}, "hop_length: 256, the only value Piper trains with, is needed, not '256'"),
    ({"inference": []}, "inference: an object is needed, not []"),
    ({"phoneme_id_map": "absent"}, "phoneme_id_map: a mapping of phonemes to lists of ids is needed, the key is missing"),
    ({"phoneme_id_map": {}}, "phoneme_id_map: a mapping of phonemes to lists of ids is needed, not {}"),
    ({"phoneme_id_map": {**default_id_map(), "a": 14}}, "phoneme_id_map: 'a' has 14; a list of ids from 0 is needed"),
    ({"phoneme_id_map": {**default_id_map(), "a": []}}, "phoneme_id_map: 'a' has []; a list of ids from 0 is needed"),
    ({"phoneme_id_map": {**default_id_map(), "a": [-1]}}, "phoneme_id_map: 'a' has [-1]; a list of ids from 0 is needed"),
    ({"phoneme_id_map": {**default_id_map(), "x": [True]}}, "phoneme_id_map: 'x' has [True]; a list of ids from 0 is needed"),
    ({"phoneme_id_map": {**default_id_map(), "a": [256]}}, "phoneme_id_map: 'a' has the id 256, num_symbols is 256"),
    ({"phoneme_id_map": NO_END}, "phoneme_id_map: no id for '$', which Piper puts into every sentence"),
]


@pytest.mark.parametrize(("changes", "problem"), PROBLEMS)
def test_one_problem(tmp_path: Path, changes: dict[str, Any], problem: str) -> None:
    """The facts for the rules name the problem, and `load_config` rejects the same file with the same message."""
    facts = read_config(write(tmp_path, **changes), RATE, "ru")
    assert (facts.present, facts.valid, facts.problems) == (True, False, [f"{tmp_path / 'config.json'}: {problem}"])
    with pytest.raises(ConfigError) as error:
        load_config(tmp_path / "config.json")
    assert str(error.value) == facts.problems[0]


@pytest.mark.parametrize(
    ("voice", "problem"),
    [
        ("nope", "'nope' is not a voice of espeak-ng"),
        ("fo", espeak.voice_problem("fo")),
        ("roa/fr", "'roa/fr', the voice file says 'ru'"),
        ("uk", "'uk', the voice file says 'ru'"),
    ],
)
def test_another_espeak_voice_is_a_problem_for_the_rules_only(tmp_path: Path, voice: str, problem: str) -> None:
    facts = read_config(write(tmp_path, espeak={"voice": voice}), RATE, "ru")
    assert (facts.valid, facts.espeak_voice) == (False, voice)
    assert facts.problems == [f"{tmp_path / 'config.json'}: espeak.voice: {problem}"]


def test_every_problem_is_a_line_and_valid_parts_are_still_read(tmp_path: Path) -> None:
    ids = {**default_id_map(), "a": [999], "b": []}
    facts = read_config(write(tmp_path, num_speakers=2, phoneme_id_map=ids, espeak={"voice": "uk"}), RATE, "ru")
    assert [problem.split(": ", 1)[1] for problem in facts.problems] == [
        "phoneme_id_map: 'a' has the id 999, num_symbols is 256",
        "phoneme_id_map: 'b' has []; a list of ids from 0 is needed",
        "num_speakers: 1, a data set of one speaker, is needed, not 2",
        "espeak.voice: 'uk', the voice file says 'ru'",
    ]
    assert (facts.sample_rate, facts.espeak_voice, facts.id_map) == (RATE, "uk", default_id_map())
    with pytest.raises(ConfigError) as error:
        load_config(tmp_path / "config.json")
    assert str(error.value).splitlines() == facts.problems[:3]


def test_ids_are_used_although_other_keys_are_wrong(tmp_path: Path) -> None:
    facts = read_config(write(tmp_path, num_speakers=2, phoneme_id_map={**default_id_map(), "new": [255]}), RATE, "ru")
    assert (facts.valid, facts.id_map["new"]) == (False, [255])


def test_a_long_value_does_not_fill_the_message(tmp_path: Path) -> None:
    facts = read_config(
        write(tmp_path, hop_length="x" * 10_000, phoneme_id_map={**default_id_map(), "a": ["y" * 9999]}), RATE, "ru"
    )
    assert [len(problem) < 300 for problem in facts.problems] == [True, True]


def test_a_config_is_loaded(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, vowel_clusters=[["a", "i"]]) / "config.json")
    assert (config.sample_rate, config.espeak_voice, config.num_symbols) == (RATE, "ru", 256)
    assert config.phoneme_id_map == default_id_map()
    assert config.model_dump()["vowel_clusters"] == [["a", "i"]]


def test_the_config_that_piper_writes_is_loaded(tmp_path: Path) -> None:
    """The export reads the file that Piper's trainer writes beside the checkpoints."""
    from piper.config import PhonemeType
    from piper.config import PiperConfig as LibraryConfig

    written = LibraryConfig(
        num_symbols=256,
        num_speakers=1,
        sample_rate=RATE,
        espeak_voice="ru",
        phoneme_id_map=default_id_map(),
        phoneme_type=PhonemeType.ESPEAK,
        piper_version="1.5.0",
    ).to_dict()
    (tmp_path / "config.json").write_text(json.dumps(written), encoding="utf-8")
    assert load_config(tmp_path / "config.json").model_dump() == written


def test_another_rate_is_a_problem_with_a_rule_of_its_own(tmp_path: Path) -> None:
    facts = read_config(write(tmp_path, audio={"sample_rate": 16000}), RATE, "ru")
    assert (facts.valid, facts.sample_rate) == (True, 16000)
    assert "16000 Hz, the voice file says 22050 Hz" in facts.problems[0]


@pytest.mark.parametrize(
    ("data", "message"),
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
        (b'{"a": NaN}', "NaN is not a JSON number"),
        (b"[" * 100_000, "nested too deep"),
        (b'{"a":' * 900 + b"1" + b"}" * 900, "nested too deep"),
        (b'{"audio": ' + b"9" * 5000 + b"}", "not JSON"),
    ],
)
def test_not_a_json_object(tmp_path: Path, data: bytes, message: str) -> None:
    """The facts for the rules name the problem, and `load_config` rejects the same files."""
    with pytest.raises(ConfigError, match=re.escape(f"{tmp_path / 'config.json'}: ") + ".*" + re.escape(message)):
        load_config(write_bytes(tmp_path, data))
    facts = read_config(tmp_path, RATE, "ru")
    assert (facts.present, facts.valid, facts.sample_rate, facts.espeak_voice) == (True, False, 0, "")
    assert message in facts.problems[0]
    assert facts.id_map == default_id_map()


def test_a_missing_config(tmp_path: Path) -> None:
    facts = read_config(tmp_path, RATE, "ru")
    assert (facts.present, facts.valid, facts.sha256) == (False, False, "")
    assert "config.json: no such file" in facts.problems[0]
    with pytest.raises(ConfigError, match=r"config\.json: cannot be read: No such file"):
        load_config(tmp_path / "config.json")


def test_a_folder_named_config_json(tmp_path: Path) -> None:
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
