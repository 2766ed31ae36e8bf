"""A training that has ended, as an asset records it: its tables, its costs, its report, and the result with all figures."""

import json
from typing import TYPE_CHECKING, Any

import dagster as dg

from voice_assets.defs.checkpoints import CheckpointRecords
from voice_assets.defs.display import preview, verdict_table
from voice_assets.defs.trained_with import trained_with_entry
from voice_assets.defs.training_files import training_dir
from voice_assets.orchestration.checks import judge
from voice_assets.orchestration.marks import CHECKPOINTS
from voice_assets.orchestration.partitions import parse_epoch_key
from voice_assets.orchestration.records import Pin
from voice_assets.orchestration.results import finished, keep_evidence
from voice_assets.piper.checkpoints import records_in
from voice_assets.piper.identity import recorded_identity
from voice_assets.piper.versions import version_dir
from voice_assets.runtime.storage import project_store
from voice_assets.voices import Voice

if TYPE_CHECKING:
    import pandas as pd

    from voice_assets.piper.forecast import Costs
    from voice_assets.reports.training import Details

FORECAST = "forecast_record"
"""The metadata entry of a mini-training with its forecast, which the training compares with what happened."""
STARTED_FROM = "started_from"
"""The metadata entry of a training: the checkpoint whose weights it started from, in words; empty for none."""
EPOCHS_SHOWN = 20


class EndedTraining:
    """The training of number ``version``, whose worker has ended.

    Attributes:
        epochs: its EPOCHS.
        steps: its STEPS.
        ended: ``epochs`` or ``level``.
        records: its checkpoints, with those that were removed.
    """

    def __init__(self, context: dg.AssetExecutionContext, voice: Voice, version: int, checkpoints: CheckpointRecords):
        from voice_assets.piper.loss_tables import epochs_in, steps_in

        self.context, self.voice, self.version, self.checkpoints = context, voice, version, checkpoints
        self.folder = version_dir(training_dir(voice), version)
        self.epochs, self.steps = epochs_in(self.folder), steps_in(self.folder)
        self.ended = str(json.loads((self.folder / "training.json").read_text(encoding="utf-8"))["ended"])
        self.records = records_in(self.folder)

    @property
    def kept(self) -> list[int]:
        """The epochs whose checkpoint is on disk."""
        return [one.epoch for one in self.records if not one.removed]

    @property
    def validation_mel(self) -> dict[int, float]:
        """The validation mel loss of each validated epoch."""
        found = self.epochs[self.epochs["validated"]]
        return {int(epoch): float(value) for epoch, value in zip(found["epoch"], found["validation_mel"], strict=True)}

    def forecast(self) -> "Costs":
        """What the whole training will cost, from the epochs so far."""
        from voice_assets.piper.forecast import forecast
        from voice_assets.piper.retention import projected

        chosen = self.voice.training
        return forecast(
            self.epochs,
            steps=self._steps_per_epoch,
            peak_memory=self._peak_memory,
            checkpoint=self.records[-1].size,
            checkpoints=projected(chosen, chosen.max_epochs).total,
            cache=self._cache,
            max_epochs=chosen.max_epochs,
        )

    def costs(self) -> "Costs":
        """What the training cost."""
        from voice_assets.piper.forecast import happened

        return happened(
            self.epochs,
            steps=self._steps_per_epoch,
            peak_memory=self._peak_memory,
            checkpoint=self.records[-1].size,
            checkpoints=len(self.kept),
            cache=self._cache,
        )

    @property
    def _steps_per_epoch(self) -> int:
        return int(self.steps.groupby("epoch").size().max())

    @property
    def _peak_memory(self) -> int:
        gpu, main = self.epochs["gpu_memory_mb"].max(), self.epochs["memory_mb"].max()
        return round(1e6 * float(gpu or main))

    @property
    def _cache(self) -> int:
        return sum(file.stat().st_size for file in (training_dir(self.voice) / "cache").rglob("*") if file.is_file())

    def result(
        self, name: str, pins: list[Pin], evidence: "dict[str, pd.DataFrame]", details: "Details", figures: dict[str, Any]
    ) -> dg.MaterializeResult:
        """Judge the ``evidence`` by the suite ``name``, write the report, and record all of it."""
        from voice_assets.reports import training as report

        paths, _ = keep_evidence(self.context, evidence)
        data_version = f"v{self.version}-{self.context.run_id}"
        verdicts = judge(self.context, self.voice, name, evidence, data_version)
        curve = evidence["epochs"]
        written = report.write(self.voice.reports_dir, self.voice.title, curve, verdicts, self.version, details)
        shown = {
            **self._figures(curve),
            **figures,
            "rules": verdict_table(verdicts),
            "picture": dg.MetadataValue.md(picture(curve, self.voice.title, details)),
            "loss_curve": preview(curve.tail(EPOCHS_SHOWN), list(curve.columns)),
        }
        return finished(pins, data_version, shown, evidence=paths, report=project_store(self.voice).add(written))

    def _figures(self, curve: "pd.DataFrame") -> dict[str, Any]:
        return {
            "version": self.version,
            "epochs": len(curve),
            "first_loss": float(curve["loss"].iloc[0]),
            "last_loss": float(curve["loss"].iloc[-1]),
            CHECKPOINTS: dg.MetadataValue.json(self._hashes(curve)),
            "config_sha256": self.checkpoints.config_sha256,
            STARTED_FROM: self._started_from(),
            **trained_with_entry(self.voice, self.folder),
            "lightning_logs": project_store().uri(self.folder),
        }

    def _hashes(self, curve: "pd.DataFrame") -> dict[str, str]:
        """The checkpoints of the epochs in ``curve``.

        A mini-training that is made again tells the later epochs of its version too. They stay the whole training's, whose
        rules decide whether they may be shipped.
        """
        epochs = set(curve["epoch"])
        return {key: digest for key, digest in self.checkpoints.hashes.items() if parse_epoch_key(key)[1] in epochs}

    def _started_from(self) -> str:
        """Recorded, because the voice file may name another checkpoint by the time that an epoch is packaged."""
        chosen = self.voice.training
        if chosen.checkpoint is None:
            return ""
        digest = (recorded_identity(self.folder) or {}).get("start")
        return f"the {chosen.take} weights of the checkpoint {chosen.checkpoint.name} (SHA-256 {digest})"


def picture(curve: "pd.DataFrame", title: str, details: "Details") -> str:
    """The curves as Markdown with the picture inside; empty when there is nothing to draw."""
    from voice_assets.reports.training_pictures import curve_picture, markdown_picture

    png = curve_picture(curve, title, details.level)
    return "" if png is None else markdown_picture(png, "losses by epoch")
