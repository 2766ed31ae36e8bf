"""The metadata entries by which an asset tells the gates and the runner what it is. ``orchestration.gates`` obeys them.

Not here: the entries of a materialisation that are no marks (``orchestration.records``).
"""

GATE_ONLY = "voice_assets/gate_only"
RUN_OF = "voice_assets/run_of"
"""The metadata entry of the checkpoints: the names of the trainings that write them, the first training first."""
WHOLE_TRAINING = "voice_assets/whole_training"
"""The metadata entry of an asset that may be made only when the whole training of its version has ended and passed.
Other assets behind a checkpoint need only the first training of that version, so that people can listen while it trains."""
CANDIDATES = "voice_assets/candidates"
"""The metadata entry of an asset that reads some epochs only: their keys, or None for those that the newest training recorded.
The asset compares these epochs, so an epoch that failed its rules does not close the gate."""
CHOICE = "voice_assets/choice"
"""The metadata entry of an asset that names the epoch to ship. What follows is built from the epoch, not from this asset."""
ON_DEMAND = "voice_assets/on_demand"
"""The metadata entry of an asset that a run makes only when somebody names the asset."""
VERSIONS = "voice_assets/versions"
"""The metadata entry of an asset whose partitions are versions of a release. Each version is built from one epoch
(``released.epoch_of_version``)."""
RELEASED = "released"
"""The metadata entry of a release: whether this version was archived. Without it, the rules did not let it pass."""
ARCHIVE = "archive"
"""The metadata entry of a package: its zip. Of a release: the folder with its files."""
DECISIONS = "voice_assets/decisions"
"""The metadata entry of an asset that holds decisions of people. Such an asset is read, never made, and no input."""
CHECKPOINTS = "checkpoints"
"""The metadata entry of a training: the hash of each checkpoint it wrote, by epoch key."""
RECORDED_CANDIDATES = "candidates"
"""The metadata entry of a training: the epoch keys that compete in the tournament."""
WINNER = "winner"
"""The metadata entry of a tournament: the key of the epoch to ship."""
REMOVED = "removed"
"""The metadata entry of an observation of a checkpoint: why its file was removed."""
SHIPPED = ("checkpoint", "config", "model", "tokens", "folder", "package", ARCHIVE)
"""The metadata entries of files that end up in a voice."""
AFTER_FAILURE = "voice_assets/after_failure"
"""The metadata entry of an asset that is made although its inputs failed, such as a report on the failure. Nothing reads it."""
NO_RULE = "voice_assets/no_rule"
"""The metadata entry of a check that only shows something: no gate reads its results."""
