"""The argument VOICE: a voice file by its name. Every command that takes one reports the same errors in the same words."""

from typing import TYPE_CHECKING

from voice_assets.cli.errors import CommandError, without_traceback

if TYPE_CHECKING:
    from pathlib import Path

    from voice_assets.voices import Voice

HOW_TO_START = "README.md, 'Bring your own data set', says how to write one"


def voice_files() -> "dict[str, Path]":
    """The voice files of the project, by the name of the voice."""
    from voice_assets.runtime import project

    folder = project.voices_dir()
    return {file.stem: file for pattern in ("*.yml", "*.yaml") for file in folder.glob(pattern)}


def voice_named(name: str) -> "Voice":
    """The voice called ``name``.

    Raises:
        CommandError: there is no such voice, with those there are; or its file does not load.
    """
    from voice_assets.runtime import project
    from voice_assets.voices import VoiceError, load_voice

    files = voice_files()
    if not files:
        raise CommandError(f"{project.voices_dir()} holds no voice file; {HOW_TO_START}")
    if name not in files:
        raise CommandError(f"there is no voice {name!r}; there are: {', '.join(sorted(files))}")
    with without_traceback(VoiceError):
        return load_voice(files[name])


def voice_with_dataset(name: str) -> "Voice":
    """The voice called ``name``, whose data set is there. No store is asked.

    Raises:
        CommandError: as `voice_named`; or the data set's folder does not exist.
    """
    voice = voice_named(name)
    if voice.lacks_dataset:
        raise CommandError(f"{voice.file}: dataset: {voice.dataset} is no folder; {dataset_advice(voice)}")
    return voice


def dataset_advice(voice: "Voice") -> str:
    """What to do about a data set that is not there."""
    from voice_assets.importers.debian import DEMOS

    made = f"make it with `voice-assets demo {voice.name}`, " if voice.name in DEMOS else ""
    return f"{made}put the data set there, or correct `dataset` in the voice file"
