"""Checks of a package's voice: the model file, its configuration, and what players read beside it.

Not here: whether the voice speaks (``release.speaking``), and what is said about its origin (``release.checked_evidence``).
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from voice_assets.dataset import espeak
from voice_assets.piper import voice_config
from voice_assets.piper.onnx_file import load_model
from voice_assets.piper.warm_start.onnx_weights import EMBEDDING, weights_of
from voice_assets.release.package import voices_entry
from voice_assets.release.package_files import PackageFiles
from voice_assets.release.sums import PackageError
from voice_assets.runtime.tsv import read_table

SAMPLES = "samples/samples.tsv"
MOST_COLUMNS, MOST_SAMPLES = 64, 1_000
HIGHEST_RATE, BLOCK, COMPARED_S = 192_000, 1 << 16, 120
"""Of the sound of a sample: its rate in Hz; frames that are compared at once; seconds that are compared."""
# The metadata that sherpa-onnx reads in the model, and where the configuration says the same.
_SAID_TWICE = {
    "sample_rate": ("audio", "sample_rate"),
    "voice": ("espeak", "voice"),
    "language": ("language", "name_english"),
    "n_speakers": ("num_speakers",),
}


def voice_problems(files: PackageFiles) -> list[str]:
    """The problems of the model and its ``.onnx.json``; empty when Piper can run them.

    Raises:
        PackageError, CheckpointError: a file is missing, damaged or refused. The message names the file.
    """
    name = files.name
    model, config = load_model(files.path(f"{name}.onnx")), files.json(f"{name}.onnx.json")
    rows = weights_of(files.path(f"{name}.onnx"), model).tensors.get(EMBEDDING)
    if rows is None:
        raise PackageError(f"{name}.onnx: no voice of Piper (VITS): it has no tensor {EMBEDDING}")
    problems = [f"{name}.onnx.json: {one}" for one in voice_config.problems(config, name, rows.shape[0])]
    if problems:
        return problems
    unknown = espeak.voice_problem(config["espeak"]["voice"])
    return [*([f"{name}.onnx.json: espeak.voice: {unknown}"] if unknown else []), *_metadata(name, model, config)]


def _metadata(name: str, model: Any, config: dict[str, Any]) -> list[str]:
    said = {one.key: one.value for one in model.metadata_props}
    problems = []
    for key, path in _SAID_TWICE.items():
        value: Any = config
        for part in path:
            value = value[part]
        if key in said and said[key] != str(value):
            problems.append(f"{name}.onnx: its metadata says {key} {said[key]!r}, {name}.onnx.json says {value!r}")
    return problems


def player_problems(files: PackageFiles) -> list[str]:
    """What other players read beside the voice, and what is not as the voice: ``tokens.txt``, ``voices.json``.

    Raises:
        PackageError: a file is missing, or cannot be read.
    """
    config, problems = files.json(f"{files.name}.onnx.json"), []
    if files.text("tokens.txt") != voice_config.tokens(config["phoneme_id_map"]):
        problems.append(f"tokens.txt: not the phonemes and ids of {files.name}.onnx.json")
    files.path("MODEL_CARD")
    entry = files.json("voices.json")
    if entry != {files.name: voices_entry(files.folder, files.name, config)}:
        problems.append(f"voices.json: not the entry of this voice: names, sizes, MD5 or language differ from {files.name}")
    return problems


def samples_of(files: PackageFiles) -> list[dict[str, str]]:
    """The rows of ``samples/samples.tsv``.

    Raises:
        PackageError, TsvError: the table is missing, too large, cannot be read, has no row, or has a sample twice.
    """
    files.text(SAMPLES)
    table = read_table(files.path(SAMPLES), ["sample", "text"], most_columns=MOST_COLUMNS, most_rows=MOST_SAMPLES)
    rows = [row for _, row in table]
    if not rows:
        raise PackageError(f"{SAMPLES}: no row; a package has spoken samples")
    name, count = Counter(row["sample"] for row in rows).most_common(1)[0]
    if count > 1:
        raise PackageError(f"{SAMPLES}: the sample {name[:200]!r} is listed {count} times; list every sample once")
    return rows


def sample_problems(files: PackageFiles) -> list[str]:
    """The samples that are not there as WAV and as the same sound in FLAC."""
    problems = []
    for row in samples_of(files):
        wav = f"samples/{row['sample']}"
        flac = f"{wav.removesuffix('.wav')}.flac"
        missing = [name for name in (wav, flac) if name not in files.digests]
        problems += [f"{name}: missing; {SAMPLES} lists this sample" for name in missing]
        if not missing and not _same_sound(files, wav, flac):
            problems.append(f"{flac}: not the sound of {wav}")
    return problems


def _same_sound(files: PackageFiles, wav: str, flac: str) -> bool:
    """Whether two files hold the same samples. At most two minutes are compared, a block at a time.

    Raises:
        PackageError: a file is no audio, has more than one channel, or a rate over ``HIGHEST_RATE``.
    """
    import numpy as np
    import soundfile

    with _sound(files, wav) as one, _sound(files, flac) as other:
        if (one.samplerate, one.frames) != (other.samplerate, other.frames):
            return False
        blocks = range(0, min(one.frames, COMPARED_S * one.samplerate), BLOCK)
        try:
            return all(np.array_equal(one.read(BLOCK, dtype="int16"), other.read(BLOCK, dtype="int16")) for _ in blocks)
        except soundfile.SoundFileError as error:
            raise PackageError(f"{wav}, {flac}: the sound of one of them is damaged: {error}") from error


@contextmanager
def _sound(files: PackageFiles, name: str) -> Iterator[Any]:
    """Open a file with a sound of one channel."""
    import soundfile

    try:
        sound = soundfile.SoundFile(str(files.path(name)))
    except soundfile.SoundFileError as error:
        raise PackageError(f"{name}: no audio: {error}") from error
    with sound:
        found = f"{name}: {sound.channels} channels, {sound.samplerate} Hz"
        if sound.channels != 1 or sound.samplerate > HIGHEST_RATE:
            raise PackageError(f"{found}; a sample has one channel and at most {HIGHEST_RATE} Hz")
        yield sound
