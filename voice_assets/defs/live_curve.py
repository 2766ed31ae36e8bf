"""The loss curve of a running training as a picture in the metadata of its asset, an observation now and then."""

from pathlib import Path
from typing import Any

import dagster as dg

PICTURES = 50
"""The most pictures of one training: each is some ten kilobytes in Dagster's event log."""


class LiveCurve:
    """Draws the curve of the training in ``folder`` after every epoch, or after every few epochs of a long training."""

    def __init__(self, context: dg.AssetExecutionContext, folder: Path, max_epochs: int):
        self.context, self.folder = context, folder
        self.every = -(-max_epochs // PICTURES)

    def draw(self, epoch: int) -> None:
        """Record the picture, where ``epoch`` is one of those to draw."""
        if (epoch + 1) % self.every:
            return
        from voice_assets.piper.loss_tables import epochs_in
        from voice_assets.reports.training_pictures import curve_picture, markdown_picture

        png = curve_picture(epochs_in(self.folder), f"{self.folder.name}, running")
        if png is not None:
            shown: dict[str, Any] = {"epoch": epoch, "picture": dg.MetadataValue.md(markdown_picture(png, "losses by epoch"))}
            self.context.log_event(dg.AssetObservation(self.context.asset_key, metadata=shown))
