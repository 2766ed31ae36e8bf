"""The records of the instance: materialisations, the exact inputs of each, and verdicts of checks.

Reads only. Not here: reading the executions of checks (``check_results``), and deciding whether something may run (``gates``).
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import dagster as dg
from dagster._core.definitions.asset_checks.asset_check_evaluation import AssetCheckEvaluation
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecord

from voice_assets.orchestration.check_results import CheckResults
from voice_assets.orchestration.observations import Observations
from voice_assets.orchestration.records import JUDGED, SUITE, WAIVER, CheckVerdict, Materialisation, Pin

MATERIALISATIONS_AT_ONCE = 200
TRAININGS_READ = 1000


class History:
    """Reads one instance. Answers are cached: make a new object to read again.

    A query costs more than a record: it opens the database. So where a second partition of an asset is asked for, one query
    reads all of them; and ``read_ahead`` reads all partitions of many assets.
    """

    def __init__(self, instance: dg.DagsterInstance):
        from voice_assets.orchestration.event_log import EventLog  # loads SQLAlchemy, which a code location needs not

        self.instance = instance
        self._log = EventLog(instance)
        self._latest: dict[tuple[dg.AssetKey, str | None], Materialisation | None] = {}
        self._exact: dict[int, Materialisation | None] = {}
        self._asked: set[dg.AssetKey] = set()
        self._whole: dict[dg.AssetKey, dict[str | None, Materialisation]] = {}
        self._versions: dict[dg.AssetKey, dict[tuple[str | None, str], int]] = {}
        self._trainings: dict[dg.AssetKey, dict[int, Materialisation]] = {}
        self._planned: dict[str, set[dg.AssetKey | None]] = {}
        self.observations = Observations(self._log)
        self.results = CheckResults(instance, self._log)

    def read_ahead(self, keys: Collection[dg.AssetKey]) -> None:
        """Read the newest materialisation of every partition of ``keys``, with one query."""
        unknown = set(keys) - self._whole.keys()
        if unknown:
            self._whole |= {key: {} for key in unknown}
            for one in self._log.newest(unknown):
                self._whole[one.key][one.partition] = self._exact[one.storage_id] = one

    def latest(self, key: dg.AssetKey, partition: str | None = None) -> Materialisation | None:
        """The newest materialisation of ``key`` (in ``partition``), or None."""
        if (key, partition) not in self._latest:
            self._latest[key, partition] = self._find_latest(key, partition)
        return self._latest[key, partition]

    def _find_latest(self, key: dg.AssetKey, partition: str | None) -> Materialisation | None:
        if partition is not None and key in self._asked:
            self.read_ahead([key])
        if key in self._whole:
            made = self._whole[key]
            if partition is not None:
                return made.get(partition)
            return max(made.values(), key=lambda one: one.storage_id, default=None)
        self._asked |= set() if partition is None else {key}
        found = next(iter(self._log.last(key, 1, partition)), None)
        if found is not None:
            self._exact[found.storage_id] = found
        return found

    def newest(self, key: dg.AssetKey, limit: int) -> list[Materialisation]:
        """The last ``limit`` materialisations of ``key``, the newest first."""
        return self._log.last(key, limit)

    def all(self, key: dg.AssetKey) -> Iterator[Materialisation]:
        """Every materialisation of ``key``, the newest first."""
        page = self._log.last(key, MATERIALISATIONS_AT_ONCE)
        yield from page
        while len(page) == MATERIALISATIONS_AT_ONCE:
            page = self._log.last(key, MATERIALISATIONS_AT_ONCE, before=page[-1].storage_id)
            yield from page

    def governing(self, of: Materialisation) -> Materialisation:
        """The newest materialisation with the partition and the data version of ``of``: a later one, or ``of`` itself."""
        newest = self.latest(of.key, of.partition)
        if newest is None or newest.storage_id <= of.storage_id:
            return of
        if newest.data_version == of.data_version:
            return newest
        if of.key not in self._versions:
            self._versions[of.key] = self._log.versions(of.key)
        last = self._versions[of.key].get((of.partition, of.data_version), 0)
        return (self._by_id(last) or of) if last > of.storage_id else of

    def _by_id(self, storage_id: int) -> Materialisation | None:
        self._read_exact([storage_id])
        return self._exact[storage_id]

    def _read_exact(self, storage_ids: Collection[int]) -> None:
        missing = {one for one in storage_ids if one not in self._exact}
        self._exact |= dict.fromkeys(missing)
        self._exact |= {found.storage_id: found for found in self._log.exact(missing - {0})}  # 0: the observed data set

    def exact(self, pin: Pin) -> Materialisation | None:
        """The materialisation that a pin names, or None when somebody wiped it."""
        found = self._by_id(pin.storage_id)
        return found if found is not None and found.key == pin.key else None

    def exact_of(self, pins: Sequence[Pin]) -> list[Materialisation | None]:
        """``exact`` of several pins, with one query."""
        self._read_exact([pin.storage_id for pin in pins])
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
        return self.observations.newest(key, partition).data_version

    def removed(self, key: dg.AssetKey, partition: str | None) -> str:
        """Why the file of a checkpoint was removed, as the newest observation of a run says; empty when written since."""
        found = self.observations.newest_of_runs(key, partition)
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
        if run_id not in self._planned:
            wanted = dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED
            records = self.instance.get_records_for_run(run_id, of_type=wanted).records
            events = (record.event_log_entry.dagster_event for record in records)
            self._planned[run_id] = {event.asset_key for event in events if event is not None}
        return key not in self._planned[run_id]


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
