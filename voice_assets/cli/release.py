"""``voice-assets release``: gives the package of a voice a version, archives it and tags it; a push and an upload on request.

Not here: making the release (the asset ``release``), and how each of its parts is written (``release``).
"""

import signal
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from voice_assets.cli.errors import EXIT_CLOSED, EXIT_STOPPED, CommandError, without_traceback
from voice_assets.cli.terminal import console
from voice_assets.cli.voice_argument import voice_with_dataset

if TYPE_CHECKING:
    from voice_assets.orchestration.records import Materialisation
    from voice_assets.voices import Voice


@click.command()
@click.argument("voice")
@click.option("--version", "version", metavar="X.Y.Z", required=True, help="The version, such as 1.0.0 or 1.1.0-rc.1.")
@click.option("--epoch", metavar="KEY", help="The epoch of the package, such as v0-e0001. Default: that of the newest package.")
@click.option("--no-tag", is_flag=True, help="Make no Git tag, for a project that is in no Git repository.")
@click.option("--push", is_flag=True, help="Push the Git tag. Nothing is pushed otherwise.")
@click.option("--remote", metavar="NAME", default="origin", show_default=True, help="The Git remote that --push pushes to.")
@click.option("--to", "url", metavar="URL", help="Upload the archive to a folder or URL, such as s3://bucket/voices.")
def release(voice: str, version: str, epoch: str | None, no_tag: bool, push: bool, remote: str, url: str | None) -> None:
    """Release the package of VOICE as a version.

    The package is verified, spoken by the programs that people use, and archived with its checkpoint, config and logs
    in the data set's reports/release_X.Y.Z and in artifacts/VOICE/releases/X.Y.Z. PROJECT_STATUS.md and the hand-over
    checklist are written, and the project's commit gets the annotated Git tag vX.Y.Z-VOICE.

    A version is never overwritten. The same command again changes nothing; it continues where a stopped call ended.

    \b
    Exit code  0  the version is released
               1  a rule or a gate does not let it pass, or the version
                  was released from another package; a rule that speaks
                  against a released version today is a warning
               2  the command cannot run: no such voice or epoch, no version,
                  nothing to push to
             130  stopped by Ctrl-C or `kill`
    """  # noqa: D301 - click reads the control character, which a raw string would not hold
    from voice_assets.cli.release_outward import push_tag, upload_archive
    from voice_assets.release.git_tag import GitError
    from voice_assets.release.upload import UploadError
    from voice_assets.release.versions import VersionError, require_version

    chosen = voice_with_dataset(voice)
    if push and no_tag:
        raise CommandError("--push pushes the Git tag, and --no-tag makes none: leave one of them out")
    with without_traceback(VersionError):
        require_version(version)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # `kill` stops the run as Ctrl-C does
    try:
        released = release_voice(chosen, version, epoch, tag=not no_tag)
        if released is None:
            sys.exit(EXIT_CLOSED)
        with without_traceback(GitError, UploadError, ValueError, OSError):
            if push:
                push_tag(chosen, released, remote)
            if url is not None:
                upload_archive(chosen, released, url)
    except KeyboardInterrupt:
        click.echo("Stopped. The same command continues from here.", err=True)
        sys.exit(EXIT_STOPPED)


def release_voice(voice: "Voice", version: str, epoch: str | None, *, tag: bool) -> "Materialisation | None":
    """Release ``voice`` as ``version``, print what happens, and return the record; None when it may not be released.

    Raises:
        CommandError: there is no such epoch, the voice does not load, or another process runs this voice.
    """
    from voice_assets.cli.bars import RunBars
    from voice_assets.cli.run import require_epoch
    from voice_assets.definitions import build_definitions
    from voice_assets.orchestration.instance import BusyError, only_runner, open_instance
    from voice_assets.orchestration.runner import SelectionError
    from voice_assets.orchestration.version_runs import VersionRun

    graph = build_definitions(only=[voice.name]).resolve_asset_graph()
    with without_traceback(BusyError, SelectionError), open_instance() as instance, only_runner(instance, voice.name):
        if epoch is not None:
            require_epoch(instance, voice, epoch)
        run = VersionRun(graph, instance, voice, version, epoch)
        if reasons := [*([] if run.is_released() else _unnamed(voice)), *run.in_the_way()]:
            make = f"`voice-assets run {voice.name} --to voice_package` makes the package that a release needs"
            _print_reasons(f"{voice.name} {version}: nothing was started:", reasons, f"correct what is listed; {make}")
            return None
        with RunBars(console(), voice.name) as bars:
            status = run.bring_up_to_date({"epoch": epoch or "", "tag": tag}, bars)
    if status.reasons or status.released is None:
        stands = "is not released" if status.released is None else "is released, and could not be restored"
        advice = "correct what is listed, and run the same command again"
        _print_reasons(f"{voice.name} {version} {stands}:", status.reasons, advice)
        return None
    _print_released(voice, status.released, status.ran, status.warnings)
    return status.released


def _unnamed(voice: "Voice") -> Iterator[str]:
    """The licence and the credit that are missing, unless the voice makes the rule advisory."""
    from voice_assets.cli.findings import licence_findings

    for rule, finding in licence_findings(voice):
        if finding.state != "ok" and rule not in voice.advisory:
            yield f"{finding.subject}: {finding.found}: {finding.advice}"


def _print_reasons(heading: str, reasons: list[str], advice: str) -> None:
    from voice_assets.runtime.plain_text import plain

    lines = "".join(f"\n  - {plain(reason, lines=True)}" for reason in reasons)
    _print(f"{plain(heading)}{lines}\nWhat to do: {plain(advice)}.")


def _print_released(voice: "Voice", made: "Materialisation", ran: bool, warnings: list[str]) -> None:
    """Print where the release is, and what speaks against it today."""
    from voice_assets.cli.release_outward import tag_warning
    from voice_assets.defs.release_draft import TAG, WARNINGS, WHEN
    from voice_assets.orchestration.marks import ARCHIVE
    from voice_assets.release.project_status import FILE
    from voice_assets.runtime import project
    from voice_assets.runtime.plain_text import plain
    from voice_assets.runtime.storage import project_store

    store, version = project_store(voice), made.partition
    did = "released" if ran else f"was released at {made.metadata[WHEN]}; nothing was changed"
    _print(plain(f"{voice.name} {version} from {made.metadata['epoch']}: {did}"))
    places = {"archive": store.at(made.artifact(ARCHIVE).uri), "status page": project.root() / FILE}
    if made.report is not None and store.exists(made.report):
        places["reports"] = store.at(made.report.uri)
    for name, place in places.items():
        _print(f"  {name}: {plain(str(place))}")
    tag = made.metadata.get(TAG)
    _print(f"  Git tag: {plain(str(tag or 'none'))}")
    for warning in filter(None, (made.metadata.get(WARNINGS), tag_warning(made), *warnings)):
        _print(f"  warning: {plain(str(warning))}")


def _print(text: str) -> None:
    console().print(text, soft_wrap=True, markup=False, highlight=False)
