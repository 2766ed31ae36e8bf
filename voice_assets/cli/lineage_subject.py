"""The argument SUBJECT of `voice-assets lineage`: an epoch, an asset, or a file that is found by its hash."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from voice_assets.cli.errors import EXIT_CLOSED, CommandError, without_traceback
from voice_assets.cli.voice_argument import voice_files
from voice_assets.release.sums import SIGNATURE, SUMS, read_sums
from voice_assets.reports.lineage import FILE, Entry, Lineage, differences, parse, read
from voice_assets.runtime import project
from voice_assets.runtime.contents import content_hash
from voice_assets.runtime.files import sha256

if TYPE_CHECKING:
    from voice_assets.orchestration.gates import AssetPartition, Gate
    from voice_assets.orchestration.records import Materialisation

BY_HASH = "sha256:"
FORMS = (
    "a voice, VOICE/EPOCH such as toy/v3-e0050, VOICE/ASSET such as toy/whisper_shard[0-of-2] or toy/release/1.0.0, a file, "
    "or sha256: and its hash"
)
_NAMED = re.compile(r"(?P<voice>[^/\[\]]+)(?:/(?P<name>[^/\[\]]+)(?:\[(?P<partition>[^\[\]]+)\]|/(?P<last>[^/\[\]]+))?)?")


class ChangedFileError(CommandError):
    """A file that is not the one its package lists."""

    exit_code = EXIT_CLOSED


@dataclass(frozen=True)
class Subject:
    """What a lineage is about.

    Attributes:
        lineage: from the event log or from a package.
        origin: where the lineage was read, in words.
        recorded: the materialisations in the event log that the subject is; empty when only a package knows them.
        disagreements: what a package says differently from the event log; None when there was nothing to compare.
    """

    lineage: Lineage
    origin: str
    recorded: "tuple[Materialisation, ...]" = ()
    disagreements: tuple[str, ...] | None = None


def voice_in(text: str) -> str | None:
    """The voice that a SUBJECT such as ``toy/v3-e0050`` names; None for a file, which may be of any voice."""
    name = text.partition("/")[0]
    return name if name in voice_files() and not Path(text).is_file() else None


def find_subject(
    gate: "Gate | None", text: str, *, epoch: str | None = None, run: str | None = None, package: Path | None = None
) -> Subject:
    """The subject that ``text`` names: a voice, an epoch or an asset of the event log, else a file.

    Args:
        gate: the event log; None when this project recorded nothing.
        text: see ``FORMS``.
        epoch: the epoch key of a voice or an asset.
        run: the first characters of the run that made the materialisation.
        package: a package in which a file is looked up.

    Raises:
        CommandError: there is no such subject. The message says where it was looked for.
    """
    if gate is not None and text.startswith(BY_HASH):
        return _recorded(gate, text.removeprefix(BY_HASH), text)
    path = Path(text)
    voices = set() if gate is None else {key.path[0] for key in gate.graph.get_all_asset_keys()}
    if gate is not None and text.partition("/")[0] in voices and not path.is_file():
        return _named_subject(gate, text, epoch, run)
    if not path.exists():
        known = f"the voices: {', '.join(sorted(voices)) or 'none'}"
        raise CommandError(f"there is no file {text!r}, and no voice of that name in {project.root()}; {known}. Give {FORMS}")
    if package is not None:
        return _subject_in(package, path)
    around = package_of(path)
    if around is not None:
        found = packaged_subject(around, path)
        return found if gate is None else _compared(gate, found)
    return _recorded_file(gate, path)


def _named_subject(gate: "Gate", text: str, epoch: str | None, run: str | None) -> Subject:
    """The subject that a name such as ``toy/v3-e0050`` means.

    Raises:
        CommandError: there is no such voice, epoch, asset, partition or materialisation.
    """
    from voice_assets.orchestration.lineage_subjects import SubjectError, last_made, last_of_epoch, materialisations_of

    found = _NAMED.fullmatch(text)
    if found is None:
        raise CommandError(f"{text!r} is no file and no name; give {FORMS}")
    voice, name, partition = found["voice"], found["name"], found["partition"] or found["last"]
    if name is not None and partition is None and _is_epoch(name):
        name, epoch = None, name
    with without_traceback(SubjectError):
        if name is not None:
            return _of_log(gate, materialisations_of(gate, _target(voice, name, partition or epoch), run))
        return _of_log(gate, [last_made(gate, voice) if epoch is None else last_of_epoch(gate, voice, epoch)])


def _is_epoch(name: str) -> bool:
    from voice_assets.orchestration.partitions import parse_epoch_key

    try:
        parse_epoch_key(name)
    except ValueError:
        return False
    return True


def _target(voice: str, name: str, partition: str | None) -> "AssetPartition":
    import dagster as dg

    from voice_assets.orchestration.gates import AssetPartition

    return AssetPartition(dg.AssetKey([voice, name]), partition)


def _of_log(gate: "Gate", found: "list[Materialisation]") -> Subject:
    """The lineage from the event log. Of several shards, the lineage is about the first; ``recorded`` holds all."""
    from voice_assets.orchestration.lineage import ancestry, lineage_json

    origin = f"the event log in {project.dagster_home()}"
    lineage = parse(lineage_json(gate, ancestry(gate, found[:1])), origin)
    return Subject(lineage, origin, tuple(found))


def package_of(path: Path) -> Path | None:
    """The package that ``path`` is, or is a file of."""
    place = path.resolve()
    return next((one for one in (place, *place.parents) if (one / FILE).is_file() and (one / SUMS).is_file()), None)


def packaged_subject(package: Path, path: Path) -> Subject:
    """The subject that a package, or a file inside it, is. Its files are compared with its checksums first.

    Raises:
        ChangedFileError: a file is not the one that the package lists.
        CommandError: the package's lineage or its list of checksums cannot be read.
    """
    with without_traceback(ValueError, OSError):
        sums = read_sums(package)
        place = path.resolve()
        asked = sorted(package.rglob("*")) if place == package else [package / FILE, place]
        for file in asked:
            if file.is_file() and file not in (package / SUMS, package / SIGNATURE):
                _require_listed(package, file, sums)
        missing = [name for name in sums if not (package / name).is_file()]
        if missing:
            raise ChangedFileError(f"{package / missing[0]}: missing; {SUMS} lists it")
        return Subject(_with_own_hash(read(package / FILE), package), str(package / FILE))


def _require_listed(package: Path, file: Path, sums: dict[str, str]) -> None:
    name = file.relative_to(package).as_posix()
    found = sha256(file)
    if sums.get(name) != found:
        listed = sums.get(name, "nothing")
        raise ChangedFileError(
            f"{file}: its SHA-256 is {found}, {SUMS} of the package lists {listed}: not the package as it was made"
        )


def _with_own_hash(lineage: Lineage, package: Path) -> Lineage:
    """The lineage with the data version of the package, which its own ``lineage.json`` cannot hold."""
    root = lineage.root
    if root.storage_id is not None:
        return lineage
    own = root.model_copy(update={"data_version": content_hash(package)})
    return Lineage(format=lineage.format, materialisations=(own, *lineage.materialisations[1:]))


def _subject_in(package: Path, path: Path) -> Subject:
    """The materialisation that recorded the file ``path``, as ``package`` knows it."""
    with without_traceback(OSError):
        digest = content_hash(path)
    whole = packaged_subject(package.resolve(), package)
    entry = whole.lineage.with_file(digest)
    if entry is None:
        raise CommandError(f"{path}: its SHA-256 is {digest}; {whole.origin} names no such file")
    return Subject(whole.lineage.about(entry), whole.origin)


def _recorded_file(gate: "Gate | None", path: Path) -> Subject:
    """The materialisation in the event log that recorded the file ``path``.

    Raises:
        CommandError: no materialisation recorded such a file.
    """
    with without_traceback(OSError):
        digest = content_hash(path)
    return _recorded(gate, digest, f"{path}: its SHA-256 is {digest}")


def _recorded(gate: "Gate | None", digest: str, named: str) -> Subject:
    """The materialisation in the event log that recorded the file with this hash; raises as `_recorded_file`."""
    from voice_assets.orchestration.lineage_subjects import find_file

    found = None if gate is None else find_file(gate, digest)
    if gate is None or found is None:
        raise CommandError(
            f"{named}. No materialisation in {project.dagster_home()} recorded such a file, and no "
            f"package is around it ({FILE} and {SUMS}). Give the package that it belongs to with --package."
        )
    return _of_log(gate, [found])


def named_by_hash(path: Path) -> str:
    """The subject that a file or folder of this machine is on every machine: ``sha256:`` and its hash.

    Raises:
        CommandError: a package is around it, which tells its lineage without a server.
    """
    if package_of(path) is not None:
        raise CommandError(f"{path}: a package tells its lineage itself, without --server")
    with without_traceback(OSError):
        return f"{BY_HASH}{content_hash(path)}"


def _compared(gate: "Gate", subject: Subject) -> Subject:
    """``subject``, which was read from a package, with what the event log says differently, where the log knows the package."""
    import dagster as dg

    root = subject.lineage.root
    key = dg.AssetKey.from_user_string(root.asset)
    if not gate.graph.has(key):
        return subject
    made = [one for one in gate.history.all(key) if one.partition == root.partition]
    same = [one for one in made if one.data_version == root.data_version] or [one for one in made if _share_an_input(one, root)]
    if not same:
        return subject
    log = _of_log(gate, same[:1])
    return Subject(subject.lineage, subject.origin, log.recorded, tuple(differences(subject.lineage, log.lineage)))


def _share_an_input(made: "Materialisation", root: Entry) -> bool:
    """Whether a run of the event log that made an input of ``made`` also made an input of ``root``: both are of one project."""
    inputs = {(pin.asset, pin.run_id) for pin in root.built_from if not pin.gate_only}
    return not inputs.isdisjoint((pin.asset, pin.run_id) for pin in made.pins if not pin.gate_only)
