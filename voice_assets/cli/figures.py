"""The figures that the command line shows. The name, the unit and the rounding of each stand here and nowhere else.

Belongs here: words for numbers. Does not belong here: computing a figure, and the tables and bars that show the words.
Rounding never hides a fact: one low clip of 18,377 is "under 0.1 %" and not "0.0 %", and only a perfect similarity is "1.000".
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Number = int | float


def number(value: Number, digits: int) -> str:
    """``value`` with so many decimals and a comma between thousands: ``1,204.50``."""
    if math.isnan(value):
        return "not a number"
    return f"{value:,.{digits}f}" if math.isfinite(value) else "infinite"


def count(value: Number, one: str, several: str | None = None) -> str:
    """``1 clip``, ``1,204 clips``."""
    return f"{number(value, 0)} {one if value == 1 else several or f'{one}s'}"


def ratio(value: Number) -> str:
    """A ratio of 0 to 1 as ``0.980``. A ratio that is not 1 is never shown as 1."""
    return number(min(value, 0.999) if value < 1 else value, 3)


def percent(value: Number) -> str:
    """A ratio of 0 to 1 as ``2.0 %``. What is not 0 is never shown as 0, and what is not 1 never as 100."""
    hundredths = value * 100
    if 0 < hundredths < 0.05:
        return "under 0.1 %"
    return "over 99.9 %" if 99.95 <= hundredths < 100 else f"{number(hundredths, 1)} %"


def audio_length(hours: Number) -> str:
    """Hours as ``3.42 h``; under one hour as ``13.1 min``, under one minute as ``10.0 s``."""
    seconds = round(hours * 3600, 1)
    if seconds < 60:
        return f"{number(seconds, 1)} s"
    minutes = round(hours * 60, 1)
    return f"{number(minutes, 1)} min" if minutes < 60 else f"{number(hours, 2)} h"


def three_digits(value: Number) -> str:
    """The first three digits of a number and at least its whole part: ``0.00123``, ``27.3``, ``1,204``."""
    if not math.isfinite(value) or abs(value) >= 999.5:
        return number(value, 0)
    text = f"{value:#.3g}"
    return text if "e" in text else text.removesuffix(".")


def one_digit(value: Number) -> str:
    """A small number by its first digit: ``0.0003``, ``2e-8``; from 1 on with one decimal, and 0 is ``0``."""
    if value == 0 or not math.isfinite(value):
        return number(value, 0)
    digit, _, exponent = f"{value:.0e}".partition("e")
    if int(exponent) < -4:
        return f"{digit}e{int(exponent)}"
    return f"{value:.1g}" if int(exponent) < 0 else number(value, 1)


def storage(size: Number) -> str:
    """Bytes as ``63.1 MB``."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if round(size / factor, 1) >= 1:
            return f"{number(size / factor, 1)} {unit}"
    return count(size, "byte")


def gpu_memory(used_mib: int | None, total_mib: int | None) -> str:
    """``8,123 of 24,576 MiB``; what the driver does not say is ``?``."""
    used, total = ("?" if value is None else number(value, 0) for value in (used_mib, total_mib))
    return f"{used} of {total} MiB"


def clock(seconds: Number) -> str:
    """Seconds as ``1:02:03``, or ``2:03``."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def speed(per_second: Number, unit: str) -> str:
    """``4.1 clips/s``; under one in a second, ``12.0 clips/min``."""
    fast = round(per_second, 1) >= 1
    return f"{number(per_second if fast else per_second * 60, 1)} {unit}/{'s' if fast else 'min'}"


def _low(low: Number, clips: Number) -> str:
    return f"{number(low, 0)} low ({percent(low / clips if clips else 0)})"


@dataclass(frozen=True)
class Figure:
    """One figure: the entries that it shows, and the words for their values.

    ``instead``: the entries of a figure that it replaces.
    """

    entries: tuple[str, ...]
    words: Callable[..., str]
    instead: tuple[str, ...] = ()


FIGURES = (
    # of one result: the entries of its metadata
    Figure(("clips",), lambda value: count(value, "clip")),
    Figure(("train", "validation"), lambda train, rest: f"{number(train, 0)} to train and {number(rest, 0)} to validate on"),
    Figure(("hours",), audio_length),
    Figure(("clips_with_findings",), lambda value: f"{number(value, 0)} with findings"),
    Figure(("problem_rows",), lambda value: count(value, "faulty row")),
    Figure(("text_length_p95",), lambda value: f"95 % of the texts up to {number(value, 0)} characters"),
    Figure(("duplicate_ratio",), lambda value: f"{percent(value)} repeated texts"),
    Figure(("left_out_low_similarity",), lambda value: f"{number(value, 0)} left out as low"),
    Figure(("newly_low", "worse"), lambda low, worse: f"{number(low, 0)} newly low, {number(worse, 0)} worse"),
    Figure(("fixed", "better"), lambda fixed, better: f"{number(fixed, 0)} fixed, {number(better, 0)} better"),
    Figure(("affected",), lambda value: f"{count(value, 'result')} affected"),
    Figure(("epochs",), lambda value: count(value, "epoch")),
    Figure(("first_loss", "last_loss"), lambda first, last: f"loss {three_digits(first)} -> {three_digits(last)}"),
    Figure(("max_abs_difference",), lambda value: f"largest difference {one_digit(value)}"),
    Figure(("samples",), lambda value: count(value, "sample")),
    Figure(("files",), lambda value: count(value, "file")),
    Figure(("bytes",), storage),
    # of a result and of what is running
    Figure(("mean_similarity",), lambda value: f"mean similarity {ratio(value)}"),
    Figure(("low_similarity", "clips"), _low),
    Figure(("mean_cer",), lambda value: f"CER {ratio(value)}"),
    Figure(("mean_mos",), lambda value: f"MOS {number(value, 1)}"),
    Figure(("likeness",), lambda value: f"likeness {number(value, 2)}"),
    Figure(("epoch",), lambda value: f"epoch {number(value, 0)}"),
    # of what is running: the figures of its progress, and how many are done
    Figure(("epoch", "of_epochs"), lambda epoch, of: f"epoch {number(epoch, 0)} of 0 to {number(of - 1, 0)}", ("epoch",)),
    Figure(("loss",), lambda value: f"loss {three_digits(value)}"),
    Figure(("validation_loss",), lambda value: f"validation loss {three_digits(value)}"),
    Figure(("low", "done"), _low),
    Figure(("decoded",), lambda value: f"{number(value, 0)} decoded"),
    Figure(("from_cache",), lambda value: f"{number(value, 0)} from the cache"),
)
MEANS = frozenset({"mean_similarity", "mean_cer", "mean_mos", "likeness"})
"""The entries that are means over clips: of several results, the mean weighted by clips. All others are added up."""


def in_words(entries: Mapping[str, object]) -> str:
    """The figures among ``entries``, in the order of `FIGURES`: ``1,204 clips, mean similarity 0.980``."""
    known = _numbers(entries)
    shown = [one for one in FIGURES if all(name in known for name in one.entries)]
    replaced = {one.instead for one in shown}
    return ", ".join(one.words(*(known[name] for name in one.entries)) for one in shown if one.entries not in replaced)


def together(results: Sequence[Mapping[str, object]]) -> dict[str, Number]:
    """The figures of several partitions as one: counts and hours added up, means weighted by clips.

    An entry that one of the results lacks is left out.
    """
    numbers = [_numbers(entries) for entries in results]
    names = [name for name in numbers[0] if all(name in entries for entries in numbers)] if numbers else []
    clips = [entries.get("clips", 1) for entries in numbers]
    values = {name: [entries[name] for entries in numbers] for name in names}
    return {name: _mean(each, clips) if name in MEANS else sum(each) for name, each in values.items()}


def _numbers(entries: Mapping[str, object]) -> dict[str, Number]:
    return {name: value for name, value in entries.items() if isinstance(value, int | float) and not isinstance(value, bool)}


def _mean(values: Sequence[Number], weights: Sequence[Number]) -> Number:
    return sum(value * weight for value, weight in zip(values, weights, strict=True)) / (sum(weights) or 1)
