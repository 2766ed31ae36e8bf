"""How often texts are compared wrongly, and how fast: `make bench-text`. Last line: one JSON object.

Wrong: two texts that say the same come out under 0.97 or raise a suspicion, two that differ come out at 0.97 or more without
one, an invented hypothesis is not called so, a loop is not found, or a quiet clip raises a suspicion. The pairs are those of
the tests (``voice_assets_tests/text/*.tsv``), and of ``--pairs FILE``: tab separated, with the columns ``lang``,
``reference``, ``hypothesis``, ``want`` (same, differs, hallucination, loop, quiet). The share of wrong pairs is printed by
language and kind, and every wrong pair.

Speed: clips per CPU second of one process over 18,377 made-up clips, as many as the data set that this project was planned for
has. In 60 % of them the two texts differ in capitals and marks only, in 25 % a word differs, in 15 % one text has figures.
Each text is compared once; nothing is cached before.
"""

import argparse
import csv
import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from num2words import num2words

from voice_assets.asr.scoring import score

TABLES = Path(__file__).parents[1] / "voice_assets_tests" / "text"
SAME = 0.97
CLIPS = 18_377
SECONDS = 3.0
SUSPICIONS = ("hallucination", "repeated", "other_words", "other_numbers")
WORDS = {
    "ru": "дом река утром большой человек быстро идёт через старый город вечером письмо друг новый свет окно",
    "en": "house river morning large people quickly walk through the old city evening letter friend new light window road",
    "es": "casa río mañana grande gente rápido camina por la ciudad vieja tarde carta amigo nueva luz ventana camino",
    "fr": "maison rivière matin grande personne vite marche dans la vieille ville soir lettre ami nouvelle lumière fenêtre",
    "de": "Haus Fluss Morgen großer Mensch schnell geht durch die alte Stadt Abend Brief Freund neues Licht Fenster",
}


class Case(NamedTuple):
    """Two texts and the wanted result."""

    language: str
    kind: str
    reference: str
    hypothesis: str
    want: str


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of a tab separated table without quoting."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def own_cases() -> Iterator[Case]:
    """The pairs of the tests."""
    for name in ("russian_cases.tsv", "russian_readings_cases.tsv", "western_cases.tsv"):
        for row in rows(TABLES / name):
            yield Case(row.get("language") or "ru", "own", row["one"], row["other"], row["kind"])
    for row in rows(TABLES / "pairs.tsv"):
        yield Case(row["lang"], row["kind"], row["reference"], row["hypothesis"], row["want"])


def given_cases(path: Path) -> Iterator[Case]:
    """The pairs of a file of the user."""
    for row in rows(path):
        yield Case(row["lang"], "given", row["reference"], row["hypothesis"], row["want"])


def is_wrong(case: Case) -> bool:
    """Whether the scores of the pair are not the wanted ones."""
    found = score(case.reference, case.hypothesis, SECONDS, case.language)
    similar, suspicious = float(str(found["similarity"])) >= SAME, any(found.get(name) for name in SUSPICIONS)
    return {
        "same": not similar or suspicious,
        "differs": similar and not suspicious,
        "hallucination": not found["hallucination"],
        "loop": not found["repeated"],
        "quiet": suspicious,
    }[case.want]


def report(cases: list[Case]) -> float:
    """Print the wrong pairs and the shares; return the share of all."""
    wrong = [case for case in cases if is_wrong(case)]
    for case in wrong:
        print(f"  wrong: {case.language} {case.want}: {case.reference} | {case.hypothesis}")
    for name in ("language", "want", "kind"):
        of_all, of_wrong = (Counter(getattr(case, name) for case in some) for some in (cases, wrong))
        shares = (f"{key} {of_wrong[key]}/{count} = {of_wrong[key] / count:.3f}" for key, count in sorted(of_all.items()))
        print(f"wrong by {name}: " + ", ".join(shares))
    return len(wrong) / len(cases)


def clip(language: str, draw: random.Random) -> tuple[str, str]:
    """A made-up reference and hypothesis."""
    words = [draw.choice(WORDS[language].split()) for _ in range(draw.randint(4, 18))]
    heard, place, kind = list(words), draw.randrange(len(words)), draw.random()
    if kind < 0.15:
        number = draw.choice([draw.randint(0, 100), draw.randint(1800, 2030), draw.randint(0, 100_000)])
        words[place], heard[place] = num2words(number, lang=language), str(number)
    elif kind < 0.40:
        heard[place] = heard[place][1:] or "a"
    return " ".join(words).capitalize() + ".", " ".join(heard)


def clips_per_s(count: int) -> float:
    """The speed of the slowest language, clips per CPU second. Prints every language."""
    speeds = {}
    for language in WORDS:
        draw = random.Random(7)
        clips = [clip(language, draw) for _ in range(count)]
        score(*clips[0], SECONDS, language)
        begin = time.process_time()
        for reference, hypothesis in clips:
            score(reference, hypothesis, SECONDS, language)
        speeds[language] = count / (time.process_time() - begin)
        print(f"{language}: {speeds[language]:.0f} clips/s, {CLIPS / speeds[language]:.1f} s for {CLIPS} clips", flush=True)
    return min(speeds.values())


def main() -> None:
    """Read the command line, measure, and print."""
    assert __doc__ is not None
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--pairs", type=Path, help="more pairs, tab separated: lang, reference, hypothesis, want")
    parser.add_argument("--clips", type=int, default=CLIPS, help=f"made-up clips per language (default: {CLIPS})")
    options = parser.parse_args()
    wrong_share = report([*own_cases(), *(given_cases(options.pairs) if options.pairs else [])])
    print(json.dumps({"wrong_share": round(wrong_share, 4), "clips_per_s": round(clips_per_s(options.clips), 1)}))


if __name__ == "__main__":
    main()
