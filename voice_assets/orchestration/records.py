"""What the instance recorded, as values: materialisations, pins, verdicts, and the names of the metadata entries.

Not here: reading them (``history``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import dagster as dg
from dagster._core.definitions.asset_checks.asset_check_evaluation import AssetCheckEvaluation

from voice_assets.runtime.storage import Artifact, artifact_in

if TYPE_CHECKING:
    from voice_assets.orchestration.waivers import Waiver

UPSTREAM = "upstream"
TABLE = "table"
"""The metadata entry of the table that an asset returned; ``orchestration.tables`` records it."""
REPORT = "report"
LOG = "log"
EVIDENCE = "evidence"
TABLE_IS_EVIDENCE = "table_is_evidence"
"""The metadata entry with the name under which a suite judges the returned table."""
SUITE = "suite"
ADVISORY = "+advisory"
"""What the fingerprint in `SUITE` ends with where the rule is advisory."""
SOURCE = "source"
"""The metadata entry of a starting checkpoint: the published voice that it was made from."""
JUDGED_BY = "judged_by"
"""The metadata entry of a check result with the text whose SHA-256 is in `SUITE`: hashes of the rules, and all thresholds."""
PLACE = "voice_assets/place"
"""The metadata entry of a check with the place of its rule in the suite: causes stand before what follows from them."""
ERRORED = "errored"
"""The metadata entry of a check result whose rule could not be judged."""
WAIVER = "waiver"
"""The metadata entry of a failed check that a waiver let pass when the check ran. The gate asks whether it still does."""
JUDGED = "judged"
"""The metadata entry of a check result with the storage id of the materialisation whose tables the check read. Dagster names
the newest one when the check ends, which may be another."""
SETTINGS = "settings"
"""The metadata entry with the settings whose hash is in the code version, so that a comparison can name what changed."""
WEIGHTS = "weights"
"""The metadata entry with the SHA-256 of the recogniser's weights."""


_key = lru_cache(maxsize=1000)(dg.AssetKey.from_user_string)


@dataclass(frozen=True)
class Pin:
    """One exact input: which materialisation of which asset and partition was read."""

    asset: str
    partition: str | None
    storage_id: int
    run_id: str
    data_version: str
    gate_only: bool = False

    @property
    def key(self) -> dg.AssetKey:
        """The asset's key."""
        return _key(self.asset)


@dataclass(frozen=True)
class Materialisation:
    """One materialisation as recorded: identity, data version, metadata and the pins of what it was built from."""

    key: dg.AssetKey
    partition: str | None
    storage_id: int
    run_id: str
    time: float
    data_version: str
    code_version: str
    metadata: Mapping[str, Any] = field(compare=False)

    @cached_property
    def pins(self) -> tuple[Pin, ...]:
        """The exact inputs; empty for an asset without inputs."""
        return tuple(Pin(**pin) for pin in self.metadata.get(UPSTREAM) or [])

    @cached_property
    def artifacts(self) -> dict[str, Artifact]:
        """The recorded files and folders, by the name of the metadata entry."""
        found = {name: artifact_in(value) for name, value in self.metadata.items()}
        return {name: artifact for name, artifact in found.items() if artifact is not None}

    def artifact(self, name: str) -> Artifact:
        """The file or folder recorded as ``name``."""
        return self.artifacts[name]

    @cached_property
    def evidence(self) -> dict[str, Artifact]:
        """The tables that a suite judges: the Parquet file by the name of the table."""
        kept = {name: Artifact(**artifact) for name, artifact in (self.metadata.get(EVIDENCE) or {}).items()}
        own = self.metadata.get(TABLE_IS_EVIDENCE)
        return {**kept, own: self.artifact(TABLE)} if own else kept

    @property
    def report(self) -> Artifact | None:
        """The report written for people, where there is one."""
        return self.artifacts.get(REPORT)

    def pin(self, gate_only: bool = False) -> Pin:
        """A pin on this materialisation, as an input of another."""
        return Pin(self.key.to_user_string(), self.partition, self.storage_id, self.run_id, self.data_version, gate_only)


@dataclass(frozen=True)
class CheckVerdict:
    """The verdict of a check on one materialisation.

    Attributes:
        check: the check.
        reason: why the verdict closes gates; None when it closes none.
        unjudged: gates are closed because there is no valid result, not because a rule failed.
        warning: the failure of a rule that only warns.
        result: the recorded result; None when there is none.
        waiver: what opened a failed rule.
    """

    check: dg.AssetCheckKey
    reason: str | None
    unjudged: bool = False
    warning: str | None = None
    result: AssetCheckEvaluation | None = None
    waiver: "Waiver | None" = None

    @property
    def failed(self) -> bool:
        """Whether the rule was judged and failed, and closes gates. A rule that could not be judged has not failed."""
        return self.reason is not None and self.result is not None and ERRORED not in self.result.metadata


def pins_json(pins: Sequence[Pin]) -> list[dict[str, Any]]:
    """The metadata entry ``upstream``: plain JSON, one object per pin."""
    return [asdict(pin) for pin in pins]
