"""The checkpoints of a training as partitions: one external materialisation for each, and an observation when one is removed.

Not here: which checkpoints are kept (``piper.retention``), and what a gate makes of a removed one (``orchestration.gates``).
"""

from pathlib import Path
from typing import Any

import dagster as dg

from voice_assets.defs.came_from import came_from
from voice_assets.defs.training_files import share
from voice_assets.orchestration.describe import asset_key, group_name
from voice_assets.orchestration.history import History
from voice_assets.orchestration.inputs import ResolvedInputs, gate_of
from voice_assets.orchestration.marks import REMOVED, RUN_OF
from voice_assets.orchestration.partitions import epoch_key, epochs
from voice_assets.orchestration.records import UPSTREAM, pins_json
from voice_assets.orchestration.results import recorded
from voice_assets.piper.retention import by_setting
from voice_assets.runtime.files import sha256
from voice_assets.runtime.storage import StoreError, project_store
from voice_assets.voices import Voice


def checkpoint_asset(voice: Voice, trainings: tuple[str, ...]) -> dg.AssetSpec:
    """``checkpoint``, which ``trainings`` write, the first training first."""
    return dg.AssetSpec(
        asset_key(voice, "checkpoint"),
        deps=[asset_key(voice, name) for name in trainings],
        partitions_def=epochs(voice.name),
        group_name=group_name(voice, "training"),
        kinds={"pytorch", "lightning"},
        owners=[voice.owner] if voice.owner else None,
        tags={"voice": voice.name},
        metadata={RUN_OF: list(trainings)},
        description="One Lightning checkpoint per epoch, `v<training>-e<epoch>`, recorded as soon as the file is on disk. "
        "Retention (`training.keep`) removes files of older epochs, and an observation of the partition says so.",
    )


class CheckpointRecords:
    """Records the checkpoints of one running training.

    Attributes:
        hashes: the SHA-256 of each checkpoint that this training wrote, by epoch key; also of those that were removed, since
            what was made from them stays.
        config_sha256: of the configuration that the checkpoints were trained with.
    """

    def __init__(self, context: dg.AssetExecutionContext, voice: Voice, version: int, inputs: ResolvedInputs):
        self.context, self.voice, self.version, self.inputs = context, voice, version, inputs
        self.key = asset_key(voice, "checkpoint")
        self.history = History(context.instance)
        self.came_from = came_from(gate_of(context), list(inputs.sources.values()))
        self.hashes: dict[str, str] = {}
        self.config_sha256 = ""
        self._now_removed: dict[str, bool] = {}  # what this run recorded; the history is older
        self._unwanted: dict[str, dict[str, Any]] = {}  # what a store apart has still

    def checkpoint(self, event: dict[str, Any]) -> None:
        """Record one checkpoint as a partition, once: a resumed training reports its earlier checkpoints again.

        A checkpoint that was damaged or deleted, and is written again, is a new one, also when its bytes are the same.
        """
        partition = epoch_key(self.version, event["epoch"])
        config = Path(event["path"]).parent.parent / "config.json"
        self.config_sha256 = sha256(config)
        self.hashes[partition] = event["sha256"]
        self._unwanted.pop(partition, None)
        known = self.history.latest(self.key, partition)
        if known is not None and known.data_version == event["sha256"] and not self._is_removed(partition):
            return
        store, path = project_store(), Path(event["path"])
        try:
            weights = recorded(store.add(path, event["sha256"]))
            share(path.parent.parent)
        except (StoreError, FileNotFoundError):
            if path.exists():
                raise
            self.context.log.info(f"{path}: retention removed this file before it could be recorded")
            return
        self.context.instance.add_dynamic_partitions(f"{self.voice.name}_epochs", [partition])
        files = {"checkpoint": weights, "config": recorded(store.add(config, self.config_sha256))}
        upstream = {UPSTREAM: dg.MetadataValue.json(pins_json(self.inputs.pins))}
        self._record(partition, event, {**files, "epoch": event["epoch"], "step": event["step"], **self.came_from, **upstream})
        self._now_removed[partition] = False
        self.clear()

    def _record(self, partition: str, event: dict[str, Any], metadata: dict[str, Any]) -> None:
        tags = {"dagster/data_version": event["sha256"], "dagster/code_version": "1"}
        self.context.log_event(dg.AssetMaterialization(self.key, partition=partition, metadata=metadata, tags=tags))

    def removed(self, event: dict[str, Any]) -> None:
        """Record once that the file of a checkpoint was removed, and why.

        A store apart has the file still. Where `training.keep` removed it here, ``clear`` removes and records it.
        """
        partition = epoch_key(self.version, event["epoch"])
        self.hashes[partition] = event["sha256"]
        if self._is_removed(partition):
            return
        if project_store().apart and by_setting(event["reason"]):
            self._unwanted[partition] = event
        else:
            self._record_removal(partition, event["reason"])

    def clear(self) -> None:
        """Remove from a store apart what `training.keep` removed here, when the store has a newer checkpoint.

        What was exported stays there: a release has the checkpoint of its voice.
        """
        history, exported = History(self.context.instance), asset_key(self.voice, "onnx_voice")
        for partition, event in self._unwanted.items():
            self._record_removal(partition, event["reason"])
            if history.latest(exported, partition) is None:
                self._clear(Path(event["path"]))
        self._unwanted.clear()

    def _clear(self, path: Path) -> None:
        try:
            project_store().remove(path)
        except OSError as error:  # the training goes on
            self.context.log.warning(f"{error}; this checkpoint takes space in the store until somebody removes it there")

    def _record_removal(self, partition: str, reason: str) -> None:
        self.context.log_event(dg.AssetObservation(self.key, partition=partition, metadata={REMOVED: reason}))
        self._now_removed[partition] = True

    def _is_removed(self, partition: str) -> bool:
        before = self._now_removed.get(partition)
        return bool(self.history.removed(self.key, partition)) if before is None else before
