"""Waivers: a person's decision to let one rule pass for one version of the data, with a reason and an end.

Every decision is one materialisation of the external asset ``waivers`` that no run made. The gate applies the waivers that are
in force; the results of checks stay as they are, so a waiver that is granted or revoked needs no run.

Not here: which rules fail (``gates``), and the command (``cli.waive``).
"""

import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Any

import dagster as dg

from voice_assets.orchestration.history import History

WAIVERS = "waivers"
NEVER_WAIVE = "voice_assets/never_waive"
"""The metadata entry of a check whose rule no waiver opens (``never_waive`` in the voice file)."""
GRANTED, REVOKED = "waiver", "revoked"
DECISIONS_READ = 10_000


@dataclass(frozen=True)
class Waiver:
    """One granted waiver.

    Attributes:
        id: eight hexadecimal digits, to revoke it.
        rule: ``suite/rule``.
        partition: of the asset; None for an asset without partitions.
        data_version: of the materialisation that failed; the waiver counts for no other data.
        reason: why the rule may pass.
        by: who decided.
        until: the last day on which it counts (UTC), ``2026-12-31``.
        observed, limit: as the failed check recorded them.
    """

    id: str
    rule: str
    partition: str | None
    data_version: str
    reason: str
    by: str
    until: str
    observed: str
    limit: str

    def counts_on(self, day: date) -> bool:
        """Whether ``day`` is not after the last day."""
        return day <= date.fromisoformat(self.until)

    def __str__(self) -> str:
        return f"waived by {self.by} until {self.until}: {self.reason}"


@dataclass(frozen=True)
class Decision:
    """A granted waiver, when it was granted, and who revoked it, when and why; ``revoked`` is empty when nobody did."""

    waiver: Waiver
    time: float
    revoked: str = ""


def today() -> date:
    """The day that decides which waivers are in force: today in UTC."""
    return datetime.now(UTC).date()


class Waivers:
    """The waivers of one voice, as recorded. Reads once: make a new object to read again."""

    def __init__(self, history: History, voice: str):
        self._decisions = _read(history, voice)

    @property
    def decisions(self) -> list[Decision]:
        """Every granted waiver, the newest first, also those that are over or revoked."""
        return list(self._decisions.values())

    def in_force(self, rule: str, partition: str | None, data_version: str, day: date) -> Waiver | None:
        """The newest waiver that opens ``rule`` for exactly this partition and data version on ``day``, or None."""
        wanted = (rule, partition, data_version)
        return next(
            (
                one.waiver
                for one in self.decisions
                if (one.waiver.rule, one.waiver.partition, one.waiver.data_version) == wanted
                and not one.revoked
                and one.waiver.counts_on(day)
            ),
            None,
        )


def _read(history: History, voice: str) -> dict[str, Decision]:
    """The decisions by id, the newest grant first. A record without a decision, as a click in the UI makes, changes nothing."""
    found: dict[str, Decision] = {}
    for record in reversed(history.newest(dg.AssetKey([voice, WAIVERS]), DECISIONS_READ)):
        granted, revoked = record.metadata.get(GRANTED), record.metadata.get(REVOKED)
        if isinstance(granted, dict) and not record.run_id:
            waiver = Waiver(**granted)
            found[waiver.id] = Decision(waiver, record.time)
        elif isinstance(revoked, dict) and revoked["id"] in found:
            one = found[revoked["id"]]
            found[revoked["id"]] = Decision(one.waiver, one.time, f"{revoked['by']}: {revoked['reason']}")
    return dict(reversed(found.items()))


def grant(instance: dg.DagsterInstance, voice: str, decision: Mapping[str, str | None]) -> Waiver:
    """Record a waiver of ``voice``: every value of `Waiver` but the id."""
    waiver = Waiver(id=uuid.uuid4().hex[:8], **decision)  # type: ignore[arg-type]
    shown = {name: value for name, value in asdict(waiver).items() if value is not None}
    _record(instance, voice, waiver, f"{waiver.rule} {waiver}", {GRANTED: asdict(waiver), **shown})
    return waiver


def revoke(instance: dg.DagsterInstance, voice: str, waiver: Waiver, by: str, reason: str) -> None:
    """Record that ``waiver`` counts no longer."""
    why = {"id": waiver.id, "by": by, "reason": reason}
    said = f"{waiver.rule}: waiver {waiver.id} revoked by {by}: {reason}"
    _record(instance, voice, waiver, said, {REVOKED: why, "rule": waiver.rule})


def _record(instance: dg.DagsterInstance, voice: str, waiver: Waiver, description: str, metadata: Mapping[str, Any]) -> None:
    """Record a decision, and show it on the page of the asset whose rule it is about."""
    event = dg.AssetMaterialization(dg.AssetKey([voice, WAIVERS]), description=description, metadata=metadata)
    instance.report_runless_asset_event(event)
    about = dg.AssetKey([voice, waiver.rule.partition("/")[0]])
    shown = dg.AssetObservation(about, description=description, partition=waiver.partition, metadata=metadata)
    instance.report_runless_asset_event(shown)
