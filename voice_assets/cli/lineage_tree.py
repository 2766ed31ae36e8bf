"""A lineage as a tree in the terminal: the subject at the top, under each materialisation what it was built from."""

from typing import TYPE_CHECKING

from rich.text import Text
from rich.tree import Tree

from voice_assets.reports.lineage_groups import Group, groups
from voice_assets.runtime.plain_text import plain

if TYPE_CHECKING:
    from voice_assets.reports.lineage import Entry, Lineage

COLOURS = {"PASS": "green", "WARNING": "yellow", "WAIVED": "yellow", "FAIL": "red", "NOT JUDGED": "red"}
VERSION_SHOWN, RUN_SHOWN, RULES_SHOWN = 12, 8, 5


def lineage_tree(lineage: "Lineage", *, everything: bool = False) -> Tree:
    """The tree of a lineage. ``everything``: every shard and every rule, instead of a line per asset."""
    made = groups(lineage, merged=not everything)
    data_sets = lineage.data_sets()
    tree = Tree(_line(made[0], data_sets))
    _add_rules(tree, made[0], everything)
    shown = {0}
    open_branches = [(tree, iter(made[0].sources.items()))]
    while open_branches:  # not a recursion: a foreign package may hold a chain of any length
        branch, sources = open_branches[-1]
        found = next(sources, None)
        if found is None:
            open_branches.pop()
        elif found[0] in shown:
            branch.add(Text(f"{plain(made[found[0]].title)}: see above{_gate(found[1])}", style="dim"))
        else:
            source = made[found[0]]
            shown.add(found[0])
            below = branch.add(_line(source, data_sets, found[1]))
            _add_rules(below, source, everything)
            open_branches.append((below, iter(source.sources.items())))
    return tree


def _gate(gate_only: bool) -> str:
    return " (had to pass)" if gate_only else ""


def _line(group: Group, data_sets: dict[str, str], gate_only: bool = False) -> Text:
    """``onnx_voice v0-e0001  PASS  2026-11-22 10:15  run 1234abcd  data 0123456789ab  code 2.1.0123abcd``."""
    parts: list[tuple[str, str]] = [(plain(group.title) + _gate(gate_only), "bold")]
    if group.word is not None:
        parts.append((f"  {group.word}", COLOURS[group.word]))
    first = group.entries[0]
    if first.observed:
        parts.append((f"  data set {data_sets[first.asset][:VERSION_SHOWN]}", ""))
    elif any(one.gone for one in group.entries):
        parts.append(("  this materialisation is gone from the event log", "red"))
    parts += [(f"  {plain(text)}", "dim") for text in _facts(group.entries)]
    return Text.assemble(*parts)


def _facts(entries: "list[Entry]") -> list[str]:
    """Time, run and versions of one materialisation; of several, the time of the last and what they have in common."""
    times = sorted(one.time for one in entries if one.time is not None)
    facts = [times[-1][:16].replace("T", " ")] if times else []
    runs = {one.run_id for one in entries if one.run_id}
    if len(runs) == 1 and not entries[0].observed:
        facts.append(f"run {min(runs)[:RUN_SHOWN]}")
    if len(entries) == 1 and entries[0].data_version and not entries[0].observed:
        facts.append(f"data {entries[0].data_version[:VERSION_SHOWN]}")
    codes = {one.code_version for one in entries if one.code_version}
    return [*facts, f"code {min(codes)}"] if len(codes) == 1 else facts


def _add_rules(branch: Tree, group: Group, everything: bool) -> None:
    """The rules that did not pass, a line each, and how many passed."""
    passed, others = group.rules()
    limit = len(others) if everything else RULES_SHOWN
    for line in others[:limit]:
        word = next(word for word in COLOURS if line.startswith(word))
        branch.add(Text(plain(line), style=COLOURS[word]))
    if len(others) > limit:
        branch.add(Text(f"and {len(others) - limit} more that did not pass; --all shows them", style="dim"))
    if passed:
        branch.add(Text(f"{passed} rule{'s' if passed > 1 else ''} passed", style="dim"))
