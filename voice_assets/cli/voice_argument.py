"""The argument VOICE: a voice file by its name. Every command that takes one reports the same errors in the same words."""

from typing import TYPE_CHECKING

from voice_assets.cli.errors import CommandError, without_traceback

if TYPE_CHECKING:
    from voice_assets.voices import Voice

HOW_TO_START = "README.md, 'Bring your own data set', says how to write one"


def voice_named(name: str) -> "Voice":
    """The voice called ``name``.

    Raises:
        CommandError: there is no such voice, with those there are; or its file does not load.
    """
    from voice_assets.runtime import project
    from voice_assets.voices import VoiceError, load_voice

    folder = project.voices_dir()
    files = {file.stem: file for pattern in ("*.yml", "*.yaml") for file in folder.glob(pattern)}
    if not files:
        raise CommandError(f"{folder} holds no voice file; {HOW_TO_START}")
    if name not in files:
        raise CommandError(f"there is no voice {name!r}; there are: {', '.join(sorted(files))}")
    with without_traceback(VoiceError):
        return load_voice(files[name])


def voice_with_dataset(name: str) -> "Voice":
    """The voice called ``name``, whose data set is there.

    Raises:
        CommandError: as `voice_named`; or the data set's folder does not exist.
    """
    voice = voice_named(name)
    if not voice.dataset.is_dir():
        raise CommandError(f"{voice.file}: dataset: {voice.dataset} is no folder; {dataset_advice(voice)}")
    return voice


def dataset_advice(voice: "Voice") -> str:
    """What to do about a data set that is not there."""
    from voice_assets.importers.debian import DEMOS

    made = f"make it with `voice-assets demo {voice.name}`, " if voice.name in DEMOS else ""
    return f"{made}put the data set there, or correct `dataset` in the voice file"
