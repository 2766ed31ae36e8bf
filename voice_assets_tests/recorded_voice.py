"""A voice whose history was written into an instance as runs would write it: no audio, no Whisper, no training.

The asset graph, the instance and the files that gates look at are real. Tests and ``benchmarks.gates`` use it.
"""

import uuid
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pytest

from voice_assets.dataset.clips import fingerprint
from voice_assets.definitions import build_definitions
from voice_assets.orchestration.gates import AssetPartition, Gate
from voice_assets.orchestration.records import EVIDENCE, REPORT, SUITE, Materialisation, Pin, pins_json
from voice_assets.runtime import project
from voice_assets.runtime.storage import Artifact, project_store
from voice_assets.voices import Voice, load_voice
from voice_assets_tests.orchestration.recorded_events import Records
from voice_assets_tests.toy_project import copied, opened

FILES = {
    "checkpoint": {"checkpoint": "weights.ckpt", "config": "config.json"},
    "onnx_voice": {"model": "voice.onnx", "config": "voice.onnx.json"},
    "voice_samples": {"folder": "samples.wav"},
    "voice_package": {"package": "package.tar"},
}
"""The recorded files of each asset; the other assets record a table."""
TABLE = {"table": "table.parquet"}
BEFORE_TRAINING = (
    "clips",
    "base_validation",
    "clip_stats",
    "quality_report",
    "asr_sample",
    "asr_sample_report",
    "whisper_shard",
    "whisper_validation",
    "training_set",
)
OF_AN_EPOCH = ("onnx_voice", "voice_samples")


REPORTING = ("quality_report", "asr_sample_report", "whisper_validation", "mini_training", "training", "best_epoch")


class RecordedVoice(Records):
    """Writes the history of one voice. ``data`` names the content of what is made: another name, another data version."""

    def __init__(self, instance: dg.DagsterInstance, voice: Voice):
        super().__init__(instance)
        self.voice = voice
        self.graph = build_definitions().resolve_asset_graph()

    def gate(self) -> Gate:
        return Gate(self.graph, self.instance)

    def target(self, name: str, partition: str | None = None) -> AssetPartition:
        return AssetPartition(dg.AssetKey([self.voice.name, name]), partition)

    def observe(self) -> None:
        """Record the versions of the data set as it is on disk."""
        for shard, version in fingerprint(self.voice.dataset, self.voice.shards).items():
            tags = {"dagster/data_version": version}
            observation = dg.AssetObservation(self.target("raw_dataset").key, partition=shard, tags=tags)
            self.instance.report_runless_asset_event(observation)

    def make(
        self,
        name: str,
        partition: str | None = None,
        data: str = "A",
        failing: Collection[str] = (),
        pins: Iterable[Pin] | None = None,
        gate: Gate | None = None,
        run_id: str | None = None,
        **metadata: Any,
    ) -> Materialisation:
        """Materialise an asset from its newest inputs and judge it: all rules pass but those that are ``failing``."""
        target = self.target(name, partition)
        shared = self.target(name)  # all checkpoints of a training have the config of the training
        files = {
            entry: self._file(shared if name == "checkpoint" and entry == "config" else target, data, file)
            for entry, file in FILES.get(name, TABLE).items()
        }
        metadata |= {entry: file.as_json() for entry, file in files.items()}
        if (report := self._report(target, data)) is not None:
            metadata |= {REPORT: report.as_json(), EVIDENCE: {"facts": self._file(target, data, "facts.parquet").as_json()}}
        version = files["checkpoint"].sha256 if name == "checkpoint" else f"{name}-{partition}-{data}"
        upstream = pins_json(list(self._pins(target, gate or self.gate()) if pins is None else pins))
        code = self.graph.get(target.key).code_version
        made = self.materialise(target.key, version, partition, code, run_id, **metadata, upstream=upstream)
        for check in (gate or self.gate()).rules(target.key):
            suite = self.graph.get_check_spec(check).metadata[SUITE]
            self.judge(check.name, made, check.name not in failing, suite, run_id=made.run_id)
        return made

    def _pins(self, target: AssetPartition, gate: Gate) -> Iterable[Pin]:
        for source, gate_only in gate.inputs(target):
            if gate.is_external(source.key):
                version = gate.history.observed_version(source.key, source.partition)
                assert version is not None
                yield Pin(source.key.to_user_string(), source.partition, 0, "observer", version)
                continue
            newest = gate.history.latest(source.key, source.partition)
            assert newest is not None, f"{source} is missing"
            yield newest.pin(gate_only)

    def _file(self, target: AssetPartition, data: str, name: str) -> Artifact:
        """A file of its own content, as the project's store records it. Tables of ``clips`` are real and name no clip."""
        asset = target.key.path[-1]
        uri = f"artifacts/{self.voice.name}/{asset}/{target.partition or 'all'}/{data}/{name}"
        if asset == "clips":
            table = pd.DataFrame({"path": [""], "audio_sha256": [f"{target} {data}"]})
            return project_store().put(uri, table.to_parquet)
        return project_store().put(uri, lambda path: path.write_text(f"{target} {data} {name}", encoding="utf-8"))

    def _report(self, target: AssetPartition, data: str) -> Artifact | None:
        """The report folder of an asset that writes one."""
        if target.key.path[-1] not in REPORTING:
            return None
        folder: Path = self.voice.reports_dir / f"{target.key.path[-1]}_{data}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "report.md").write_text(f"{target} {data}", encoding="utf-8")
        return project_store(self.voice).add(folder)

    def make_shards(self, name: str, data: str = "A") -> None:
        """Materialise every shard of an asset."""
        partitions = self.graph.get(self.target(name).key).partitions_def
        assert partitions is not None
        gate = self.gate()  # the inputs of all shards are there
        for shard in partitions.get_partition_keys():
            self.make(name, shard, data, gate=gate)

    def validate(self, data: str = "A") -> None:
        """Go as far as a training set."""
        for name in BEFORE_TRAINING:
            if self.graph.get(self.target(name).key).is_partitioned:
                self.make_shards(name, data)
            else:
                self.make(name, None, data)

    def train(self, epochs: int = 1, version: int = 0, **more: Any) -> list[str]:
        """Train and record every epoch: the mini-training has all, and the training goes no further. Returns the epoch keys.

        ``more``: entries of both trainings.
        """
        names = [f"v{version}-e{epoch:04d}" for epoch in range(epochs)]
        self.instance.add_dynamic_partitions(f"{self.voice.name}_epochs", names)
        pins = list(self._pins(self.target("mini_training"), self.gate()))
        run = str(uuid.uuid4())  # a training records its checkpoints
        made = [self.make("checkpoint", name, pins=pins, run_id=run) for name in names]
        hashes = {one.partition: one.data_version for one in made}
        (config,) = {one.artifact("config").sha256 for one in made}
        facts = {"version": version, "checkpoints": hashes, "config_sha256": config, **more}
        self.make("mini_training", None, f"v{version}", pins=pins, run_id=run, **facts)
        self.make("training", None, f"v{version}", **{**facts, "checkpoints": {}, "candidates": names[-1:]})
        return names

    def package(self, epoch: str) -> Materialisation:
        """Export an epoch, let it speak and win the tournament, and package it."""
        for name in OF_AN_EPOCH:
            self.make(name, epoch)
        self.make("best_epoch", None, epoch, winner=epoch)
        return self.make("voice_package", epoch)


def opened_voice(instance: dg.DagsterInstance, name: str = "toy") -> RecordedVoice:
    """The voice ``name`` of the project of this process."""
    return RecordedVoice(instance, load_voice(project.voices_dir() / f"{name}.yaml"))


@pytest.fixture(scope="session")
def recorded_once(new_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a project whose voice ``toy`` was made up to the package of one epoch. Copy the folder."""
    root = copied(new_once, tmp_path_factory.mktemp("recorded"))
    with opened(root) as toy:
        voice = opened_voice(toy.instance)
        voice.observe()
        voice.validate()
        voice.package(voice.train(epochs=2)[-1])
    return root


@pytest.fixture
def recorded(recorded_once: Path, tmp_path: Path) -> Iterator[RecordedVoice]:
    """A voice of its own that was made up to the package of the epoch ``v0-e0001``."""
    with opened(copied(recorded_once, tmp_path)) as toy:
        yield opened_voice(toy.instance)
