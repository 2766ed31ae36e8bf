"""The records of the instance: materialisations, the exact inputs of each, and verdicts of checks.

Reads only. Not here: reading the executions of checks (``check_results``), and deciding whether something may run (``gates``).
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import dagster as dg
from dagster._core.definitions.asset_checks.asset_check_evaluation import AssetCheckEvaluation
from dagster._core.event_api import EventLogRecord
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecord

from voice_assets.orchestration.check_results import CheckResults
from voice_assets.orchestration.observations import Observations
from voice_assets.orchestration.records import JUDGED, SUITE, WAIVER, CheckVerdict, Materialisation, Pin

MATERIALISATIONS_AT_ONCE = 100
TRAININGS_READ = 1000


def _read(record: EventLogRecord) -> Materialisation:
    materialization = record.asset_materialization
    assert materialization is not None
    tags = materialization.tags or {}
    return Materialisation(
        key=materialization.asset_key,
        partition=materialization.partition,
        storage_id=record.storage_id,
        run_id=record.run_id,
        time=record.timestamp,
        data_version=tags.get("dagster/data_version", ""),
        code_version=tags.get("dagster/code_version", ""),
        metadata={name: value.value for name, value in materialization.metadata.items()},
    )


class History:
    """Reads one instance. Answers are cached: make a new object to read again.

    A query costs more than a record: it opens the database. So where a second partition of an asset is asked for, one query
    reads all of them.
    """

    def __init__(self, instance: dg.DagsterInstance):
        self.instance = instance
        self._latest: dict[tuple[dg.AssetKey, str | None], Materialisation | None] = {}
        self._exact: dict[tuple[dg.AssetKey, int], Materialisation | None] = {}
        self._trainings: dict[dg.AssetKey, dict[int, Materialisation]] = {}
        self._observations = Observations(instance)
        self._asked: set[dg.AssetKey] = set()
        self.results = CheckResults(instance)

    def latest(self, key: dg.AssetKey, partition: str | None = None) -> Materialisation | None:
        """The newest materialisation of ``key`` (in ``partition``), or None."""
        if (key, partition) not in self._latest:
            if partition is not None and self._asked_again(key):
                self._read_all_latest(key)
            else:
                wanted = dg.AssetRecordsFilter(asset_key=key, asset_partitions=[partition] if partition is not None else None)
                records = self.instance.fetch_materializations(wanted, limit=1).records
                self._latest[key, partition] = self._keep(records[0]) if records else None
        return self._latest.setdefault((key, partition), None)

    def _asked_again(self, key: dg.AssetKey) -> bool:
        """Whether a partition of ``key`` was asked for before."""
        before = key in self._asked
        self._asked.add(key)
        return before

    def _read_all_latest(self, key: dg.AssetKey) -> None:
        """Read the newest materialisation of every partition of ``key``."""
        kind = dg.DagsterEventType.ASSET_MATERIALIZATION
        newest = self.instance.event_log_storage.get_latest_storage_id_by_partition(key, kind)
        self._read_exact(key, set(newest.values()))
        for partition, storage_id in newest.items():
            self._latest.setdefault((key, partition), self._exact[key, storage_id])

    def _keep(self, record: EventLogRecord) -> Materialisation:
        found = _read(record)
        self._exact[found.key, found.storage_id] = found
        return found

    def _read_exact(self, key: dg.AssetKey, storage_ids: Collection[int]) -> None:
        """Read materialisations of ``key`` by their storage ids."""
        missing = [one for one in storage_ids if one and (key, one) not in self._exact]  # 0: the observed data set
        for start in range(0, len(missing), MATERIALISATIONS_AT_ONCE):
            some = missing[start : start + MATERIALISATIONS_AT_ONCE]
            wanted = dg.AssetRecordsFilter(asset_key=key, storage_ids=some)
            for record in self.instance.fetch_materializations(wanted, limit=len(some)).records:
                self._keep(record)
        for storage_id in storage_ids:
            self._exact.setdefault((key, storage_id), None)

    def newest(self, key: dg.AssetKey, limit: int) -> list[Materialisation]:
        """The last ``limit`` materialisations of ``key``, the newest first."""
        wanted = dg.AssetRecordsFilter(asset_key=key)
        return [_read(record) for record in self.instance.fetch_materializations(wanted, limit=limit).records]

    def all(self, key: dg.AssetKey) -> Iterator[Materialisation]:
        """Every materialisation of ``key``, the newest first."""
        cursor = None
        while True:
            page = self.instance.fetch_materializations(key, limit=MATERIALISATIONS_AT_ONCE, cursor=cursor)
            yield from map(_read, page.records)
            if not page.has_more:
                return
            cursor = page.cursor

    def governing(self, of: Materialisation) -> Materialisation:
        """The newest materialisation with the partition and the data version of ``of``: a later one, or ``of`` itself."""
        newest = self.latest(of.key, of.partition)
        if newest is None or newest.storage_id <= of.storage_id:
            return of
        cursor = None
        while True:
            wanted = dg.AssetRecordsFilter(
                asset_key=of.key,
                asset_partitions=[of.partition] if of.partition is not None else None,
                after_storage_id=of.storage_id,
            )
            page = self.instance.fetch_materializations(wanted, limit=MATERIALISATIONS_AT_ONCE, cursor=cursor)
            same = (later for later in map(_read, page.records) if later.data_version == of.data_version)
            found = next(same, None)
            if found is not None:
                return found
            if not page.has_more:
                return of
            cursor = page.cursor

    def exact(self, pin: Pin) -> Materialisation | None:
        """The materialisation that a pin names, or None when somebody wiped it."""
        self._read_exact(pin.key, [pin.storage_id])
        return self._exact[pin.key, pin.storage_id]

    def exact_of(self, pins: Sequence[Pin]) -> list[Materialisation | None]:
        """``exact`` of several pins, with one query per asset."""
        by_key: dict[dg.AssetKey, list[int]] = {}
        for pin in pins:
            by_key.setdefault(pin.key, []).append(pin.storage_id)
        for key, storage_ids in by_key.items():
            self._read_exact(key, storage_ids)
        return [self.exact(pin) for pin in pins]

    def trainings(self, key: dg.AssetKey) -> dict[int, Materialisation]:
        """The materialisations of a training asset by the ``lightning_logs/version_<N>`` they wrote, the newest of each.

        A materialisation that no run made names no version, and does not count.
        """
        if key not in self._trainings:
            made = [found for found in reversed(self.newest(key, TRAININGS_READ)) if found.run_id]
            self._trainings[key] = {int(found.metadata["version"]): found for found in made}
        return self._trainings[key]

    def observed_version(self, key: dg.AssetKey, partition: str | None = None) -> str | None:
        """The data version of the newest observation of an external asset, or None."""
        return self._observations.newest(key, partition).data_version

    def removed(self, key: dg.AssetKey, partition: str | None) -> str:
        """Why the file of a checkpoint was removed, as the newest observation of a run says; empty when written since."""
        found = self._observations.newest_of_runs(key, partition)
        if not found.removed:
            return ""
        latest = self.latest(key, partition)
        return found.removed if latest is None or latest.storage_id < found.storage_id else ""

    def verdict(self, check: dg.AssetCheckKey, of: Materialisation, suite: str | None, newest: bool = True) -> CheckVerdict:
        """The verdict of ``check`` on the materialisation ``of``; without a valid result, gates stay closed.

        A result is valid when it judged exactly this materialisation by the rules ``suite``.

        Args:
            check: the check.
            of: the judged materialisation.
            suite: the fingerprint of rules and thresholds; None accepts the rules of the time of the result.
            newest: ``of`` is the newest materialisation, which the checks would judge when they run again.
        """
        partitions: Sequence[str | None] = [of.partition, None] if of.partition is not None else [None]
        for partition in partitions:
            for record in self.results.executions(check, partition):
                verdict = self._judge(check, record, of, suite, newest)
                if verdict is not None:
                    return verdict
        return CheckVerdict(check, "no result for the latest materialisation", unjudged=True)

    def _judge(
        self, check: dg.AssetCheckKey, record: AssetCheckExecutionRecord, of: Materialisation, suite: str | None, newest: bool
    ) -> CheckVerdict | None:
        """The verdict of one record on ``of``; None when the record is about another materialisation."""
        same_run = record.run_id == of.run_id and record.partition == of.partition
        evaluation = record.evaluation
        if not isinstance(evaluation, AssetCheckEvaluation):  # a planned row carries its plan here, not None
            about_this = same_run or (newest and self._only_checks(record.run_id, of.key))
            reason = f"planned in run {record.run_id[:8]}, no result"
            return CheckVerdict(check, reason, unjudged=True) if about_this else None
        target = evaluation.target_materialization_data
        if not (target.storage_id == of.storage_id if target else same_run) or _judged_another(evaluation, of):
            return None
        return _evaluate(check, evaluation, record.run_id, suite)

    def _only_checks(self, run_id: str, key: dg.AssetKey) -> bool:
        """Whether a run executes checks of ``key`` without materialising it; such checks judge the newest materialisation.

        The planned materialisations say so. The selection of a run does not: it is empty when ``dg.materialize`` ran.
        """
        wanted = dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED
        planned = self.instance.get_records_for_run(run_id, of_type=wanted).records
        events = (record.event_log_entry.dagster_event for record in planned)
        return key not in {event.asset_key for event in events if event is not None}


def _judged_another(evaluation: AssetCheckEvaluation, of: Materialisation) -> bool:
    """Whether the check read the tables of another materialisation: ``of`` was made while the check ran."""
    judged = evaluation.metadata.get(JUDGED)
    return judged is not None and judged.value != of.storage_id


def _evaluate(check: dg.AssetCheckKey, evaluation: AssetCheckEvaluation, run_id: str, suite: str | None) -> CheckVerdict:
    """The verdict of a result on the right materialisation, by the rules ``suite``."""
    if suite is not None and _text(evaluation.metadata, SUITE) != suite:
        return CheckVerdict(check, "judged by other rules or thresholds than today's: run the check again", unjudged=True)
    if evaluation.passed:
        return CheckVerdict(check, None, result=evaluation)
    observed, limit = _text(evaluation.metadata, "observed"), _text(evaluation.metadata, "limit")
    broken = f"failed in run {run_id[:8]}: {evaluation.description} (observed {observed}, limit {limit})"
    if evaluation.severity == dg.AssetCheckSeverity.WARN and WAIVER not in evaluation.metadata:
        return CheckVerdict(check, None, warning=broken, result=evaluation)
    return CheckVerdict(check, broken, result=evaluation)


def _text(metadata: Mapping[str, Any], name: str) -> str | None:
    value = metadata.get(name)
    if value is None:
        return None
    return value.value if isinstance(value.value, str) else json.dumps(value.value)
