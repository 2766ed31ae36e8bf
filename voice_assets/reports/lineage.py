"""A lineage as plain values, from ``lineage.json`` of a package or from the event log: both have the same format.

Belongs here: reading the values, and what follows from them alone. Does not belong here: reading the event log
(``orchestration.lineage``), merging shards (``lineage_groups``) and drawing (``lineage_picture``).

A package can come from anywhere, so ``read`` trusts nothing: types, lengths and numbers are limited, and materialisations
that were built from each other in a circle are an error.
"""

import hashlib
from collections.abc import Iterator, Mapping
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StringConstraints, ValidationError

from voice_assets.runtime import strict_json

FILE = "lineage.json"
FORMAT = 2
MAX_BYTES = 64 << 20  # of a data set in 64 shards, with 200 epochs: 1 MB
MAX_VALUES = 4_000_000
_Text = Annotated[str, StringConstraints(max_length=10_000, strict=True)]
_Number = Annotated[int, Field(ge=0, le=2**63 - 1, strict=True)]
_Many = Field(max_length=200_000)

Identity = tuple[str, str | None, int | None, str]


class LineageError(ValueError):
    """A lineage that cannot be read. The message names the file, the place in it and the rule."""


class _Plain(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Pin(_Plain):
    """One exact input. ``gate_only``: the input had to pass, and its data did not go in."""

    asset: _Text
    partition: _Text | None
    storage_id: _Number
    run_id: _Text
    data_version: _Text
    gate_only: StrictBool = False


class Rule(_Plain):
    """The verdict of one rule, with the keys of ``reports.verdicts.Verdict``.

    ``suite`` is the SHA-256 of what decided it, as in `Entry.judged_by`; empty for the verdict of a person.
    """

    rule: _Text
    passed: StrictBool | None
    blocks: StrictBool
    observed: bool | int | float | _Text | None = None
    limit: _Text | None = None
    message: _Text | None = None
    advisory: _Text = ""
    waiver: _Text = ""
    suite: _Text = ""


class Source(_Plain):
    """The published voice that a starting checkpoint was made from: its file, and who allows what."""

    name: _Text
    sha256: _Text
    license: _Text = ""
    credit: _Text = ""


class Entry(_Plain):
    """One materialisation.

    Attributes:
        asset, partition: what was materialised.
        storage_id: its number in the event log; None for a package in its own ``lineage.json``; 0 for an observed data set.
        run_id: the run that made it; empty for a package in its own ``lineage.json``.
        time: when, as ISO 8601 in UTC; None where only a pin is known.
        data_version, code_version: of the result, and of code and settings.
        built_from: the exact inputs.
        trained_by: the training that wrote a checkpoint.
        verdicts: one per rule.
        judged_by: SHA-256 -> the text with that hash: hashes of the rules, and all thresholds; none for older results.
        artifacts: URI -> SHA-256 of the recorded files.
        source: the published voice that a starting checkpoint was made from.
    """

    asset: _Text
    partition: _Text | None
    storage_id: _Number | None
    run_id: _Text
    time: _Text | None
    data_version: _Text
    code_version: _Text
    built_from: Annotated[tuple[Pin, ...], _Many] = ()
    trained_by: Pin | None = None
    verdicts: Annotated[tuple[Rule, ...], _Many] = ()
    judged_by: Annotated[Mapping[_Text, _Text], _Many] = Field(default_factory=dict)
    artifacts: Annotated[Mapping[_Text, _Text], _Many] = Field(default_factory=dict)
    source: Source | None = None

    @property
    def identity(self) -> Identity:
        """What tells this materialisation from all others."""
        return self.asset, self.partition, self.storage_id, self.data_version if not self.storage_id else ""

    @property
    def name(self) -> str:
        """``toy/onnx_voice[v0-e0001]``."""
        return self.asset if self.partition is None else f"{self.asset}[{self.partition}]"

    @property
    def observed(self) -> bool:
        """Whether this is a version of the data set, which is observed and not materialised."""
        return self.storage_id == 0

    @property
    def gone(self) -> bool:
        """Whether only a pin is known: somebody wiped the materialisation."""
        return self.time is None and bool(self.storage_id)

    @property
    def pins(self) -> tuple[Pin, ...]:
        """All inputs: the training of a checkpoint first, and what only gated last."""
        training = () if self.trained_by is None else (self.trained_by,)
        return training + tuple(sorted(self.built_from, key=lambda pin: pin.gate_only))


class Lineage(_Plain):
    """A materialisation and its ancestors: the first of ``materialisations`` is the one that the lineage is about."""

    format: Literal[2]
    materialisations: Annotated[tuple[Entry, ...], Field(min_length=1, max_length=200_000)]

    @property
    def root(self) -> Entry:
        """The materialisation that the lineage is about."""
        return self.materialisations[0]

    @cached_property
    def _known(self) -> dict[Identity, Entry]:
        return {one.identity: one for one in self.materialisations}

    def sources(self, of: Entry) -> Iterator[tuple[Entry, bool]]:
        """The inputs of one materialisation, with True where the input only gated."""
        for pin in of.pins:
            yield self._source(pin), pin.gate_only

    def _source(self, pin: Pin) -> Entry:
        """The materialisation that a pin names; without an entry, what the pin itself says."""
        stub = Entry(**pin.model_dump(exclude={"gate_only"}), time=None, code_version="")
        return self._known.get(stub.identity, stub)

    def ancestors(self, of: Entry) -> list[Entry]:
        """``of`` and everything upstream, the data set too: nearest first, each once."""
        found: dict[Identity, Entry] = {}
        level = [of]
        while level:
            found |= {one.identity: one for one in level if one.identity not in found}
            above = {source.identity: source for one in level for source, _ in self.sources(one)}
            level = [source for identity, source in above.items() if identity not in found]
        return list(found.values())

    def about(self, entry: Entry) -> "Lineage":
        """The part of this lineage that is about ``entry``, one of its materialisations."""
        kept = [one for one in self.ancestors(entry) if one.identity in self._known]
        return Lineage(format=FORMAT, materialisations=tuple(kept))

    def with_file(self, sha256: str) -> Entry | None:
        """The nearest materialisation that recorded a file with this hash."""
        return next((one for one in self.materialisations if sha256 in one.artifacts.values()), None)

    def data_sets(self) -> dict[str, str]:
        """The hash of each data set that the lineage begins with, over the observed versions of its shards, by asset."""
        lines: dict[str, set[str]] = {}
        for one in self.ancestors(self.root):
            if one.observed:
                lines.setdefault(one.asset, set()).add(f"{one.partition or ''}  {one.data_version}\n")
        return {asset: hashlib.sha256("".join(sorted(each)).encode()).hexdigest() for asset, each in lines.items()}

    def as_json(self) -> dict[str, Any]:
        """Plain JSON: the format of ``lineage.json``, with the hashes of the data sets."""
        return self.model_dump(mode="json") | {"data_sets": self.data_sets()}


def parse(values: Mapping[str, Any], source: str) -> Lineage:
    """Read a lineage from plain JSON.

    Args:
        values: the content.
        source: the name of the content, for errors.

    Raises:
        LineageError: another format, a value of the wrong type, or materialisations that were built from each other.
    """
    found = values.get("format", 1)
    if found != FORMAT:
        raise LineageError(f"{source}: format {str(found)[:40]!r}; this version of voice-assets reads format {FORMAT}")
    try:
        lineage = Lineage.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise LineageError(f"{source}: {place}: {first['msg']} (value: {str(first['input'])[:80]})") from error
    _refuse_circles(lineage, source)
    return lineage


def _refuse_circles(lineage: Lineage, source: str) -> None:
    """Raise LineageError when materialisations were built from each other."""
    sorter = TopologicalSorter(
        {one.identity: [above.identity for above, _ in lineage.sources(one)] for one in lineage.materialisations}
    )
    try:
        sorter.prepare()
    except CycleError as error:
        names = " -> ".join(f"{asset}[{partition}]" for asset, partition, *_ in error.args[1][:4])
        raise LineageError(f"{source}: these were built from each other: {names}") from error


def read(file: Path) -> Lineage:
    """Read the ``lineage.json`` of a package.

    Raises:
        LineageError: as ``parse``; or the file is no JSON object, or too large.
        OSError: the file cannot be read.
    """
    try:
        values = strict_json.read(file, largest=MAX_BYTES, most_values=MAX_VALUES)
    except strict_json.JsonError as error:
        raise LineageError(str(error)) from error
    if not isinstance(values, dict):
        raise LineageError(f"{file}: no JSON object")
    return parse(values, str(file))


def differences(package: Lineage, log: Lineage) -> list[str]:
    """What the lineage of a package says differently from the event log, in words; empty when both agree.

    The entry of the package itself is compared by its inputs: it was written before the package was complete.
    """
    mine, others = package.root, log.root
    found = [
        f"{mine.name}: {name} differs"
        for name in ("asset", "partition", "code_version", "built_from")
        if getattr(mine, name) != getattr(others, name)
    ]
    ours, theirs = ({one.identity: one for one in each.materialisations[1:]} for each in (package, log))
    found += [f"{ours[one].name}: not in the event log" for one in ours if one not in theirs]
    found += [f"{theirs[one].name}: not in the package" for one in theirs if one not in ours]
    return found + [line for one in ours if one in theirs for line in _entry_differences(ours[one], theirs[one])]


def _entry_differences(ours: Entry, theirs: Entry) -> list[str]:
    facts = [name for name in Entry.model_fields if name not in ("verdicts", "judged_by")]
    found = [f"{ours.name}: {name} differs" for name in facts if getattr(ours, name) != getattr(theirs, name)]
    return found + [f"{ours.name}: the verdict of {rule} differs" for rule in _contradictions(ours, theirs)]


def _contradictions(ours: Entry, theirs: Entry) -> list[str]:
    """The rules whose recorded results differ. A rule that was judged by another limit, or waived, since then is none."""
    judged = {one.rule: one for one in theirs.verdicts if one.passed is not None}
    return [
        one.rule
        for one in ours.verdicts
        if one.passed is not None
        and (other := judged.get(one.rule)) is not None
        and other.limit == one.limit
        and (other.passed, other.observed) != (one.passed, one.observed)
    ]
