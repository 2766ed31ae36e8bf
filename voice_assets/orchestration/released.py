"""The releases of a voice, as the instance recorded them: the epoch of a version, and which versions there are. Reads only.

Not here: making a release (``defs.releases``), and what is in its archive (``release.release_folder``).
"""

import dagster as dg

from voice_assets.orchestration.history import History
from voice_assets.orchestration.marks import RELEASED
from voice_assets.orchestration.records import Materialisation


def released(history: History, asset: dg.AssetKey, version: str | None) -> Materialisation | None:
    """The newest record of a version that was released; None when it never was. A run that a rule stopped is none."""
    made = None if version is None else history.latest(asset, version)
    if made is None or made.metadata.get(RELEASED):
        return made
    return next((one for one in history.all(asset) if one.partition == version and one.metadata.get(RELEASED)), None)


def epoch_of_version(
    history: History, asset: dg.AssetKey, version: str | None, package: dg.AssetKey, asked: str | None
) -> str | None:
    """The epoch whose package a version is built from; None when there is no package.

    A version that was released keeps its epoch. Of another version, it is the epoch ``asked`` for, else the newest package.
    """
    made = released(history, asset, version)
    if made is not None:
        return next((pin.partition for pin in made.pins if pin.key == package), None)
    newest = history.latest(package)
    return asked or (None if newest is None else newest.partition)
