"""Voice files: the plan's values as defaults, a description of every setting, errors that name file, key and value."""

from pathlib import Path

import pytest

from voice_assets.dataset.config import HOP_LENGTH
from voice_assets.voices import Section, Voice, VoiceError, load_voice, load_voices

MINIMAL = """\
dataset: ../data
title: Felix Mirage
language: ru
region: RU
espeak_voice: ru
"""


def write(folder: Path, content: str, name: str = "felix_mirage") -> Path:
    file = folder / f"{name}.yaml"
    file.write_text(content, encoding="utf-8")
    return file


def test_the_plans_values_are_the_defaults(tmp_path: Path) -> None:
    voice = load_voice(write(tmp_path, MINIMAL))
    assert voice.name == "felix_mirage"
    assert voice.dataset == tmp_path.parent / "data"
    assert (voice.sample_rate, voice.limits.max_duration_s) == (22050, 15.0)
    assert (voice.quality.sample_count, voice.quality.suspect_top) == (30, 100)
    assert (voice.quality.max_text_length_p95, voice.quality.max_duplicate_ratio) == (300, 0.05)
    assert (voice.asr_sample.clips, voice.asr_sample.model) == (300, "medium")
    assert (voice.asr_sample.min_mean_similarity, voice.asr_sample.max_low_ratio) == (0.85, 0.10)
    assert (voice.whisper.model, voice.whisper.compute_type, voice.whisper.beam_size) == ("large-v3", "float16", 5)
    assert (voice.whisper.batch_size, voice.whisper.progress_every, voice.whisper.low_similarity) == (8, 200, 0.8)
    assert (voice.whisper.min_mean_similarity, voice.whisper.max_low_ratio) == (0.90, 0.02)
    assert voice.package_name == "ru_RU-felix_mirage-medium"


def test_a_data_set_on_a_store_has_a_local_copy_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICE_ASSETS_ROOT", str(tmp_path))
    voice = load_voice(write(tmp_path, MINIMAL.replace("../data", "s3://bucket/sets/felix/")))
    assert voice.dataset_place == voice.dataset_url == "s3://bucket/sets/felix"
    assert voice.dataset == tmp_path / "artifacts" / "felix_mirage" / "dataset"
    assert not voice.lacks_dataset
    assert not voice.dataset.exists()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("s3://me:hidden@bucket/felix", "this URL holds a password"),
        ("s3://hidden@bucket/felix", "this URL holds a password"),
        ("s3://bucket/felix?key=hidden", "this URL holds a password, a key or a query"),
        ("s3://me:hidden@[bucket/felix", "Invalid IPv6 URL"),
        ("s3:///felix", "names no bucket"),
        ("https://example.org/felix", "write a folder, or s3://<bucket>/<folder> (value: 'https://example.org/felix')"),
    ],
)
def test_a_url_that_no_data_set_can_have(tmp_path: Path, url: str, words: str) -> None:
    with pytest.raises(VoiceError) as raised:
        load_voice(write(tmp_path, MINIMAL.replace("../data", url)))
    assert "felix_mirage.yaml: dataset: " in str(raised.value)
    assert words in str(raised.value)
    assert "hidden" not in str(raised.value)
    assert raised.value.__cause__ is None


def settings_of(section: type[Section], prefix: str = "") -> dict[str, str]:
    """Key and description of every setting of ``section`` and the sections in it."""
    found: dict[str, str] = {}
    for name, field in section.model_fields.items():
        if isinstance(field.default, Section):
            found |= settings_of(type(field.default), f"{prefix}{name}.")
        else:
            found[f"{prefix}{name}"] = field.description or ""
    return found


def test_every_setting_has_a_description_and_every_ratio_its_range() -> None:
    settings = settings_of(Voice)
    assert {"dataset", "whisper.retry_below", "training.segment_size"} <= set(settings)
    assert [key for key, description in settings.items() if not description.endswith(".")] == []
    ratios = {key: text for key, text in settings.items() if key.endswith(("_ratio", "_share", "_similarity", "_below"))}
    assert [key for key, text in ratios.items() if "0 to 1" not in text] == []


def test_a_segment_is_a_multiple_of_the_hop_length(tmp_path: Path) -> None:
    voice = load_voice(write(tmp_path, f"{MINIMAL}training:\n  segment_size: {3 * HOP_LENGTH}\n"))
    assert voice.training.segment_size == 3 * HOP_LENGTH
    with pytest.raises(VoiceError, match=r"multiple of the hop length"):
        load_voice(write(tmp_path, f"{MINIMAL}training:\n  segment_size: {3 * HOP_LENGTH + HOP_LENGTH // 2}\n"))


@pytest.mark.parametrize(
    ("addition", "key", "value"),
    [
        ("wisper: {}\n", "wisper", "{}"),
        ("whisper:\n  beams: 5\n", "whisper.beams", "5"),
        ("shards: many\n", "shards", "'many'"),
        ("shards: 0\n", "shards", "0"),
        ("sample_rate: 22050.5\n", "sample_rate", "22050.5"),
        ("whisper:\n  low_similarity: 1.2\n", "whisper.low_similarity", "1.2"),
        ("limits:\n  min_duration_s: 20.0\n", "limits.min_duration_s", "must be below max_duration_s, which is 15.0"),
        ("training:\n  segment_size: 1000\n", "training.segment_size", "1000"),
        ("samples:\n  sentences: [Раз]\n", "samples.sentences", "1 sentences"),
        ("samples:\n  sentences: [Раз два, Три, Три, Пять, Семь]\n", "samples.sentences", "'Три' is there twice"),
        ("samples:\n  slowest: 1.5\n", "samples.fastest", "1.4"),
        ("samples:\n  repeats: 6\n", "samples.repeats", "6"),
        ("samples:\n  recordings: 1\n", "samples.recordings", "1"),
        ("name: other\n", "name", "'other'"),
        ("owner: Bob\n", "owner", "'Bob'"),
        ("quality:\n  max_edge_spike: .inf\n", "quality.max_edge_spike", "inf"),
    ],
)
def test_an_error_names_file_key_and_value(tmp_path: Path, addition: str, key: str, value: str) -> None:
    file = write(tmp_path, MINIMAL + addition)
    with pytest.raises(VoiceError) as caught:
        load_voice(file)
    assert str(caught.value).startswith(f"{file}: {key}: ")
    assert value in str(caught.value)


def test_one_error_names_every_problem(tmp_path: Path) -> None:
    file = write(tmp_path, "language: russian\nshards: 0\n")
    with pytest.raises(VoiceError) as caught:
        load_voice(file)
    message = str(caught.value)
    assert all(f"{file}: {key}:" in message for key in ("language", "shards", "dataset", "title", "region", "espeak_voice"))


@pytest.mark.parametrize("content", ["", "- a\n- b\n", "a: [1,\n", "\x00"])
def test_a_file_without_a_mapping_is_an_error_that_names_the_file(tmp_path: Path, content: str) -> None:
    file = write(tmp_path, content)
    with pytest.raises(VoiceError, match=r"felix_mirage\.yaml"):
        load_voice(file)


def test_a_file_that_is_not_utf8_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    file = tmp_path / "felix_mirage.yaml"
    file.write_bytes("title: Феликс".encode("cp1251"))
    with pytest.raises(VoiceError, match=r"felix_mirage\.yaml"):
        load_voice(file)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (MINIMAL + "1: x\n", "the key 1 is not text"),
        (MINIMAL + "on: true\n", "the key True is not text"),
        (MINIMAL + "whisper:\n  low_similarity: 0.7\nwhisper:\n  beam_size: 4\n", "line 8: the key 'whisper' is there twice"),
        (MINIMAL.replace("Felix Mirage", "2020-99-99"), "month"),
        (MINIMAL.replace("../data", "~nosuchuser/x"), "home directory"),
        (MINIMAL.replace("../data", '"a\\0b"'), "null byte"),
        (MINIMAL + "shards: " + "1" * 5000, "digits"),
        ("[" * 3000, "recursion"),
    ],
)
def test_a_broken_file_does_not_affect_another_voice(tmp_path: Path, content: str, words: str) -> None:
    write(tmp_path, MINIMAL, "good")
    write(tmp_path, content, "bad")
    voices, (broken,) = load_voices(tmp_path)
    assert [voice.name for voice in voices] == ["good"]
    assert words in broken.error
    assert "bad.yaml" in broken.error


def test_broken_files_have_different_names(tmp_path: Path) -> None:
    for name in ("a-b", "a b", "a_b"):
        write(tmp_path, "nothing", name)
    (tmp_path / "a_b.yml").write_text(MINIMAL, encoding="utf-8")
    _, broken = load_voices(tmp_path)
    assert len({one.name for one in broken}) == 4


def test_a_file_with_the_other_ending_is_not_left_out(tmp_path: Path) -> None:
    (tmp_path / "felix.yml").write_text(MINIMAL, encoding="utf-8")
    voices, (broken,) = load_voices(tmp_path)
    assert voices == []
    assert broken.error == f"{tmp_path / 'felix.yml'}: the ending of a voice file is .yaml, not .yml; call the file felix.yaml"


@pytest.mark.parametrize("name", ["Felix", "9lives", "a-b", "имя"])
def test_a_file_name_that_cannot_be_an_asset_key_is_an_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(VoiceError, match="name"):
        load_voice(write(tmp_path, MINIMAL, name))


def test_yaml_cannot_run_code(tmp_path: Path) -> None:
    file = write(tmp_path, MINIMAL + "owner: !!python/object/apply:os.getcwd []\n")
    with pytest.raises(VoiceError):
        load_voice(file)


def test_a_broken_file_is_returned_beside_the_valid_voices(tmp_path: Path) -> None:
    write(tmp_path, MINIMAL, "good")
    write(tmp_path, MINIMAL + "shards: 0\n", "bad")
    voices, broken = load_voices(tmp_path)
    assert [voice.name for voice in voices] == ["good"]
    assert [(one.name, "shards" in one.error) for one in broken] == [("bad", True)]


def test_the_voices_of_this_project_load() -> None:
    voices, broken = load_voices(Path(__file__).resolve().parent.parent / "voices")
    assert broken == []
    assert {"ivrvoice_ru", "felix_mirage"} <= {voice.name for voice in voices}
