"""How a finding of ``voice-assets doctor`` is printed: its state, what was checked, what was found, and what to do."""

from rich.text import Text

from voice_assets.cli.findings import Finding
from voice_assets.runtime.plain_text import plain

MARKS = {"ok": ("ok  ", "green"), "warn": ("warn", "yellow"), "bad": ("bad ", "red")}
INDENT = " " * 5


def finding_line(finding: Finding) -> Text:
    """One line, and below it what to do, where something is to be done."""
    found = plain(finding.found, lines=True).replace("\n", f"\n{INDENT}")
    line = Text.assemble(MARKS[finding.state], " ", (plain(finding.subject), "bold"), f": {found}")
    if finding.advice:
        line.append(f"\n{INDENT}What to do: {plain(finding.advice)}", "" if finding.state == "bad" else "dim")
    return line
