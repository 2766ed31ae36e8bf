"""A training's forecast, and the forecast against what happened, as rows of texts for reports and metadata.

Belongs here: words for the numbers of ``piper.forecast``. Does not belong here: the arithmetic.
"""

from voice_assets.piper.forecast import Costs, compare, milestones

HEADINGS = {"cost": "Cost", "forecast": "Forecast"}
COMPARED = {"cost": "Cost", "forecast": "Forecast", "happened": "Measured", "ratio": "Measured / forecast"}
_NAMES = {
    "seconds_per_epoch": "One epoch",
    "hours": "All epochs that were done",
    "steps": "Steps per epoch",
    "peak_memory": "Peak memory of one process",
    "checkpoint": "One checkpoint",
    "checkpoints": "Checkpoints kept, at most",
    "cache": "Cache of the clips",
    "disk": "Disk that stays in use, at most",
}
_SIZES = ("peak_memory", "checkpoint", "cache", "disk")


def rows(costs: Costs) -> list[dict[str, str]]:
    """A forecast as rows of ``HEADINGS``."""
    values = [
        ("One epoch", _duration(costs.seconds_per_epoch)),
        ("More for the first epoch", _duration(costs.warm_up_s)),
        ("Steps per epoch", f"{costs.steps:,}"),
        *((f"Time to {epochs} epochs", _duration(3600 * hours)) for epochs, hours in milestones(costs)),
        *((_NAMES[name], _words(name, getattr(costs, name))) for name in ("peak_memory", "checkpoint", "checkpoints")),
        *((_NAMES[name], _words(name, getattr(costs, name))) for name in ("cache", "disk")),
    ]
    return [{"cost": name, "forecast": value} for name, value in values]


def compared(foretold: Costs, measured: Costs) -> list[dict[str, str]]:
    """A forecast against what happened as rows of ``COMPARED``."""
    return [
        {
            "cost": _NAMES[one.cost],
            "forecast": _words(one.cost, one.forecast),
            "happened": _words(one.cost, one.happened),
            "ratio": "" if one.ratio is None else f"{one.ratio:.2f}",
        }
        for one in compare(foretold, measured)
    ]


def _words(name: str, value: float | None) -> str:
    if value is None:
        return "not known"
    if name in _SIZES:
        return _size(value)
    if name in ("seconds_per_epoch", "hours"):
        return _duration(value * (3600 if name == "hours" else 1))
    return f"{value:,.0f}"


def _size(size: float) -> str:
    return f"{size / 1e9:,.2f} GB" if size >= 1e9 else f"{size / 1e6:,.1f} MB"


def _duration(seconds: float) -> str:
    """Seconds as ``3.2 s``, ``12.5 min``, ``31.4 h`` or ``4.1 days``."""
    for unit, factor, most in (("s", 1, 120), ("min", 60, 120), ("h", 3600, 72)):
        if seconds / factor < most:
            return f"{seconds / factor:.1f} {unit}"
    return f"{seconds / 86400:.1f} days"
