"""The ways to read a text, as a graph, and the two readings of two texts that are closest to each other.

A text such as "at 6:30" can be read in several ways ("six thirty", "half past six"). A `Lattice` holds all of them: its nodes
are the places between words, its edges are words. `closest` takes two lattices and chooses one path in each, so that the two
paths differ in as few characters as possible. Every path says the same thing, and an abbreviation as written is no path unless
the other text has it too. So the choice cannot hide a wrong word. Not here: the readings of a figure or an abbreviation
(``text.scanner``), making a lattice of readings (``text.lattice_of``).
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from rapidfuzz.distance import Indel

# After this many steps the search would take seconds. Such texts are far longer than a clip, or have no word in common.
MOST_STEPS = 60_000

Place = tuple[int, int]


@dataclass(frozen=True)
class Edge:
    """One word, or one number of several words: the node after it, what is compared, and the words that are shown.

    An edge without words says nothing: the word beside it may be left out. An ``exact`` edge is an abbreviation as written. It
    is read only where the other text has the same letters: km and cm are one letter apart, kilometres and centimetres are not.
    """

    end: int
    label: str
    words: str
    exact: bool = False


@dataclass
class Lattice:
    """Edges by the node where they begin. Node 0 is the first, ``last`` the node after the last word.

    The path of first edges is the usual reading.
    """

    edges: list[list[Edge]] = field(default_factory=lambda: [[]])
    last: int = 0

    def node(self) -> int:
        """Add a node and return its number."""
        self.edges.append([])
        return len(self.edges) - 1

    def add(self, start: int, end: int, label: str, words: str, exact: bool = False) -> None:
        """Add an edge, unless there is one with the same label."""
        if all((edge.end, edge.label) != (end, label) for edge in self.edges[start]):
            self.edges[start].append(Edge(end, label, words, exact))

    def usual(self) -> str:
        """The words of the path of first edges."""
        node, words = 0, []
        while self.edges[node]:
            edge = self.edges[node][0]
            words.append(edge.words)
            node = edge.end
        return " ".join(filter(None, words))


@lru_cache(maxsize=65536)
def _distance(one: str, other: str) -> int:
    return max(1, Indel.distance(one, other))


def _alone(edge: Edge) -> int:
    """The cost of a word without partner: its letters and a space."""
    return len(edge.words) + 1 if edge.words else 0


def _steps(one: list[Edge], other: list[Edge], here: Place) -> Iterator[tuple[int, Place, Edge | None, Edge | None]]:
    for edge in one:
        if not edge.exact:
            yield _alone(edge), (edge.end, here[1]), edge, None
    for edge in other:
        if not edge.exact:
            yield _alone(edge), (here[0], edge.end), None, edge
    for first in one:
        for second in other:
            if first.words and second.words and (first.label == second.label or not (first.exact or second.exact)):
                cost = 0 if first.label == second.label else _distance(first.words, second.words)
                yield cost, (first.end, second.end), first, second


def closest(one: Lattice, other: Lattice) -> tuple[str, str]:
    """The words of the two paths that differ in the fewest characters; the usual readings when the search is too long.

    Equal labels cost nothing, other pairs of words their Indel distance, a word without partner its length and a space. This is
    Dijkstra's search, so similar texts take few steps.
    """
    goal = (one.last, other.last)
    queue: list[tuple[int, int, int, Place]] = [(0, 0, 0, (0, 0))]
    known: dict[Place, int] = {(0, 0): 0}
    came: dict[Place, tuple[Place, Edge | None, Edge | None]] = {}
    count = 0
    while queue and count < MOST_STEPS:
        cost, _, _, here = heapq.heappop(queue)
        if here == goal:
            one_text, other_text = _walk_back(came, goal)
            # Two numbers side by side can read as one other number: 20 5 and twenty-five.
            return _walk_back(came, goal, figures=True) if cost and one_text == other_text else (one_text, other_text)
        if cost > known[here]:
            continue
        for more, there, edge, other_edge in _steps(one.edges[here[0]], other.edges[here[1]], here):
            if cost + more < known.get(there, 1 << 30):
                count += 1
                known[there] = cost + more
                came[there] = (here, edge, other_edge)
                # Among equal costs the pair that is further goes first, then the pair that was found first.
                heapq.heappush(queue, (cost + more, -there[0] - there[1], count, there))
    return one.usual(), other.usual()


def _shown(edge: Edge | None, figures: bool) -> str:
    if not edge:
        return ""
    return edge.label[1:] if figures and edge.label.startswith("#") else edge.words


def _walk_back(
    came: dict[Place, tuple[Place, Edge | None, Edge | None]], place: Place, figures: bool = False
) -> tuple[str, str]:
    """The words of the two paths; ``figures``: the numbers that differ stay in figures."""
    words: list[str] = []
    other_words: list[str] = []
    while place != (0, 0):
        place, edge, other_edge = came[place]
        first, second = _shown(edge, figures), _shown(other_edge, figures)
        if edge and other_edge and edge.label == other_edge.label:
            # Two spellings of one word, or of one number, are shown as one.
            first = second = min(edge.words, other_edge.words)
        words.append(first)
        other_words.append(second)
    return " ".join(filter(None, words[::-1])), " ".join(filter(None, other_words[::-1]))
