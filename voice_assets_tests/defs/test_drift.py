"""`drift_report` on a real graph: the hypotheses are written by hand, everything after them runs."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest
from dagster._core.event_api import PartitionKeyFilter

from voice_assets.curation.decisions import RECORD, write_record
from voice_assets.dataset.tables import TRANSCRIPTS, frame
from voice_assets.definitions import build_definitions
from voice_assets.orchestration.records import (
    LOG,
    SETTINGS,
    SUITE,
    TABLE,
    TABLE_IS_EVIDENCE,
    WEIGHTS,
    Materialisation,
    pins_json,
)
from voice_assets.orchestration.still_valid import CHECK, NOTHING
from voice_assets.orchestration.tables import content_version, put
from voice_assets.runtime.tsv import read_table
from voice_assets_tests.orchestration.recorded_events import Records
from voice_assets_tests.toy_project import SHARDS, ToyProject, copied, opened

pytestmark = pytest.mark.slow
EPOCH = "v0-e0001"
ADVISORY = {f"quality_report/no_duration_spike_{end}": "every clip has the same length" for end in ("start", "end")}
QUIET = {"asr_sample": {"clips": 0}, "advisory": ADVISORY, "whisper": {"max_low_ratio": 0.15}}


class Transcribed(ToyProject):
    """A project whose shards get their hypotheses from a test."""

    def transcribe(self, similarities: Mapping[str, float] | None = None) -> None:
        """Record a passed ``whisper_shard`` for each shard: similarity 1.0, and ``similarities`` by clip id."""
        records, graph = Records(self.instance), self.gate().graph
        for shard in SHARDS:
            clips = self.latest("clips", shard)
            table = _transcripts(pd.read_parquet(self.file("clips", "table", shard)), similarities or {})
            made = put(self.store, f"artifacts/toy/tables/whisper_shard/{shard}/{clips.storage_id}.parquet", table)
            key = dg.AssetKey(["toy", "whisper_shard"])
            done = records.materialise(
                *(key, content_version(table), shard, str(graph.get(key).code_version)),
                **{TABLE: made.as_json(), LOG: made.as_json(), TABLE_IS_EVIDENCE: "transcripts", WEIGHTS: "0" * 64},
                **{SETTINGS: {"model": "base"}, "upstream": pins_json([clips.pin(), *self._gates()])},
            )
            self._pass(done)

    def _pass(self, made: Materialisation) -> Materialisation:
        """Record that every rule passed."""
        gate = self.gate()
        for rule in gate.rules(made.key):
            Records(self.instance).judge(rule.name, made, True, str(gate.graph.get_check_spec(rule).metadata[SUITE]))
        return made

    def _gates(self) -> list:
        return [self.latest(name).pin(gate_only=True) for name in ("base_validation", "quality_report")]

    def change_text(self, old: str, new: str) -> None:
        """Change a text of the data set, and validate as far as ``quality_report``."""
        metadata = self.dataset / "metadata_2col.csv"
        metadata.write_text(metadata.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
        self.validate()
        self.up_to_quality()

    def up_to_quality(self) -> None:
        assert all(one.success for one in [*self.run_shards("clip_stats"), self.run("quality_report")])

    def make_package(self) -> None:
        """Record a training on the newest validation, its checkpoint, an ONNX voice and a package."""
        records = Records(self.instance)
        key = {
            name: dg.AssetKey(["toy", name])
            for name in ("mini_training", "training", "checkpoint", "onnx_voice", "voice_package")
        }
        self.instance.add_dynamic_partitions("toy_epochs", [EPOCH])
        validation = pins_json([self.latest("whisper_validation").pin(gate_only=True)])
        facts = {"version": 0, "checkpoints": {EPOCH: "weights"}, "config_sha256": "config"}
        for training in ("mini_training", "training"):
            self._pass(records.materialise(key[training], "trained", **facts, upstream=validation))
        files = {
            name: {"uri": f"artifacts/{name}", "sha256": sha256, "bytes": 1}
            for name, sha256 in (("checkpoint", "weights"), ("config", "config"))
        }
        made = records.materialise(key["checkpoint"], "weights", EPOCH, **files)
        for name in ("onnx_voice", "voice_package"):
            made = self._pass(records.materialise(key[name], name, EPOCH, upstream=pins_json([made.pin()])))

    def shown(self, name: str) -> tuple[bool, str]:
        """The newest result of ``still_valid`` for the epoch of an asset."""
        check = dg.AssetCheckKey(dg.AssetKey(["toy", name]), CHECK)
        history = self.instance.event_log_storage.get_asset_check_execution_history
        evaluation = history(check, limit=1, partition_filter=PartitionKeyFilter(key=EPOCH))[0].evaluation
        assert isinstance(evaluation, dg.AssetCheckEvaluation)
        assert evaluation.severity == dg.AssetCheckSeverity.WARN
        return evaluation.passed, str(evaluation.description)

    def report(self) -> tuple[Path, dict]:
        """The folder of the newest drift report, and its ``drift.json``."""
        folder = self.file("drift_report", "report")
        return folder, json.loads((folder / "drift.json").read_text(encoding="utf-8"))

    def changed(self) -> dict[str, str]:
        """The clips of ``clips.tsv`` with their changes."""
        return {row["clip_id"]: row["changes"] for _, row in read_table(self.report()[0] / "clips.tsv", ("clip_id", "changes"))}


def _transcripts(clips: pd.DataFrame, similarities: Mapping[str, float]) -> pd.DataFrame:
    rows = []
    for clip in clips.to_dict("records"):
        similarity = similarities.get(str(clip["clip_id"]), 1.0)
        usual = {"hallucination": "", "categories": "", "decoding_pass": "fast"}
        flags = dict.fromkeys(("first_word_wrong", "last_word_wrong", "other_words", "other_numbers", "repeated"), False)
        same = {name: clip[name] for name in ("clip_id", "path", "audio_sha256", "duration_s")}
        hypothesis = clip["text"] if similarity == 1.0 else "Совсем другое."
        scores = {"similarity": similarity, "cer": 1 - similarity, "wer": 1 - similarity}
        rows.append({**same, "reference": clip["text"], "hypothesis": hypothesis, **usual, **flags, **scores})
    return frame(rows, TRANSCRIPTS)


@pytest.fixture(scope="module")
def passed_once(validated_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a project as far as a passed ``whisper_validation``, its first ``drift_report``, and a package."""
    root = copied(validated_once, tmp_path_factory.mktemp("passed"))
    with opened(root) as project:
        toy = Transcribed(root, project.dataset, project.instance)
        toy.write_voice(**QUIET)
        toy.up_to_quality()
        toy.transcribe()
        outcomes = [toy.run("whisper_validation"), toy.run("drift_report")]
        assert all(outcome.success for outcome in outcomes), outcomes
        toy.make_package()
    return root


@pytest.fixture
def passed(passed_once: Path, tmp_path: Path) -> Iterator[Transcribed]:
    with opened(copied(passed_once, tmp_path)) as project:
        yield Transcribed(project.root, project.dataset, project.instance)


def test_the_first_validation_is_compared_with_nothing(passed: Transcribed) -> None:
    folder, found = passed.report()
    assert (found["before"], found["verdict"], set(found["counts"].values())) == (None, "PASS", {0})
    assert "compared with nothing" in (folder / "drift_report.md").read_text(encoding="utf-8")
    assert passed.gate().staleness(passed.target("drift_report"), passed.latest("drift_report")) is None


def test_a_changed_clip_that_fails_is_named_and_the_package_shows_it(passed: Transcribed) -> None:
    good = passed.latest("whisper_validation")
    passed.change_text("номер один.", "номер сто один.")
    passed.transcribe({"clip-000": 0.2, "clip-004": 0.5, "clip-005": 0.9})
    assert not passed.run("whisper_validation").success
    assert any("low_similarity: failed" in one for one in passed.blockers("training_set"))
    assert passed.run("drift_report").success
    folder, found = passed.report()
    assert found["before"]["run_id"] == good.run_id
    assert (found["verdict"], found["counts"]["newly_low"], found["counts"]["worse"]) == ("FAIL", 2, 3)
    assert passed.changed() == {"clip-000": "newly_low worse text_changed", "clip-004": "newly_low worse", "clip-005": "worse"}
    (data,) = [one for one in found["differences"] if one["kind"] == "data"]
    assert data["what"].startswith("clips[")
    name = f"toy/voice_package[{EPOCH}]"
    assert "newer data, which this was not built from, fail" in found["affected"][name][0]
    for asset in ("checkpoint", "onnx_voice", "voice_package"):
        ok, words = passed.shown(asset)
        assert not ok
        assert "toy/whisper_validation: low_similarity: failed in run" in words
    assert {path.name for path in folder.iterdir()} == {"clips.tsv", "drift.json", "drift_report.html", "drift_report.md"}


def test_the_automation_asks_for_the_report_after_a_failure(passed: Transcribed) -> None:
    """In the UI, the failed check ends the run before the report."""
    key = dg.AssetKey(["toy", "drift_report"])
    seen = dg.evaluate_automation_conditions(build_definitions(), passed.instance)
    passed.transcribe({"clip-000": 0.2, "clip-004": 0.5})
    assert not passed.run("whisper_validation").success
    after = dg.evaluate_automation_conditions(build_definitions(), passed.instance, cursor=seen.cursor)
    assert (seen.get_num_requested(key), after.get_num_requested(key), after.total_requested) == (0, 1, 1)


def test_a_validation_that_passes_again_clears_the_mark(passed: Transcribed) -> None:
    bad = {"clip-000": 0.2, "clip-004": 0.5}
    passed.transcribe(bad)
    assert not passed.run("whisper_validation").success
    passed.run("drift_report")
    assert not passed.shown("voice_package")[0]
    passed.transcribe({"clip-004": 0.5})
    assert passed.run("whisper_validation").success
    assert "out of date" in str(passed.gate().staleness(passed.target("drift_report"), passed.latest("drift_report")))
    assert passed.run("drift_report").success
    assert passed.changed() == {"clip-004": "newly_low worse"}  # against the one that passed, not against the failure
    assert passed.shown("voice_package") == (True, NOTHING)


def test_the_same_data_that_fail_stricter_limits_speak_against_the_package(passed: Transcribed) -> None:
    """The limits change, and nothing else: the validation is judged again, and the report is out of date by its settings."""
    passed.write_voice(**{**QUIET, "whisper": {"max_low_ratio": 0.15, "min_mean_similarity": 0.999}})
    passed.transcribe({"clip-000": 0.9})
    assert not passed.run("whisper_validation").success
    assert passed.run("drift_report").success
    limits = [one for one in passed.report()[1]["differences"] if one["kind"] == "limits"]
    assert limits == [{"kind": "limits", "what": "rule mean_similarity", "before": ">= 0.9", "now": ">= 0.999"}]
    passed.write_voice(**QUIET)
    latest = passed.latest("drift_report")
    assert "code or settings" in str(passed.gate().staleness(passed.target("drift_report"), latest))


def test_kept_clips_do_not_fail_a_validation_and_the_report_says_who_kept_them(passed: Transcribed) -> None:
    passed.transcribe({"clip-000": 0.7, "clip-004": 0.7})
    assert not passed.run("whisper_validation").success
    clips = pd.concat([pd.read_parquet(passed.file("clips", "table", shard)) for shard in SHARDS])
    (clip,) = clips[clips["clip_id"] == "clip-000"].to_dict("records")
    texts = {"old_text": clip["text"], "new_text": clip["text"], "audio_sha256": clip["audio_sha256"]}
    kept = {"version": "dataset-v2", "row": "1", "clip_id": "clip-000", "decision": "keep", "by": "Анна", **texts}
    write_record(passed.dataset / RECORD, [kept])
    assert passed.run("whisper_validation").success
    newest = passed.latest("whisper_validation").metadata
    assert (newest["low_similarity"], newest["kept_low"], newest["kept_by"]) == (1, 1, "Анна 1")
    summary = (passed.file("whisper_validation", "report") / "SUMMARY.txt").read_text(encoding="utf-8")
    assert "Low clips: 1 (10.00%, without 1 kept: Анна 1)" in summary
    assert passed.run_checks("whisper_validation").success  # the evidence alone says which clips are kept
    assert passed.run("drift_report").success
    assert passed.report()[1]["figures"]["now"]["kept_low"] == 1
