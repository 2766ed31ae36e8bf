"""All stages on real speech, each with its real component: from recordings to a package that speaks."""

import json
import shutil
from pathlib import Path
from urllib.parse import unquote

import dagster as dg
import pandas as pd
import pytest
import yaml

from voice_assets.orchestration.gates import AssetPartition
from voice_assets.orchestration.history import History
from voice_assets.orchestration.lineage import ancestry
from voice_assets.orchestration.still_valid import CHECK, NOTHING
from voice_assets.release.players import links_of, pages
from voice_assets.release.verification import verify_folder
from voice_assets.rules.suites import suite_names
from voice_assets_tests.defs.finished_voice import CANDIDATES, OTHER_TEXTS, REASON, TRAINED, run_cli
from voice_assets_tests.defs.finished_voice import finished as finished
from voice_assets_tests.defs.finished_voice import winner as winner
from voice_assets_tests.defs.released_voice import expect_release
from voice_assets_tests.handbook.examples import run_in_finished
from voice_assets_tests.release.recorded_evidence import expect_evidence, expect_signature
from voice_assets_tests.toy_project import SHARDS, ToyProject

pytestmark = pytest.mark.slow


def test_a_run_makes_all_assets(finished) -> None:
    _, done = finished
    assert done.returncode == 0, done.stdout + done.stderr
    assert "toy: 18 of 18 assets" in done.stdout
    assert "voice_package" in done.stdout


def test_reports_have_the_names_people_know(finished) -> None:
    toy, _ = finished
    reports = toy.dataset / "reports"
    for pattern in (
        "validation_*.md",
        "validation_*.tsv",
        "quality_*/quality_report.md",
        "quality_*/quality_report.html",
        "quality_*/samples.tsv",
        "quality_*/suspects.tsv",
        "quality_*/stats.json",
        "asr_sample_*/asr_sample.tsv",
        "validation_whisper_sharded_*/SUMMARY.txt",
        "validation_whisper_sharded_*/runner.log",
        "validation_whisper_sharded_*/shard_reports/shard_1/validator_whisper.log",
        "validation_whisper_sharded_*/shard_reports/shard_0/validation_*.md",
        "validation_whisper_sharded_*/shard_reports/shard_0/validation_*.tsv",
        "training_*/training_report.md",
        "drift_*/drift_report.html",
        "drift_*/clips.tsv",
    ):
        assert list(reports.glob(pattern)), pattern


def test_checkpoints_are_partitions_with_their_file(finished) -> None:
    toy, _ = finished
    assert set(toy.instance.get_dynamic_partitions("toy_epochs")) == set(TRAINED)
    for epoch, training in zip(TRAINED, ("mini_training", "mini_training", "training"), strict=True):
        checkpoint = toy.latest("checkpoint", epoch)
        assert checkpoint.artifact("checkpoint").sha256 == checkpoint.data_version
        wrote = toy.gate().trainings.wrote(checkpoint)
        assert wrote is not None
        assert wrote.key.path[-1] == training
    for epoch in CANDIDATES:
        path = toy.store.open(toy.latest("checkpoint", epoch).artifact("checkpoint"))
        assert path.match("lightning_logs/version_0/checkpoints/epoch=*-*.ckpt")


def test_a_checkpoint_that_was_not_kept_is_gone_says_so_and_cannot_be_exported(finished) -> None:
    toy, _ = finished
    removed = toy.latest("checkpoint", TRAINED[0])
    assert not toy.store.exists(removed.artifact("checkpoint"))
    (blocker,) = toy.gate().blockers(AssetPartition(dg.AssetKey(["toy", "onnx_voice"]), TRAINED[0]))
    assert "training.keep: not one of the last 2" in blocker.reason


def test_the_candidates_compete_and_the_winner_is_packaged(finished, winner: str) -> None:
    toy, _ = finished
    assert toy.latest("training").metadata["candidates"] == list(CANDIDATES)
    tournament = toy.latest("best_epoch")
    assert {pin.partition for pin in tournament.pins if pin.asset == "toy/voice_samples"} == set(CANDIDATES)
    assert winner in CANDIDATES
    assert toy.instance.get_materialized_partitions(dg.AssetKey(["toy", "voice_package"])) == {winner}
    assert f"Rank 1 of {len(CANDIDATES)}" in (toy.file("voice_package", "package", winner) / "MODEL_CARD").read_text("utf-8")


def test_the_package_speaks_and_its_card_calls_the_voice_bad(finished, winner: str) -> None:
    toy, _ = finished
    folder = toy.file("voice_package", "package", winner)
    assert folder.name == "ru_RU-toy-medium"
    assert verify_folder(folder, sentence="Привет, это тестовый голос.").problems == []
    card = (folder / "MODEL_CARD").read_text(encoding="utf-8")
    assert "cannot be understood" in card
    suites = [name for name in suite_names() if name not in ("voice_package", "best_epoch", "release")]
    assert [name for name in suites if f"## Rules: {name}\n" not in card] == []
    assert REASON in card


def test_every_page_in_the_package_works_from_the_package_alone(finished, winner: str, tmp_path: Path) -> None:
    toy, _ = finished
    folder = tmp_path / "moved"
    shutil.copytree(toy.file("voice_package", "package", winner), folder)
    found = {page.name: links_of(page) for page in pages(folder)}
    assert {"quality_report.html", "whisper_report.html", "training_report.html", "best_epoch.html"} <= found.keys()
    assert [
        f"{page}: {link}" for page in pages(folder) for link in links_of(page) if not (page.parent / unquote(link)).is_file()
    ] == []
    played = [link for links in found.values() for link in links if link.startswith("../../wavs/")]
    assert {Path(link).name for link in played} == {path.name for path in (folder / "wavs").iterdir()}
    for clip in (folder / "wavs").iterdir():
        assert clip.read_bytes() == (toy.dataset / "wavs" / clip.name).read_bytes()


def test_the_package_has_the_training_its_curves_and_its_samples_as_flac(finished, winner: str) -> None:
    toy, _ = finished
    folder = toy.file("voice_package", "package", winner)
    training = json.loads((folder / "training.json").read_text(encoding="utf-8"))
    assert (training["epoch"], training["epochs"]) == (winner, len(TRAINED))
    assert (training["settings"]["batch_size"], training["settings"]["max_epochs"]) == (4, len(TRAINED))
    assert training["identity"]["quality"] == "medium"
    assert len((folder / "curves/epochs.tsv").read_text(encoding="utf-8").splitlines()) == len(TRAINED) + 1
    assert (folder / "curves/loss_curve.png").read_bytes().startswith(b"\x89PNG")
    wavs, flacs = ({path.stem for path in (folder / "samples").glob(f"*.{kind}")} for kind in ("wav", "flac"))
    assert wavs == flacs != set()


def test_a_package_made_again_has_the_same_bytes_and_nothing_of_its_run(finished, winner: str) -> None:
    toy, _ = finished
    first, archive = toy.latest("voice_package", winner), toy.file("voice_package", "archive", winner)
    before = archive.read_bytes()
    assert toy.run("voice_package", winner).success
    again = toy.latest("voice_package", winner)
    assert again.run_id != first.run_id
    assert again.artifact("archive").sha256 == first.artifact("archive").sha256
    assert again.data_version == first.data_version
    assert toy.file("voice_package", "archive", winner).read_bytes() == before
    assert first.run_id.encode() not in before


def test_the_evidence_is_what_was_recorded_and_a_key_signs_it(finished, winner: str, tmp_path: Path, monkeypatch) -> None:
    toy, _ = finished
    expect_evidence(toy.file("voice_package", "package", winner), toy.dataset)
    expect_signature(toy, winner, tmp_path, monkeypatch)


def test_lineage_leads_from_the_package_to_every_shard(finished, winner: str) -> None:
    toy, _ = finished
    package = toy.latest("voice_package", winner)
    found = {(one.key.path[-1], one.partition) for one in ancestry(toy.gate(), [package])}
    shards = {
        (name, shard) for name in ("clips", "clip_stats", "asr_sample", "whisper_shard") for shard in ("0-of-2", "1-of-2")
    }
    alone = {
        "base_validation",
        "quality_report",
        "asr_sample_report",
        "whisper_validation",
        "training_set",
        "mini_training",
        "training",
    }
    epochs = {("checkpoint", winner), ("onnx_voice", winner), ("voice_samples", winner), ("voice_package", winner)}
    assert found == shards | epochs | {(name, None) for name in alone}
    folder = toy.file("voice_package", "package", winner)
    listed = json.loads((folder / "lineage.json").read_text(encoding="utf-8"))["materialisations"]
    assert {(one["asset"].removeprefix("toy/"), one["partition"]) for one in listed} == found


def test_the_event_log_confirms_the_lineage_in_the_package(finished, winner: str) -> None:
    toy, _ = finished
    done = run_cli("lineage", str(toy.file("voice_package", "package", winner)))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "The event log says the same." in done.stdout
    assert "raw_dataset, 2 shards  data set " in done.stdout
    by_hash = run_cli("lineage", str(toy.file("checkpoint", "checkpoint", winner)))
    assert by_hash.stdout.startswith(f"checkpoint {winner}  ")


def test_the_ui_links_from_the_voice_to_its_runs_and_reports(finished, winner: str) -> None:
    toy, _ = finished
    for name in ("checkpoint", "onnx_voice", "voice_package"):
        table = toy.latest(name, winner).metadata["came_from"]
        assert f"](/runs/{toy.latest('whisper_validation').run_id})" in table, name
        assert "](/reports/toy/validation_whisper_sharded_" in table, name


def test_a_second_run_only_observes_the_data_set(finished) -> None:
    toy, _ = finished
    before = toy.instance.get_runs_count()
    done = run_cli("run", "toy")
    assert done.returncode == 0, done.stdout + done.stderr
    assert toy.instance.get_runs_count() == before + 1


def test_the_commands_of_the_handbook_run(finished, winner: str) -> None:
    run_in_finished(finished[0], winner)


def test_a_moved_project_is_current(finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toy, _ = finished
    moved = tmp_path / "another place"
    before = toy.instance.get_runs_count()
    toy.root.rename(moved)
    monkeypatch.setenv("VOICE_ASSETS_ROOT", str(moved))
    monkeypatch.setenv("DAGSTER_HOME", str(moved / ".dagster"))
    try:
        done = run_cli("run", "toy")
    finally:
        moved.rename(toy.root)
    assert done.returncode == 0, done.stdout + done.stderr
    assert toy.instance.get_runs_count() == before + 1  # the observation


def test_another_candidate_can_be_packaged_from_the_same_training(finished, winner: str) -> None:
    toy, _ = finished
    (other,) = set(CANDIDATES) - {winner}
    assert toy.latest("onnx_voice", other).pins[0].partition == other
    assert toy.blockers("voice_package", other) == []


def test_a_model_that_was_changed_on_disk_closes_the_gate_and_is_made_again(finished, winner: str) -> None:
    toy, _ = finished
    path = toy.file("onnx_voice", "model", winner)
    original = path.read_bytes()
    path.write_bytes(original[:-1] + bytes([original[-1] ^ 1]))
    outcome = toy.run("voice_package", winner)
    assert not outcome.success
    assert (
        f"toy/onnx_voice[{winner}]: out of date: {toy.store.uri(path)} has other bytes than those recorded" in outcome.message
    )
    assert run_cli("run", "toy", "--to", "onnx_voice").returncode == 0
    again = toy.file("onnx_voice", "model", winner)
    assert again != path
    assert again.read_bytes() == original
    assert toy.blockers("voice_package", winner) == []


def test_a_missing_whisper_model_is_an_error_that_lists_the_places_searched(finished) -> None:
    toy, _ = finished
    voice = toy.root / "voices" / "toy.yaml"
    text = voice.read_text(encoding="utf-8")
    content = yaml.safe_load(text)
    content["whisper"]["model"] = "enormous-v9"
    voice.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    try:
        outcome = toy.run("whisper_shard", "0-of-2")
    finally:
        voice.write_text(text, encoding="utf-8")
    assert not outcome.success
    assert "no Whisper weights 'enormous-v9': searched" in outcome.message


def test_removing_the_asr_sample_later_closes_no_gate(finished, winner: str) -> None:
    toy, _ = finished
    voice = toy.root / "voices" / "toy.yaml"
    text = voice.read_text(encoding="utf-8")
    content = yaml.safe_load(text)
    content["asr_sample"]["clips"] = 0
    voice.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    try:
        assert toy.blockers("training_set") == []
        assert toy.blockers("voice_package", winner) == []
    finally:
        voice.write_text(text, encoding="utf-8")


def test_another_config_is_another_training(finished, winner: str) -> None:
    toy, _ = finished
    file = toy.dataset / "config.json"
    original = file.read_text(encoding="utf-8")
    config = json.loads(original)
    config["phoneme_id_map"]["a"], config["phoneme_id_map"]["b"] = config["phoneme_id_map"]["b"], config["phoneme_id_map"]["a"]
    file.write_text(json.dumps(config), encoding="utf-8")
    try:
        run_cli("run", "toy", "--to", "training_set")
        gate = toy.gate()
        assert "out of date" in str(gate.staleness(toy.target("mini_training"), toy.latest("mini_training")))
        assert toy.blockers("onnx_voice", winner) == []  # the checkpoint keeps the config it was trained with
        assert toy.file("checkpoint", "config", winner).parent.name == "version_0"
    finally:
        file.write_text(original, encoding="utf-8")
        run_cli("run", "toy", "--to", "training_set")
    assert toy.gate().staleness(toy.target("mini_training"), toy.latest("mini_training")) is None


def still_valid(toy: ToyProject, name: str, epoch: str) -> tuple[bool, str]:
    """What the check ``still_valid`` says today about an epoch of an asset."""
    check = dg.AssetCheckKey(dg.AssetKey(["toy", name]), CHECK)
    result = History(toy.instance).verdict(check, toy.latest(name, epoch), None, newest=False).result
    assert result is not None
    return result.passed, str(result.description)


def test_a_failed_validation_is_compared_and_shown_on_what_was_made_before(finished, winner: str) -> None:
    toy, _ = finished
    results = ("checkpoint", "onnx_voice", "voice_package")
    sampled = {clip for shard in SHARDS for clip in pd.read_parquet(toy.file("asr_sample", "table", shard))["clip_id"]}
    metadata = toy.dataset / "metadata_2col.csv"
    original = metadata.read_text(encoding="utf-8")
    rows = [line.split("|") for line in original.splitlines()]
    wrong = dict(zip([name for name, _ in rows if name not in sampled], OTHER_TEXTS, strict=False))
    lines = [f"{name}|{wrong.get(name, text)}" for name, text in rows]
    metadata.write_text("\n".join(lines) + "\n", encoding="utf-8")
    try:
        done = run_cli("run", "toy", "--to", "training_set")
        failed = json.loads((toy.file("drift_report", "report") / "drift.json").read_text(encoding="utf-8"))
        shown = {name: still_valid(toy, name, winner) for name in results}
    finally:
        metadata.write_text(original, encoding="utf-8")
        again = run_cli("run", "toy", "--to", "training_set")
    assert (done.returncode, again.returncode) == (1, 0), done.stdout + again.stdout
    assert "whisper_validation: low_similarity: failed" in done.stdout
    assert "6 newly low, 6 worse" in done.stdout
    assert (failed["verdict"], failed["counts"]["newly_low"], failed["counts"]["text_changed"]) == ("FAIL", 6, 6)
    assert {one["kind"] for one in failed["differences"]} == {"data"}
    for passed, words in shown.values():
        assert not passed
        assert "newer data, which this was not built from, fail: toy/whisper_validation: low_similarity" in words
    assert {name: still_valid(toy, name, winner) for name in results} == dict.fromkeys(results, (True, NOTHING))


def test_the_package_is_released_and_nothing_more_is_asked(finished, winner: str) -> None:
    expect_release(finished[0], winner)


def test_swapped_texts_are_found_and_close_the_gate_before_training(finished, tmp_path: Path) -> None:
    toy, _ = finished
    metadata = toy.dataset / "metadata_2col.csv"
    original = metadata.read_text(encoding="utf-8")
    rows = [line.split("|") for line in original.splitlines()]
    texts = [text for _, text in rows]
    swapped = [f"{name}|{text}" for (name, _), text in zip(rows, texts[1:] + texts[:1], strict=True)]
    metadata.write_text("\n".join(swapped) + "\n", encoding="utf-8")
    try:
        done = run_cli("run", "toy", "--to", "training_set")
        latest = History(toy.instance).latest(dg.AssetKey(["toy", "training_set"]))
    finally:
        metadata.write_text(original, encoding="utf-8")
    assert done.returncode == 1
    assert "asr_sample_report" in done.stdout
    assert "mean_similarity: failed" in done.stdout
    assert latest is not None
    assert latest.metadata["clips"] == 12  # the training set of the correct texts
