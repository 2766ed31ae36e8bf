"""The loss curve of a running training as a picture in the metadata of its asset, an observation now and then."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from voice_assets.voices import Training

if TYPE_CHECKING:
    import pandas as pd

    from voice_assets.piper.convergence import Level

PICTURES = 50
"""The most pictures of one training: each is some ten kilobytes in Dagster's event log."""


class LiveCurve:
    """The curve of the training in ``folder``, drawn after every epoch, or after every few epochs of a long training."""

    def __init__(self, context: dg.AssetExecutionContext, folder: Path, chosen: Training):
        self.context, self.folder, self.window = context, folder, chosen.level_epochs
        self.every = -(-chosen.max_epochs // PICTURES)

    def draw(self, epoch: int) -> str:
        """Record the picture, where ``epoch`` is one of those to draw. Returns whether the loss is level by now, in words.

        A resumed training tells its earlier epochs again: of these, only the newest is looked at.
        """
        from voice_assets.piper.convergence import level
        from voice_assets.piper.loss_tables import epochs_in

        curve = epochs_in(self.folder)
        if curve["epoch"].max() != epoch:
            return ""
        found = level(curve, self.window)
        if (epoch + 1) % self.every == 0:
            self._record(epoch, curve, found)
        return found.state

    def _record(self, epoch: int, curve: "pd.DataFrame", level: "Level") -> None:
        from voice_assets.reports.training_pictures import curve_picture, markdown_picture

        png = curve_picture(curve, f"{self.folder.name}, running", level)
        if png is not None:
            words = markdown_picture(png, "losses by epoch")
            shown: dict[str, Any] = {"epoch": epoch, "picture": dg.MetadataValue.md(words), "level": level.state}
            self.context.log_event(dg.AssetObservation(self.context.asset_key, metadata=shown))
