"""Makes a Piper data set from recordings and their texts: decode, clean, drop, write. All importers use this module.

Not here: finding the items (the importers), judging the data set (``base_validation`` judges every data set).
"""

import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from voice_assets.audio import recordings
from voice_assets.dataset import espeak
from voice_assets.dataset.clips import METADATA
from voice_assets.dataset.faults import Limits
from voice_assets.importers import output
from voice_assets.importers.cleaning import CLEANING, Digits, clean, text_rejections
from voice_assets.importers.errors import RecordingsError
from voice_assets.importers.items import About, Item
from voice_assets.importers.rejected import nothing_usable, write_rejections
from voice_assets.importers.rejections import audio_rejections, name_rejections, phoneme_rejections
from voice_assets.importers.written_files import Note, Summary, config, existing, licence, prepare_info, settings_sha256
from voice_assets.runtime.files import sha256, shown, write_text
from voice_assets.text.normalisation import normalise
from voice_assets.text.stress_marks import plus_marks_stress

OnProgress = Callable[[int, int], None]
"""Gets (recordings done, recordings in all)."""

PLUS_IS_STRESS = "the texts mark stress by `+` before a vowel; U+0301 after the vowel stands for it now, which espeak knows"
"""The line of ``PREPARE_INFO.txt`` about texts with stress marks."""


@dataclass
class _Tally:
    """The decisions on the items up to now.

    ``plus_is_stress``: the texts write stress as `+` before a vowel. ``texts``: normalised text -> name of the recording with
    that text.
    """

    plus_is_stress: bool
    rows: list[tuple[str, str]] = field(default_factory=list)
    seconds: float = 0.0
    cleaned: list[Note] = field(default_factory=list)
    dropped: list[Note] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)


class NothingUsableError(ValueError):
    """No recording can be used. ``dropped`` has the reasons."""

    def __init__(self, dropped: list[Note]) -> None:
        super().__init__(f"none of {len(dropped)} recordings can be used")
        self.dropped = dropped


def _decoded(item: Item, limits: Limits) -> tuple[npt.NDArray[np.int16] | None, list[str]]:
    """The item's audio, int16 ``[frames]``, and the reasons to reject it; None when the audio cannot be decoded."""
    try:
        samples = recordings.decode(item.audio, limits.sample_rate)
    except (recordings.AudioError, OSError) as error:
        return None, [f"audio: {str(error).removeprefix(f'{item.audio}: ')}"]
    return samples, audio_rejections(samples, limits)


def _take(item: Item, limits: Limits, digits: Digits, latin: bool, tally: _Tally, wavs: Path) -> None:
    """Decide on one item: write its audio into ``wavs`` and its row into the tally, or note the reasons to drop it."""
    clip_id = item.name.replace("/", "_")
    text, cleanings = clean(item.name, item.text, plus_is_stress=tally.plus_is_stress)
    reasons = [item.fault] if item.fault else name_rejections(item.name)
    samples: npt.NDArray[np.int16] | None = None
    if not reasons:
        samples, reasons = _decoded(item, limits)
        reasons = text_rejections(text, limits, digits, latin) + reasons
    if not reasons:
        reasons = phoneme_rejections(text, limits)
    normalised = normalise(text, limits.language)
    if not reasons and (first := tally.texts.get(normalised)) is not None:
        reasons.append(f"duplicate text: {first!r} has the same text")
    if not reasons and (wavs / f"{clip_id}.wav").exists():
        reasons.append(f"name: another recording is already {clip_id!r}")
    if reasons or samples is None:
        tally.dropped.append(Note(shown(item.name), tuple(reasons), item.text))
        return
    recordings.write_wav(wavs / f"{clip_id}.wav", samples, limits.sample_rate)
    tally.rows.append((clip_id, text))
    tally.texts[normalised] = item.name
    tally.seconds += len(samples) / limits.sample_rate
    if cleanings:
        tally.cleaned.append(Note(item.name, (*cleanings, f"now: {text}"), item.text))


def _fill(
    folder: Path,
    items: list[Item],
    limits: Limits,
    about: About,
    digits: Digits,
    latin: bool,
    on_progress: OnProgress | None,
) -> _Tally:
    """Write all files except ``PREPARE_INFO.txt`` into ``folder``."""
    tally = _Tally(plus_marks_stress((item.text for item in items), limits.language))
    (folder / "wavs").mkdir()
    for done, item in enumerate(items, start=1):
        _take(item, limits, digits, latin, tally, folder / "wavs")
        if on_progress is not None:
            on_progress(done, len(items))
    if not tally.rows:
        raise NothingUsableError(tally.dropped)
    write_text(folder / METADATA, "".join(f"{clip_id}|{text}\n" for clip_id, text in tally.rows))
    write_text(folder / "config.json", json.dumps(config(limits, about), ensure_ascii=False, indent=2) + "\n")
    write_text(folder / "LICENSE", licence(about))
    return tally


def _listed(items: list[Item]) -> str:
    """SHA-256 over the items: names, texts, faults, and the bytes of their audio.

    An unreadable file counts as empty, and so does the file of a faulty row, which is not read at all. The version of the
    cleaning counts too, so that an import by an older version is made again.
    """

    def facts(item: Item) -> list[str]:
        # isfile is also False for an impossible file name
        readable = not item.fault and os.path.isfile(item.audio) and os.access(item.audio, os.R_OK)
        return [shown(item.name), item.text, sha256(item.audio) if readable else "", *([item.fault] if item.fault else [])]

    return output.digest([CLEANING, *(facts(item) for item in items)])


def prepare(
    items: Iterable[Item],
    out: Path,
    limits: Limits,
    about: About,
    *,
    digits: Digits,
    latin: bool,
    told: Sequence[str] = (),
    on_progress: OnProgress | None = None,
) -> Summary:
    """Make the data set ``out`` from ``items``: config, metadata, wavs, licence, and the list of dropped items with reasons.

    The data set is built in a temporary folder beside ``out`` and renamed, so ``out`` is complete or missing. An unchanged
    ``out`` of an earlier call is replaced; its ``reports/`` stay. When the new data set would be the same, nothing is written.
    The folders of a killed run are restored first. ``told``: how the items were found, for ``PREPARE_INFO.txt``.

    Raises:
        RecordingsError: ``out`` has other files, no item can be used, espeak cannot speak the language, or a file cannot be
            written. When no item can be used, the reasons are in a new file beside ``out``.
    """
    if problem := espeak.voice_problem(limits.espeak_voice):
        raise RecordingsError(f"{about.source}: not imported, because {problem}")
    output.recover(out)
    wanted = list(items)
    chosen = settings_sha256(limits, about, digits, latin)
    listed = _listed(wanted)
    same = existing(out, chosen, listed)
    if same is not None:
        return same
    try:
        return _build(out, wanted, limits, about, digits, latin, (chosen, listed), told, on_progress)
    except NothingUsableError as error:
        record = write_rejections(out, error.dropped, about, told)
        raise RecordingsError(nothing_usable(about.source, error.dropped, record)) from error


def _build(
    out: Path,
    items: list[Item],
    limits: Limits,
    about: About,
    digits: Digits,
    latin: bool,
    versions: tuple[str, str],
    told: Sequence[str],
    on_progress: OnProgress | None,
) -> Summary:
    """Build the data set and put it into place. ``versions``: the hashes of the settings and of the items."""
    with output.building(out) as folder:
        tally = _fill(folder, items, limits, about, digits, latin, on_progress)
        counts = (len(items), len(tally.rows), len(tally.cleaned), len(tally.dropped), round(tally.seconds, 3))
        head: dict[str, object] = dict(zip(("Read", "Kept", "Cleaned", "Dropped", "Seconds"), counts, strict=True))
        head |= {"Stress": PLUS_IS_STRESS} if tally.plus_is_stress else {}
        head |= {"Settings": versions[0], "Items": versions[1], "Contents": output.contents_sha256(folder)}
        head |= {"Layout": " ".join("; ".join(told).split())} if told else {}  # one line: the head is read line by line
        write_text(folder / output.PREPARE_INFO, prepare_info(head, tally.cleaned, tally.dropped, limits, about))
    return Summary(out, *counts, unchanged=False)
