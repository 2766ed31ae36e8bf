"""What ``voice-assets run`` says before it starts: what would stop the run hours later.

Not here: what that is (``orchestration.before_start``).
"""

from collections.abc import Collection, Sequence

from rich.console import Console

from voice_assets.cli.finding_lines import finding_line
from voice_assets.cli.findings import Finding, early_findings
from voice_assets.dataset.mirror import Mirror
from voice_assets.voices import Voice


def in_the_way(voice: Voice, to_make: Collection[str]) -> list[tuple[str, Finding]]:
    """What an asset of ``to_make`` needs and has not, each with the first such asset.

    Raises:
        RemoteError: the store of the data set cannot be reached or refuses.
    """
    if (mirror := Mirror.of(voice)) is not None:
        mirror.bring_head()
    return [(asset, finding) for asset, finding in early_findings(voice) if finding.state != "ok" and asset in to_make]


def can_start(console: Console, voice: str, names: Sequence[str], found: Sequence[tuple[str, Finding]]) -> bool:
    """Whether everything is there that a run needs; prints what is not.

    Args:
        console: where to.
        voice: the name of the voice that is to be run.
        names: the assets that were asked for, upstream first.
        found: what is `in_the_way`.
    """
    if not found:
        return True
    console.print(f"{voice}: nothing was started, because the run would stop later:", soft_wrap=True)
    for _, finding in found:
        console.print(finding_line(finding), soft_wrap=True)
    before = names[: min(names.index(asset) for asset, _ in found)]
    upto = f", or run what is possible now: `voice-assets run {voice} --to {before[-1]}`" if before else ""
    console.print(f"Then run the same command again{upto}.", soft_wrap=True)
    return False
