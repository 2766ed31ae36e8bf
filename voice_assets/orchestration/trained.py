"""What the trainings of a voice recorded: which one wrote a checkpoint, which epochs compete, which files are gone.

Reads only. Not here: whether something may be made (``gates``).
"""

import dagster as dg
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph

from voice_assets.orchestration.history import History
from voice_assets.orchestration.marks import CANDIDATES, CHECKPOINTS, RECORDED_CANDIDATES, RUN_OF
from voice_assets.orchestration.partitions import parse_epoch_key
from voice_assets.orchestration.records import Materialisation
from voice_assets.runtime.storage import Artifact


class Trainings:
    """The trainings of one asset graph's voices in one instance."""

    def __init__(self, graph: AssetGraph, history: History):
        self._graph, self._history = graph, history

    def names(self, checkpoint: dg.AssetKey) -> list[str]:
        """The names of the trainings that write ``checkpoint``; empty for any other asset."""
        return self._graph.get(checkpoint).metadata.get(RUN_OF, []) if self._graph.has(checkpoint) else []

    def first(self, checkpoint: Materialisation) -> Materialisation | None:
        """The first training of the version that ``checkpoint`` belongs to; None while it runs, and for any other asset."""
        return self._of_version(checkpoint, self.names(checkpoint.key)[:1])

    def wrote(self, checkpoint: Materialisation) -> Materialisation | None:
        """The training that wrote ``checkpoint``; None while it runs, and for any other asset."""
        return self._of_version(checkpoint, self.names(checkpoint.key), checkpoint.partition)

    def whole(self, checkpoint: Materialisation) -> Materialisation | None:
        """The whole training of the version that ``checkpoint`` belongs to; None while it runs, and for any other asset."""
        return self._of_version(checkpoint, self.names(checkpoint.key)[-1:])

    def _of_version(self, checkpoint: Materialisation, names: list[str], epoch: str | None = None) -> Materialisation | None:
        """The newest training among ``names`` of the checkpoint's version, which recorded ``epoch`` where one is given."""
        if not names:
            return None
        version, _ = parse_epoch_key(checkpoint.partition or "")
        made = (self._history.trainings(_beside(checkpoint.key, name)).get(version) for name in names)
        return next((one for one in made if one is not None and (epoch is None or epoch in one.metadata[CHECKPOINTS])), None)

    def candidates(self, asset: dg.AssetKey) -> list[str]:
        """The epochs that ``asset`` compares: those of the voice file, or those that the newest training recorded."""
        fixed = self._graph.get(asset).metadata[CANDIDATES]
        return list(fixed) if fixed is not None else self.recorded(asset.path[0])

    def recorded(self, voice: str) -> list[str]:
        """The epochs that the newest training of ``voice`` recorded for the tournament."""
        newest = self._history.latest(dg.AssetKey([voice, "training"]))
        return [] if newest is None else list(newest.metadata.get(RECORDED_CANDIDATES) or [])

    def last_checkpoint(self, training: Materialisation) -> list[Artifact]:
        """The files of the last epoch of a training; empty for another asset, or when retention removed that epoch.

        Earlier epochs may be cleared away.
        """
        written = training.metadata.get(CHECKPOINTS)
        if not written:
            return []
        children = [key for key in self._graph.get(training.key).child_keys if self.names(key)]
        if not children:
            return []
        epoch = max(written, key=parse_epoch_key)
        if self._history.removed(children[0], epoch):
            return []
        last = self._history.latest(children[0], epoch)
        return list(last.artifacts.values()) if last is not None else []


def records(training: Materialisation, checkpoint: Materialisation) -> bool:
    """Whether ``training`` recorded exactly the weights and the config that ``checkpoint`` names."""
    weights, config = checkpoint.artifacts.get("checkpoint"), checkpoint.artifacts.get("config")
    if weights is None or config is None:
        return False
    expected = training.metadata[CHECKPOINTS].get(checkpoint.partition)
    return weights.sha256 == checkpoint.data_version == expected and config.sha256 == training.metadata.get("config_sha256")


def _beside(key: dg.AssetKey, name: str) -> dg.AssetKey:
    """The asset ``name`` of the same voice."""
    return dg.AssetKey([*key.path[:-1], name])
