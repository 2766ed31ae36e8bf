"""The result of one check of a package, and how an error of a check becomes its result.

Not here: the checks (``release.checked_voice``, ``release.checked_evidence``), and all of them in order
(``release.verification``).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from voice_assets.dataset.config import ConfigError
from voice_assets.piper.errors import CheckpointError
from voice_assets.release.sums import PackageError
from voice_assets.reports.lineage import LineageError
from voice_assets.runtime.plain_text import plain
from voice_assets.runtime.tsv import TsvError

KNOWN = (PackageError, LineageError, ConfigError, CheckpointError, TsvError, OSError)
LONGEST, MOST = 600, 20


@dataclass(frozen=True)
class Check:
    """What one check found.

    Attributes:
        name: what was checked.
        found: in words, what is there.
        problems: why the package is refused; each names the file.
        warnings: what a person should know, and what refuses nothing.
    """

    name: str
    found: str = ""
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def checked(name: str, check: Callable[[], Check | list[str]], found: str, folder: Path) -> Check:
    """The result of ``check``, which returns a `Check` or its problems. A check that raises has found a problem.

    A package may come from anywhere and raise anything, and no error may let it pass. Files are named as in the package,
    without its ``folder``.
    """
    try:
        result = check()
    except KNOWN as error:
        return Check(name, problems=(shown(str(error).replace(f"{folder}/", "")),))
    except Exception as error:  # noqa: BLE001 - an error nobody thought of is a reason to refuse, never to stop or to pass
        return Check(name, problems=(shown(f"{name}: cannot be checked: {type(error).__name__}: {error}"),))
    made = result if isinstance(result, Check) else Check(name, "" if result else found, tuple(result))
    return replace(made, found=shown(made.found), problems=_shown(made.problems), warnings=_shown(made.warnings))


def _shown(lines: tuple[str, ...]) -> tuple[str, ...]:
    """The first ``MOST`` lines, and how many more there are."""
    more = (f"and {len(lines) - MOST} more",) if len(lines) > MOST else ()
    return (*map(shown, lines[:MOST]), *more)


def shown(text: object) -> str:
    """A text of a package, safe to print, and not too long."""
    line = plain(str(text)[: LONGEST + 1])
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"
