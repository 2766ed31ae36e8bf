"""How the command line prints: its consoles.

The consoles read no markup and no emoji codes, so ``[red]`` and ``:smile:`` in a text stay what they are. Foreign text goes
through ``runtime.plain_text.plain`` first.
"""

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

WIDTH_OF_A_FILE = 500
"""Columns of output that goes to a file or a pipe: no table there needs to break a line."""


def console(*, stderr: bool = False) -> "Console":
    """A console that prints text as it is. In a file a line is as long as it needs to be; ``COLUMNS`` is obeyed."""
    from rich.console import Console  # not above: `--help` needs no rich

    made = Console(stderr=stderr, markup=False, emoji=False, highlight=False)
    if not made.is_terminal and "COLUMNS" not in os.environ:
        made.width = WIDTH_OF_A_FILE
    return made
