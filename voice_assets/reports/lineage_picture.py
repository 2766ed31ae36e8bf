"""A lineage as one SVG file: the data set at the top, the package at the bottom, a box per asset. Reads no file.

Every asset has a row, so that the picture reads like the stages of the work. An arrow leads from each input to what was made
of it. An input that is used further down has a line of its own on the right. A dashed line means: had to pass first.
"""

from collections.abc import Sequence

from markupsafe import Markup

from voice_assets.reports.lineage import Lineage
from voice_assets.reports.lineage_groups import Group, groups

BOX_WIDTH, BOX_HEIGHT, GAP = 430, 52, 30
LANE, EDGE, HEADING = 22, 24, 40
VERSION_SHOWN, TITLE_SHOWN = 12, 48
_CLASSES = {"PASS": "pass", "WARNING": "warn", "WAIVED": "warn", "FAIL": "fail", "NOT JUDGED": "fail", None: "none"}

_FRAME = Markup("""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" \
role="img" aria-label="{label}">
<style>
svg {{ --page: #f6f7f9; --card: #ffffff; --ink: #1a2230; --soft: #5b6678; --edge: #8a94a6; --line: #dfe3ea; --pass: #1a7f4b;
  --warn: #b07400; --fail: #b3261e; --none: #9aa6b8; }}
@media (prefers-color-scheme: dark) {{ svg {{ --page: #11151c; --card: #1a202b; --ink: #e6eaf1; --soft: #9aa6b8;
  --edge: #6d7a8f; --line: #2d3644; --pass: #7fdba8; --warn: #f3c66b; --fail: #ff9c94; --none: #5b6678; }} }}
text {{ font: 12px system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif; fill: var(--soft); }}
.heading {{ font-size: 17px; font-weight: 650; fill: var(--ink); }}
.title {{ font-size: 14px; font-weight: 600; fill: var(--ink); }}
.word {{ font-weight: 650; }}
.edge {{ fill: none; stroke: var(--edge); stroke-width: 1.5; }}
.gate {{ stroke-dasharray: 5 4; }}
.tip {{ fill: var(--edge); }}
.pass {{ fill: var(--pass); }} .warn {{ fill: var(--warn); }} .fail {{ fill: var(--fail); }} .none {{ fill: var(--none); }}
</style>
<rect width="100%" height="100%" fill="var(--page)"/>
<text class="heading" x="{edge}" y="{heading}">{label}</text>
{parts}
</svg>
""")
_BOX = Markup(
    '<g><title>{tip}</title><rect x="{x}" y="{y}" width="{width}" height="{height}" rx="9" fill="var(--card)" '
    'stroke="var(--line)"/><rect class="{state}" x="{x}" y="{y}" width="5" height="{height}" rx="2.5"/>'
    '<text class="title" x="{left}" y="{first}">{title}</text><text x="{left}" y="{second}">{facts}</text>'
    '<text class="word {state}" x="{right}" y="{first}" text-anchor="end">{word}</text></g>'
)
_EDGE = Markup('<path class="edge{}" d="{}"/>')
_TIP = Markup('<path class="tip" d="M{} {}l{} {}l{} {}z"/>')


def picture(lineage: Lineage) -> str:
    """The SVG of a lineage, with all shards of an asset in one box."""
    made = groups(lineage)
    rows = _rows(made)
    order = sorted(range(len(made)), key=lambda position: rows[position])
    place = {position: row for row, position in enumerate(order)}
    edges = _edges(made)
    lanes = _lanes(edges, place)
    data_sets = lineage.data_sets()
    parts = [_drawn_edge(place[source], place[target], lanes.get(source), gate) for source, target, gate in edges]
    parts += [_drawn_box(made[position], place[position], data_sets) for position in order]
    width = 2 * EDGE + BOX_WIDTH + (max(lanes.values()) + 2) * LANE if lanes else 2 * EDGE + BOX_WIDTH
    return str(
        _FRAME.format(
            width=width,
            height=_top(len(made)) - GAP + EDGE,
            label=_cut(f"Lineage of {lineage.root.name}"),
            edge=EDGE,
            heading=HEADING,
            parts=Markup("\n").join(parts),
        )
    )


def _rows(made: Sequence[Group]) -> list[int]:
    """The longest way from each group up to a group without inputs."""
    rows: dict[int, int] = {}
    waiting = [0]
    inside: set[int] = set()
    while waiting:
        position = waiting[-1]
        missing = [source for source in made[position].sources if source not in rows and source not in inside]
        if missing:
            inside.add(position)
            waiting.append(missing[0])
            continue
        above = [rows[source] for source in made[position].sources if source in rows]
        rows[position] = max(above, default=-1) + 1
        inside.discard(waiting.pop())
    return [rows[position] for position in range(len(made))]


def _edges(made: Sequence[Group]) -> list[tuple[int, int, bool]]:
    """(input, made of it, only gated). A gate that follows from the other lines is left out."""
    edges = [(source, target, gate) for target, one in enumerate(made) for source, gate in one.sources.items()]
    return [edge for edge in edges if not edge[2] or not _follows(made, edge[0], edge[1])]


def _follows(made: Sequence[Group], source: int, target: int) -> bool:
    """Whether ``source`` is upstream of another input of ``target``."""
    seen: set[int] = set()
    waiting = [other for other in made[target].sources if other != source]
    while waiting:
        position = waiting.pop()
        if position == source:
            return True
        if position not in seen:
            seen.add(position)
            waiting += made[position].sources
    return False


def _lanes(edges: Sequence[tuple[int, int, bool]], place: dict[int, int]) -> dict[int, int]:
    """The lane of each input that is used further down than the next row; lines in one lane never overlap."""
    last: dict[int, int] = {}
    for source, target, _ in edges:
        if place[target] > place[source] + 1:
            last[source] = max(last.get(source, 0), place[target])
    free: list[int] = []  # the last row of each lane's line
    lanes = {}
    for source in sorted(last, key=lambda position: place[position]):
        lane = next((lane for lane, end in enumerate(free) if end <= place[source]), len(free))
        free[lane : lane + 1] = [last[source]]
        lanes[source] = lane
    return lanes


def _top(row: int) -> int:
    return EDGE + HEADING + row * (BOX_HEIGHT + GAP)


def _drawn_edge(source: int, target: int, lane: int | None, gate: bool) -> Markup:
    """An arrow from row to row: straight down to the next row, otherwise through the lane of the input."""
    kind, right = " gate" if gate else "", EDGE + BOX_WIDTH
    if target == source + 1:
        x, start, end = EDGE + BOX_WIDTH // 2, _top(source) + BOX_HEIGHT, _top(target)
        return _EDGE.format(kind, f"M{x} {start}V{end - 7}") + _TIP.format(x - 4, end - 8, 8, 0, -4, 7)
    x = right + LANE * (1 + (lane or 0))
    start, end = _top(source) + BOX_HEIGHT * 2 // 3, _top(target) + BOX_HEIGHT // 3
    turn = 8 if end > start else -8
    path = f"M{right} {start}H{x - 8}q8 0 8 {turn}V{end - turn}q0 {turn} -8 {turn}H{right + 7}"
    return _EDGE.format(kind, path) + _TIP.format(right + 8, end - 4, 0, 8, -7, -4)


def _drawn_box(group: Group, row: int, data_sets: dict[str, str]) -> Markup:
    """The box of a group: title, verdict, and the facts of its materialisations."""
    passed, others = group.rules()
    rules = [f"{passed} of {passed + len(others)} rules passed"] if passed or others else []
    y = _top(row)
    return _BOX.format(
        tip="\n".join([one.name + " " + one.data_version for one in group.entries[:10]] + others[:10]),
        x=EDGE,
        y=y,
        width=BOX_WIDTH,
        height=BOX_HEIGHT,
        state=_CLASSES[group.word],
        left=EDGE + 16,
        right=EDGE + BOX_WIDTH - 14,
        first=y + 21,
        second=y + 40,
        title=_cut(group.title),
        facts=" · ".join([*_facts(group, data_sets), *rules]),
        word=group.word or "",
    )


def _facts(group: Group, data_sets: dict[str, str]) -> list[str]:
    """The version of the data, and when they were made."""
    first = group.entries[0]
    if first.observed:
        return [f"hash {data_sets[first.asset][:VERSION_SHOWN]}"]
    times = sorted(one.time for one in group.entries if one.time is not None)
    version = [f"data {first.data_version[:VERSION_SHOWN]}"] if len(group.entries) == 1 and first.data_version else []
    return [*version, *(one[:16].replace("T", " ") for one in times[-1:])]


def _cut(text: str) -> str:
    return text if len(text) <= TITLE_SHOWN else text[: TITLE_SHOWN - 1] + "…"
