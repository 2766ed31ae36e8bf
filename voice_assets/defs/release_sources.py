"""What a release archives, and the licences that it needs, from the records of exactly the materialisations behind its package.

Not here: writing the archive (``release.release_folder``).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import dagster as dg

from voice_assets.defs.package_contents import newest, recordings_of
from voice_assets.defs.training_files import shared_files
from voice_assets.orchestration.dataset_files import reading
from voice_assets.orchestration.records import Materialisation
from voice_assets.runtime.contents import there
from voice_assets.runtime.storage import Artifact, StoreError, project_store
from voice_assets.voices import Voice

PACKAGE, CHECKPOINT, CONFIG, LOGS = "package", "checkpoint", "config", "logs"
"""The kinds of files, and the folders in the archive."""


@dataclass(frozen=True)
class Sources:
    """The files to archive, and why some are missing.

    Attributes:
        files: name in the archive -> file.
        lacking: what cannot be archived, each in words.
    """

    files: Mapping[str, Path]
    lacking: Sequence[str]

    def of(self, kind: str) -> list[str]:
        """The names of the files of one kind, sorted."""
        return sorted(name for name in self.files if name.startswith(f"{kind}/"))


def sources_of(voice: Voice, package: Materialisation, ancestors: Sequence[Materialisation]) -> Sources:
    """The package's zip, the checkpoint, its configuration with the voice file, and the logs of the training and the export."""
    made, found, lacking = newest(ancestors), {f"{CONFIG}/{voice.file.name}": voice.file}, []
    of_checkpoint = made["checkpoint"]
    wanted = ((PACKAGE, package, "archive"), (CHECKPOINT, of_checkpoint, "checkpoint"), (CONFIG, of_checkpoint, "config"))
    for kind, one, entry in wanted:
        try:
            path = _opened(one.artifacts.get(entry))
            found[f"{kind}/{path.name}"] = path
        except StoreError as error:
            lacking.append(f"{kind}: {error}")
    logs = dict(_logs(voice, made))
    return Sources({**found, **logs}, [*lacking, *([] if logs else [f"{LOGS}: the folder of the training has none"])])


def _opened(artifact: Artifact | None) -> Path:
    if artifact is None:
        raise StoreError("was not recorded; make the package again")
    return project_store().open(artifact)


def _logs(voice: Voice, made: Mapping[str, Materialisation]) -> Iterator[tuple[str, Path]]:
    """The files of the training's folder without its checkpoints, and the log of the export, wherever both ran."""
    folder = shared_files(voice, int(made["training"].metadata["version"]))
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if path.is_file() and inside.parts[0] != "checkpoints" and path.suffix != ".ckpt":
            yield f"{LOGS}/training/{inside.as_posix()}", path
    export, store = str(PurePosixPath(made["onnx_voice"].artifact("model").uri).with_name("export.log")), project_store()
    if there(store.at(export)):
        yield f"{LOGS}/export.log", store.local(export)


def changed_clips(voice: Voice, ancestors: Sequence[Materialisation]) -> list[str]:
    """A warning when clips that the voice was judged by are gone or have other bytes today. Reads every byte of all clips."""
    try:
        judged = recordings_of(voice, ancestors)
        with reading(voice):
            changed = judged.changed()
    except dg.Failure as gone:
        return [f"the clips behind this voice cannot be compared with those of {voice.dataset_place}: {gone.description}"]
    if not changed:
        return []
    return [
        f"{voice.dataset_place}: {len(changed)} of the {len(judged.digests)} clips behind this voice are gone or have other "
        f"bytes, such as {changed[0]}; the voice stays as it was validated, and cannot be trained again from these files"
    ]


def unnamed(voice: Voice, ancestors: Sequence[Materialisation]) -> tuple[list[str], list[str]]:
    """The licences and the credits that nobody named: of the recordings, and of the published voice it started from."""
    owners = {f"the recordings ({voice.file.name})": (voice.license, voice.credit)}
    start = newest(ancestors).get("starting_checkpoint")
    if start is not None:
        source = start.metadata["source"]
        named = f"the published voice {source['name']} (training.start in {voice.file.name})"
        owners[named] = (source["license"], source["credit"])
    licences = [f"no licence of {owner}" for owner, (licence, _) in owners.items() if not str(licence or "").strip()]
    return licences, [f"no credit for {owner}" for owner, (_, credit) in owners.items() if not str(credit or "").strip()]
