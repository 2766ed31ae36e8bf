"""`voice-assets lineage`: from a name or a file to the data set, and from a validation to what was built on it."""

import json
import shutil
from pathlib import Path

import pytest

from voice_assets.orchestration.lineage import ancestry, lineage_json, unfinished
from voice_assets.orchestration.listening import record_listening
from voice_assets.orchestration.waivers import grant
from voice_assets.runtime.files import sha256, write_text
from voice_assets.runtime.storage import project_store
from voice_assets_tests.cli.projects import call, error_of
from voice_assets_tests.datasets import write_voice
from voice_assets_tests.recorded_voice import RecordedVoice

pytestmark = pytest.mark.slow

EPOCH = "v0-e0001"


@pytest.fixture
def package(recorded: RecordedVoice, tmp_path: Path) -> Path:
    """A package with the lineage that its run would write, in a folder outside the project."""
    gate = recorded.gate()
    made = gate.history.latest(recorded.target("voice_package").key, EPOCH)
    assert made is not None
    sources = [one for one in (gate.history.exact(pin) for pin in made.pins) if one is not None]
    root = unfinished(gate, recorded.target("voice_package", EPOCH), list(made.pins))
    folder = tmp_path / "downloads" / "ru_RU-toy-medium"
    write_text(folder / "lineage.json", json.dumps(lineage_json(gate, ancestry(gate, sources), root)))
    shutil.copy(file_of(recorded, "onnx_voice", "model"), folder / "ru_RU-toy-medium.onnx")
    write_text(folder / "samples" / "samples.tsv", "sample\n")
    names = ("lineage.json", "ru_RU-toy-medium.onnx", "samples/samples.tsv")
    write_text(folder / "SHA256SUMS", "".join(f"{sha256(folder / name)}  {name}\n" for name in names))
    return folder


def file_of(recorded: RecordedVoice, asset: str, entry: str) -> Path:
    made = recorded.gate().history.latest(recorded.target(asset).key, EPOCH)
    assert made is not None
    return project_store(recorded.voice).local(made.artifact(entry).uri)


def shown(*arguments: str) -> str:
    done = call("lineage", *arguments)
    assert done.exit_code == 0, done.output
    return done.stdout


def subject_of(*arguments: str) -> str:
    """The asset and partition that ``voice-assets lineage`` says the lineage is about."""
    root = json.loads(shown(*arguments, "--json"))["materialisations"][0]
    return f"{root['asset']}[{root['partition']}]"


def test_the_tree_leads_from_the_package_to_the_data_set(recorded: RecordedVoice) -> None:
    lines = shown("toy").splitlines()
    assert lines[0].startswith(f"voice_package {EPOCH}  PASS  ")
    for words in (f"checkpoint {EPOCH}", "mini_training  PASS", "whisper_validation (had to pass)  PASS", "clips, 2 shards"):
        assert len([line for line in lines if words in line and "see above" not in line]) == 1, words
    assert any("raw_dataset, 2 shards  data set " in line for line in lines)
    assert lines[-1] == "Nothing speaks against it today."


def test_all_shows_every_shard(recorded: RecordedVoice) -> None:
    tree = shown("toy", "--all")
    assert "clips 0-of-2  2" in tree
    assert "clips 1-of-2  2" in tree
    assert "2 shards" not in tree


@pytest.mark.parametrize(
    ("subject", "about"),
    [
        (("toy",), f"toy/voice_package[{EPOCH}]"),
        ((f"toy/{EPOCH}",), f"toy/voice_package[{EPOCH}]"),
        (("toy", "--epoch", "v0-e0000"), "toy/checkpoint[v0-e0000]"),
        (("toy/onnx_voice", "--epoch", EPOCH), f"toy/onnx_voice[{EPOCH}]"),
        (("toy/whisper_shard[1-of-2]",), "toy/whisper_shard[1-of-2]"),
        (("toy/whisper_shard/1-of-2",), "toy/whisper_shard[1-of-2]"),
        (("toy/whisper_validation",), "toy/whisper_validation[None]"),
    ],
)
def test_what_a_name_means(recorded: RecordedVoice, subject: tuple[str, ...], about: str) -> None:
    assert subject_of(*subject) == about


@pytest.mark.parametrize(("asset", "entry"), [("checkpoint", "checkpoint"), ("onnx_voice", "model"), ("onnx_voice", "config")])
def test_a_file_anywhere_is_found_by_its_hash(recorded: RecordedVoice, tmp_path: Path, asset: str, entry: str) -> None:
    renamed = shutil.copy(file_of(recorded, asset, entry), tmp_path / "something")
    assert subject_of(str(renamed)) == f"toy/{asset}[{EPOCH}]"


def test_a_report_folder_is_found_by_its_hash(recorded: RecordedVoice) -> None:
    assert subject_of(str(recorded.voice.reports_dir / "whisper_validation_A")) == "toy/whisper_validation[None]"


def test_an_unknown_file_is_told_with_its_hash_and_where_it_was_looked_for(recorded: RecordedVoice, tmp_path: Path) -> None:
    file = write_text(tmp_path / "other.onnx", "other")
    message = error_of("lineage", str(file))
    assert message.startswith(f"{file}: its SHA-256 is {sha256(file)}. No materialisation in {tmp_path}/project/.dagster")
    assert "--package" in message


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nope.onnx",), "there is no file 'nope.onnx', and no voice of that name in"),
        (("toy/nope",), "there is no asset 'nope' of a voice 'toy'; the assets of toy: raw_dataset"),
        (("toy/v7-e0000",), "there is no epoch 'v7-e0000' of toy; the newest epochs: v0-e0000, v0-e0001"),
        (("toy/a/b",), "there is no asset 'a' of a voice 'toy'; the assets of toy: raw_dataset"),
        (("toy/a/b/c",), "'toy/a/b/c' is no file and no name; give a voice"),
        (("toy", "--picture", "x.png"), "x.png: --picture writes what SUBJECT was made of, as a file *.svg"),
    ],
)
def test_errors_say_what_there_is(recorded: RecordedVoice, arguments: tuple[str, ...], message: str) -> None:
    assert error_of("lineage", *arguments).startswith(message)


def test_a_package_needs_no_project(package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICE_ASSETS_ROOT", str(tmp_path / "nowhere"))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "nowhere" / ".dagster"))
    for subject in (package, package / "ru_RU-toy-medium.onnx", package / "samples" / "samples.tsv"):
        printed = shown(str(subject))
        assert printed.startswith(f"voice_package {EPOCH}")
        assert "raw_dataset, 2 shards  data set " in printed
        assert f"Read from {package / 'lineage.json'}." in printed
    assert not (tmp_path / "nowhere").exists()


def test_a_package_knows_the_files_that_it_was_made_of(
    recorded: RecordedVoice, package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = shutil.copy(file_of(recorded, "checkpoint", "checkpoint"), tmp_path / "epoch=1.ckpt")
    stranger = write_text(tmp_path / "other.ckpt", "other")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "nowhere"))
    assert subject_of(str(checkpoint), "--package", str(package)) == f"toy/checkpoint[{EPOCH}]"
    assert "lineage.json names no such file" in error_of("lineage", str(stranger), "--package", str(package))


def test_the_event_log_confirms_a_package(package: Path) -> None:
    printed = shown(str(package))
    assert "The event log says the same." in printed
    assert "Nothing speaks against it today." in printed


def test_a_signature_is_not_in_the_list_that_it_signs(package: Path) -> None:
    write_text(package / "model.sig", "signed")
    assert "The event log says the same." in shown(str(package))
    write_text(package / "samples" / "model.sig", "not the signature")
    assert call("lineage", str(package)).exit_code == 1


def test_a_verdict_that_came_later_is_a_difference_and_an_objection(recorded: RecordedVoice, package: Path) -> None:
    validation = recorded.gate().history.latest(recorded.target("whisper_validation").key)
    assert validation is not None
    recorded.make("whisper_validation", failing=["mean_similarity"])
    done = call("lineage", str(package))
    assert done.exit_code == 1
    assert "toy/whisper_validation: the verdict of mean_similarity differs" in done.stdout
    assert "What speaks against it today:" in done.stdout


@pytest.mark.parametrize("changed", ["lineage.json", "ru_RU-toy-medium.onnx", "samples/samples.tsv", "another.txt"])
def test_a_changed_package_is_not_believed(package: Path, changed: str) -> None:
    write_text(package / changed, "changed")
    done = call("lineage", str(package))
    assert done.exit_code == 1
    assert f"{package / changed}: its SHA-256 is " in done.stderr
    assert "not the package as it was made" in done.stderr


def test_a_package_with_a_list_that_is_no_text_is_refused(package: Path) -> None:
    (package / "SHA256SUMS").write_bytes(b"\xff\xfe")
    assert error_of("lineage", str(package)).startswith(f"{package / 'SHA256SUMS'}: is not UTF-8: ")


def test_a_package_without_one_of_its_files_is_not_believed(package: Path) -> None:
    (package / "samples" / "samples.tsv").unlink()
    done = call("lineage", str(package))
    assert (done.exit_code, "samples.tsv: missing; SHA256SUMS lists it" in done.stderr) == (1, True)


def test_text_of_a_foreign_package_cannot_talk_to_the_terminal(package: Path) -> None:
    values = json.loads((package / "lineage.json").read_text(encoding="utf-8"))
    values["materialisations"][1]["asset"] = "toy/[red]\x1b[2J"
    values["materialisations"][0]["built_from"][0]["asset"] = "toy/[red]\x1b[2J"
    write_text(package / "lineage.json", json.dumps(values))
    sums = "".join(
        f"{sha256(package / name)}  {name}\n" for name in ("lineage.json", "ru_RU-toy-medium.onnx", "samples/samples.tsv")
    )
    write_text(package / "SHA256SUMS", sums)
    printed = call("lineage", str(package)).stdout
    assert r"[red]\x1b[2J" in printed
    assert "\x1b" not in printed


def test_a_waiver_is_shown_with_its_reason(recorded: RecordedVoice) -> None:
    made = recorded.make("whisper_validation", failing=["mean_similarity"])
    decision = {"rule": "whisper_validation/mean_similarity", "partition": None, "data_version": made.data_version}
    words = {"reason": "known names", "by": "Ann", "until": "2999-12-31", "observed": "0.5", "limit": ">= 0.9"}
    grant(recorded.instance, "toy", decision | words)
    tree = shown("toy/whisper_validation")
    assert tree.startswith("whisper_validation  WAIVED")
    assert (
        "WAIVED mean_similarity: Clips fit. (observed 0.5, limit >= 0.9); waived by Ann until 2999-12-31: known names" in tree
    )
    assert tree.endswith("Nothing speaks against it today.\n")


def test_what_a_person_heard_is_a_verdict(recorded: RecordedVoice) -> None:
    write_voice(recorded.voice.file, recorded.voice.dataset, shards=2, listening="required")
    heard = recorded.gate().history.latest(recorded.target("voice_samples").key, EPOCH)
    assert heard is not None
    record_listening(recorded.instance, heard, "rejected", "Ann", "hollow", [])
    assert "FAIL listening: rejected by Ann: hollow" in shown(f"toy/voice_samples[{EPOCH}]")


def test_the_picture(recorded: RecordedVoice, tmp_path: Path) -> None:
    shown("toy", "--picture", str(tmp_path / "toy.svg"))
    assert "clips, 2 shards" in (tmp_path / "toy.svg").read_text(encoding="utf-8")


def test_downstream_names_what_was_built_and_what_speaks_against_each(recorded: RecordedVoice) -> None:
    recorded.make("whisper_validation", failing=["mean_similarity"])
    values = json.loads(shown("--downstream", "toy/whisper_validation", "--json"))
    built = {one["asset"]: one["objections"] for one in values["built"]}
    assert list(built)[-1] == "toy/voice_package"
    assert all("mean_similarity: failed in run" in objections[0] for objections in built.values())
    table = shown("--downstream", "toy/whisper_validation")
    assert "Built on toy/whisper_validation" in table
    assert "v0-e0000, v0-e0001" in table


def test_downstream_of_the_last_asset_is_nothing(recorded: RecordedVoice) -> None:
    assert shown("--downstream", "toy") == f"Nothing was built on toy/voice_package[{EPOCH}].\n"


def test_downstream_needs_an_event_log(package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "nowhere"))
    assert "only an event log knows what was built on it" in error_of("lineage", "--downstream", str(package))
