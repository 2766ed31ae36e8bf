"""What can happen to a voice between two gates: by runs, by people, in the voice file, and by the calendar."""

import uuid
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import dagster as dg
from dagster._core.definitions.asset_checks.asset_check_evaluation import AssetCheckEvaluationPlanned

from voice_assets.orchestration.gates import AssetPartition, Gate
from voice_assets.orchestration.records import SUITE, Materialisation
from voice_assets.orchestration.shard_gates import ask
from voice_assets.orchestration.waivers import grant, revoke
from voice_assets.runtime import project
from voice_assets.runtime.storage import project_store
from voice_assets_tests.datasets import write_voice
from voice_assets_tests.recorded_voice import RecordedVoice, opened_voice

SHARDED = ("clips", "clip_stats", "asr_sample", "whisper_shard")
RULES = {"base_validation": "mono", "quality_report": "no_silent_clips"}


class DisturbedVoice:
    """A recorded voice, the day of its calendar, and what happens to it. ``shard`` is 0 or 1."""

    def __init__(self, instance: dg.DagsterInstance, day: date):
        self.instance, self.day = instance, day
        self.voice: RecordedVoice = opened_voice(instance)

    def targets(self) -> list[AssetPartition]:
        """Every shard of every sharded asset, as the voice file says today."""
        count = self.voice.voice.shards
        return [self.voice.target(name, f"{index}-of-{count}") for name in SHARDED for index in range(count)]

    def asked(self, target: AssetPartition) -> tuple[type[Gate], list[str]]:
        """The kind of gate that a run gets, and its blockers."""
        gate, blockers = ask(self.voice.graph, self.instance, target)
        return type(gate), [str(blocker) for blocker in blockers]

    def walked(self, target: AssetPartition) -> list[str]:
        """The blockers that the full gate finds."""
        return [str(blocker) for blocker in self.voice.gate().blockers(target)]

    def latest(self, name: str, shard: int | None = None) -> Materialisation | None:
        return self.voice.gate().history.latest(self.voice.target(name).key, None if shard is None else f"{shard}-of-2")

    def write(self, **changes: object) -> None:
        """Write the voice file with these keys beside those of the recorded voice."""
        write_voice(project.voices_dir() / "toy.yaml", Path("../dataset"), **{"shards": 2, **changes})
        self.voice = opened_voice(self.instance)

    def make(self, name: str, shard: int | None = None, data: str = "A", failing: bool = False) -> None:
        """Make an asset again from its newest inputs, where all of them are there."""
        try:
            self.voice.make(name, None if shard is None else f"{shard}-of-2", data, [RULES[name]] if failing else [])
        except AssertionError:
            return  # an input was wiped, or the voice has other shards today

    def judge(self, name: str, passed: bool) -> None:
        """Run a check again: one rule of the newest materialisation."""
        if (made := self.latest(name)) is not None:
            self.voice.judge(RULES[name], made, passed, self._suite(name))

    def _suite(self, name: str) -> str:
        check = dg.AssetCheckKey(self.voice.target(name).key, RULES[name])
        return str(self.voice.graph.get_check_spec(check).metadata[SUITE])

    def plan(self, name: str) -> str:
        """Start a run that only checks, and give no result. Returns the run."""
        planned = AssetCheckEvaluationPlanned(asset_key=self.voice.target(name).key, check_name=RULES[name])
        run = str(uuid.uuid4())
        self.voice._write(dg.DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED, planned, run)
        return run

    def ended(self, name: str, passed: bool) -> None:
        """A run that only checks, from its plan to its result, with gates that are asked in between."""
        run = self.plan(name)
        self.compare()
        if (made := self.latest(name)) is not None:
            self.voice.judge(RULES[name], made, passed, self._suite(name), run_id=run)

    def retried(self, name: str, passed: bool) -> None:
        """A run executes a check a second time: Dagster changes the row of the first result."""
        if (made := self.latest(name)) is not None and made.run_id:
            self.voice.judge(RULES[name], made, passed, self._suite(name), run_id=made.run_id)

    def compare(self) -> None:
        """Ask every gate as a run does, and compare the answer with that of the full gate."""
        for target in self.targets():
            assert self.asked(target)[1] == self.walked(target), target

    def from_outside(self, name: str, shard: int | None) -> None:
        """What the button in the UI records."""
        target = self.voice.target(name, None if shard is None else f"{shard}-of-2")
        self.instance.report_runless_asset_event(dg.AssetMaterialization(target.key, partition=target.partition))

    def changed(self, shard: int, version: str) -> None:
        """The data set changed, and was observed."""
        tags = {"dagster/data_version": version}
        key = self.voice.target("raw_dataset").key
        self.instance.report_runless_asset_event(dg.AssetObservation(key, partition=f"{shard}-of-2", tags=tags))

    def delete(self, name: str, shard: int | None = None) -> None:
        """Delete the run of the newest materialisation, as the UI does."""
        if (made := self.latest(name, shard)) is not None and made.run_id:
            self.instance.delete_run(made.run_id)

    def delete_and_make(self, shard: int, data: str) -> None:
        """SQLite gives the id of the deleted event to the next one, which then is also about the same asset."""
        self.make("clips", shard)
        self.compare()
        self.delete("clips", shard)
        self.make("clips", shard, data)

    def lose(self, name: str, shard: int | None = None) -> str:
        """Remove the recorded table of the newest materialisation. Returns its URI."""
        made = self.latest(name, shard)
        assert made is not None
        project_store().at(made.artifact("table").uri).unlink()
        return made.artifact("table").uri

    def wipe(self, name: str) -> None:
        self.instance.wipe_assets([self.voice.target(name).key])

    def waive(self, name: str, days: int = 0) -> None:
        """Let the rule pass for the newest data until so many days after today."""
        if (made := self.latest(name)) is not None:
            until = (self.day + timedelta(days)).isoformat()
            why = {"reason": "I listened.", "by": "anna", "until": until, "observed": "0.5", "limit": ">= 0.9"}
            about = {"rule": f"{name}/{RULES[name]}", "partition": None, "data_version": made.data_version}
            grant(self.instance, "toy", {**about, **why})

    def revoke(self) -> None:
        """Take the newest waiver back."""
        for decision in self.voice.gate().waivers("toy").decisions[:1]:
            revoke(self.instance, "toy", decision.waiver, "boris", "It was a mistake.")

    def next_day(self) -> None:
        self.day += timedelta(1)

    def waiver_ends(self) -> None:
        """A rule fails, is waived for today, and the day passes."""
        self.judge("base_validation", passed=False)
        self.waive("base_validation")
        self.compare()
        self.next_day()

    def other_shards(self, shard: int) -> None:
        """The voice gets three shards, of which one was made before, when somebody tried three shards."""
        self.write(shards=3)
        self.voice.observe()
        self.voice.make("clips", f"{shard}-of-3")
        self.write()
        self.compare()
        self.write(shards=3)


Disturbance = Callable[[DisturbedVoice, int], None]

DISTURBANCES: dict[str, Disturbance] = {
    "the data set is observed again": lambda voice, _: voice.voice.observe(),
    "the data set changes": lambda voice, shard: voice.changed(shard, "other"),
    "a shard is made again": lambda voice, shard: voice.make("clips", shard),
    "a shard is made with other data": lambda voice, shard: voice.make("clips", shard, "B"),
    "statistics are made again": lambda voice, shard: voice.make("clip_stats", shard),
    "statistics are made with other data": lambda voice, shard: voice.make("clip_stats", shard, "B"),
    "the validation is made again": lambda voice, _: voice.make("base_validation"),
    "the validation is made with other data": lambda voice, _: voice.make("base_validation", None, "B"),
    "the validation is made again and fails": lambda voice, _: voice.make("base_validation", failing=True),
    "the quality report is made again": lambda voice, _: voice.make("quality_report"),
    "the quality report is made again and fails": lambda voice, _: voice.make("quality_report", None, "B", failing=True),
    "the validation is judged again and fails": lambda voice, _: voice.judge("base_validation", passed=False),
    "the validation is judged again and passes": lambda voice, _: voice.judge("base_validation", passed=True),
    "a check is planned": lambda voice, _: voice.plan("base_validation") and None,
    "a planned check fails": lambda voice, _: voice.ended("quality_report", passed=False),
    "a planned check passes": lambda voice, _: voice.ended("quality_report", passed=True),
    "a check that is tried again fails": lambda voice, _: voice.retried("base_validation", passed=False),
    "a check that is tried again passes": lambda voice, _: voice.retried("base_validation", passed=True),
    "a shard is reported from outside": lambda voice, shard: voice.from_outside("clips", shard),
    "a report is reported from outside": lambda voice, _: voice.from_outside("quality_report", None),
    "the validation is wiped": lambda voice, _: voice.wipe("base_validation"),
    "a shard is wiped": lambda voice, _: voice.wipe("clip_stats"),
    "the run of a shard is deleted": lambda voice, shard: voice.delete("clips", shard),
    "the run of the validation is deleted": lambda voice, _: voice.delete("base_validation"),
    "the ids of a deleted run come back": lambda voice, shard: voice.delete_and_make(shard, "B"),
    "a rule is waived for today": lambda voice, _: voice.waive("base_validation"),
    "a rule is waived for two days": lambda voice, _: voice.waive("quality_report", 1),
    "the waiver is revoked": lambda voice, _: voice.revoke(),
    "a waiver ends": lambda voice, _: voice.waiver_ends(),
    "the next day comes": lambda voice, _: voice.next_day(),
    "a rule becomes stricter": lambda voice, _: voice.write(limits={"max_text_chars": 50}),
    "a rule becomes advisory": lambda voice, _: voice.write(advisory={"base_validation/mono": "a stereo microphone"}),
    "a rule may not be waived": lambda voice, _: voice.write(never_waive=["base_validation/mono"]),
    "a setting of a report changes": lambda voice, _: voice.write(whisper={"low_similarity": 0.7}),
    "a setting of an asset changes": lambda voice, _: voice.write(asr_sample={"seed": 7}),
    "the voice has three shards": lambda voice, _: voice.write(shards=3),
    "the voice has three shards again": lambda voice, shard: voice.other_shards(shard),
    "the voice file is as before": lambda voice, _: voice.write(),
}
