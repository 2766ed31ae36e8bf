"""Two validations compared by their records: the last one that passed, and what differs in data, model, code, settings, limits.

Reads only. Not here: comparing their clips (``asr.drift``).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from voice_assets.orchestration.gates import Gate
from voice_assets.orchestration.records import SETTINGS, WEIGHTS, Materialisation

VALIDATIONS_READ = 200
NOT_RECORDED = "not recorded"
NOTHING = "–"
MODEL = "model"
"""The setting that names the recogniser's model."""


@dataclass(frozen=True)
class Difference:
    """One thing that differs between two validations.

    ``kind`` is data, model, code, settings or limits. ``what`` names it; ``before`` and ``now`` are texts for people.
    """

    kind: str
    what: str
    before: str
    now: str


def last_passed(gate: Gate, of: Materialisation) -> Materialisation | None:
    """The newest validation before ``of`` that passed all rules by the verdicts of its time, and still has its tables.

    A rule that failed and only warned has not stopped the validation, so it does not count; a waived rule has failed.
    """
    earlier = (one for one in gate.history.newest(of.key, VALIDATIONS_READ) if one.storage_id < of.storage_id)
    return next((one for one in earlier if _has_tables(gate, one) and _passed(gate, one)), None)


def _has_tables(gate: Gate, one: Materialisation) -> bool:
    """Whether a run recorded tables, and they are as recorded: a comparison reads them."""
    tables = one.evidence.values() if one.run_id else ()
    return bool(tables) and all(gate.store.damage(table, whole=True) is None for table in tables)


def _passed(gate: Gate, one: Materialisation) -> bool:
    verdicts = [gate.history.verdict(rule, one, None, newest=False) for rule in gate.rules(one.key)]
    return all(verdict.reason is None for verdict in verdicts)


def differences(gate: Gate, before: Materialisation, now: Materialisation, shards: str, clips: str) -> list[Difference]:
    """What differs between two validations, the most important kind first; empty when nothing that is recorded differs.

    Args:
        gate: reads the records.
        before: the earlier validation.
        now: the later validation.
        shards: the name of the input asset that transcribed the clips.
        clips: the name of the input asset with the clips.
    """
    found = [*_data(before, now, clips)]
    for name, (old, new) in {
        shards: (_inputs(gate, before, shards), _inputs(gate, now, shards)),
        now.key.path[-1]: ([before], [now]),
    }.items():
        found += [*_model(name, old, new), *_code(name, old, new), *_settings(name, old, new)]
    order = ("data", "model", "code", "settings", "limits")
    return sorted([*found, *_limits(gate, before, now)], key=lambda one: order.index(one.kind))


def _inputs(gate: Gate, of: Materialisation, name: str) -> list[Materialisation]:
    sources = (gate.history.exact(pin) for pin in of.pins if pin.key.path[-1] == name)
    return [source for source in sources if source is not None]


def _data(before: Materialisation, now: Materialisation, name: str) -> Iterable[Difference]:
    """The partitions of the clips whose data version differs."""
    versions = [{pin.partition or "": pin.data_version for pin in of.pins if pin.key.path[-1] == name} for of in (before, now)]
    return _compared("data", f"{name}[{{}}]", versions, shorten=12)


def _model(name: str, before: list[Materialisation], now: list[Materialisation]) -> Iterable[Difference]:
    """The weights; the model's name is among the settings."""
    sides = [{"weights": _values(one.metadata.get(WEIGHTS) for one in side)} for side in (before, now)]
    return _compared("model", f"{name}: {{}}", sides, shorten=12)


def _code(name: str, before: list[Materialisation], now: list[Materialisation]) -> Iterable[Difference]:
    """The two numbers of the code version: the layout of the records, and the code of the asset."""
    sides = [{"code": _values(one.code_version.rpartition(".")[0] for one in side)} for side in (before, now)]
    return _compared("code", f"{name}: {{}}", sides)


def _settings(name: str, before: list[Materialisation], now: list[Materialisation]) -> Iterable[Difference]:
    """The settings that differ. Where one side recorded only their hash, one line says that they differ."""
    hashes = [{one.code_version.rpartition(".")[2] for one in side} for side in (before, now)]
    if hashes[0] == hashes[1]:
        return
    recorded = [[one.metadata.get(SETTINGS) or {} for one in side] for side in (before, now)]
    if not all(side and all(side) for side in recorded):
        old, new = ("recorded" if side and all(side) else NOT_RECORDED for side in recorded)
        yield Difference("settings", f"{name}: settings differ", old, new)
        return
    sides = [{key: _values(one.get(key) for one in side) for key in _keys(side)} for side in recorded]
    for one in _compared("settings", f"{name}: {{}}", sides, shorten=60):
        yield Difference("model", one.what, one.before, one.now) if one.what == f"{name}: {MODEL}" else one


def _limits(gate: Gate, before: Materialisation, now: Materialisation) -> Iterable[Difference]:
    """The limits of the rules, as the verdicts recorded them."""
    sides = [{rule.name: _limit(gate, of, rule) for rule in gate.rules(now.key)} for of in (before, now)]
    return _compared("limits", "rule {}", sides)


def _limit(gate: Gate, of: Materialisation, rule: Any) -> str:
    result = gate.history.verdict(rule, of, None, newest=False).result
    if result is None:
        return "no verdict"
    advisory = ", only warns" if "advisory" in result.metadata else ""
    return f"{result.metadata['limit'].value}{advisory}" if "limit" in result.metadata else NOT_RECORDED


def _keys(settings: Iterable[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(key for one in settings for key in one))


def _values(values: Iterable[Any]) -> str:
    """The different values as one text; `NOT_RECORDED` where one is missing or there is none."""
    texts = {NOT_RECORDED if value is None else str(value) or NOTHING for value in values}
    return ", ".join(sorted(texts)) or NOT_RECORDED


def _compared(kind: str, what: str, sides: Sequence[Mapping[str, str]], shorten: int | None = None) -> Iterable[Difference]:
    """A difference for each name whose text differs between the two sides; ``shorten``: the most characters of a text."""
    for name in sorted({key for side in sides for key in side}):
        old, new = (side.get(name, NOTHING) for side in sides)
        if old != new:
            yield Difference(kind, what.format(name), old[:shorten], new[:shorten])
