"""A lineage as few groups for people: the shards of one asset are one group. Not here: text, colours, drawing."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from voice_assets.reports.lineage import Entry, Identity, Lineage, LineageError
from voice_assets.reports.verdicts import Word, rule_word, worst_word

MAX_GROUPS = 300
_SHARD = re.compile(r"\d+-of-\d+")


@dataclass
class Group:
    """Materialisations of one asset.

    Attributes:
        entries: at least one.
        sources: the groups that they were built from; True where an input only gated.
    """

    entries: list[Entry]
    sources: "dict[int, bool]" = field(default_factory=dict)

    @property
    def asset(self) -> str:
        """The asset's name without the voice."""
        return self.entries[0].asset.rpartition("/")[2]

    @property
    def title(self) -> str:
        """``clips, 64 shards``, ``checkpoint v0-e0001`` or ``training_set``."""
        if len(self.entries) > 1:
            shards = all(_SHARD.fullmatch(one.partition or "") for one in self.entries)
            return f"{self.asset}, {len(self.entries)} {'shards' if shards else 'partitions'}"
        partition = self.entries[0].partition
        return self.asset if partition is None else f"{self.asset} {partition}"

    @property
    def word(self) -> Word | None:
        """The verdict over all rules; a warning or a waiver shows. None for an asset without rules."""
        return worst_word([rule.model_dump() for one in self.entries for rule in one.verdicts])

    def rules(self) -> tuple[int, list[str]]:
        """How many verdicts passed, and each of the others in words."""
        passed, others = 0, []
        for one in self.entries:
            for rule in one.verdicts:
                word = rule_word(rule.model_dump())
                if word == "PASS":
                    passed += 1
                    continue
                where = f"[{one.partition}]" if len(self.entries) > 1 else ""
                values = f" (observed {rule.observed}, limit {rule.limit})" if rule.limit is not None else ""
                why = f"; {rule.waiver}" if rule.waiver else f"; advisory: {rule.advisory}" if rule.advisory else ""
                others.append(f"{word} {rule.rule}{where}: {rule.message or 'no message'}{values}{why}")
        return passed, others


def groups(lineage: Lineage, *, merged: bool = True) -> list[Group]:
    """The groups of a lineage, the root first; ``Group.sources`` holds indices into this list.

    Where an asset has two materialisations of one partition, the older ones are groups of their own.

    Args:
        lineage: what to group.
        merged: put the partitions of an asset into one group; False makes a group per materialisation.

    Raises:
        LineageError: there are more groups than anybody could read.
    """
    entries = lineage.ancestors(lineage.root)
    keys = _keys(entries) if merged else {one.identity: one.identity for one in entries}
    index: dict[object, int] = {}
    made: list[Group] = []
    for one in entries:
        key = keys[one.identity]
        if key not in index:
            index[key] = len(made)
            made.append(Group([]))
        made[index[key]].entries.append(one)
    if merged and len(made) > MAX_GROUPS:
        raise LineageError(f"{lineage.root.name}: {len(made)} different inputs, more than {MAX_GROUPS}")
    for one in entries:
        sources = made[index[keys[one.identity]]].sources
        for source, gate_only in lineage.sources(one):
            position = index[keys[source.identity]]
            sources[position] = sources.get(position, True) and gate_only
    for group in made:
        group.entries.sort(key=_in_order)
    return made


def _in_order(entry: Entry) -> list[str]:
    """The order of partitions: ``2-of-64`` before ``10-of-64``."""
    return [part.rjust(20, "0") if part.isdigit() else part for part in re.split(r"(\d+)", entry.partition or "")]


def _keys(entries: Sequence[Entry]) -> dict[Identity, object]:
    """The group of each materialisation: its asset, and how many newer ones of its partition there are."""
    newer: dict[tuple[str, str | None], int] = {}
    keys: dict[Identity, object] = {}
    for one in sorted(entries, key=lambda one: -(one.storage_id or 0)):
        place = one.asset, one.partition
        newer[place] = newer.get(place, -1) + 1
        keys[one.identity] = one.asset, newer[place]
    return keys
