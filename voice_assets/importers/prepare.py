"""Makes a Piper data set out of recordings and their texts: decode, clean, drop, write. Shared by all importers.

Does not know where the items came from, and does not judge the result: ``base_validation`` does, like any data set's.
"""

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from voice_assets.audio import recordings
from voice_assets.dataset import espeak
from voice_assets.dataset.faults import Limits, phoneme_name
from voice_assets.dataset.rows import unsafe
from voice_assets.importers import output
from voice_assets.importers.cleaning import Digits, TextRules, clean, rejections
from voice_assets.importers.errors import RecordingsError
from voice_assets.runtime.files import sha256, shown, write_text
from voice_assets.text.normalisation import normalise

# Studio recordings keep their noise floor under this, speech of any level comes out above it in some frame.
SILENCE_DB = -50.0
FRAME_S = 0.03
# File systems take 255; a suffix and the temporary file's own letters need some of them.
MAX_NAME_BYTES = 200


@dataclass(frozen=True)
class Item:
    """One recording of a collection: its name there, its file (which may be missing), and what is said in it.

    ``fault``: why the collection's own listing makes it unusable, ``kind: detail``; it is dropped with this reason.
    """

    name: str
    audio: Path
    text: str
    fault: str = ""


@dataclass(frozen=True)
class About:
    """What goes into the data set beside the clips: names for ``config.json``, and whose recordings these are."""

    dataset: str
    region: str
    quality: str
    source: str
    license: str
    credit: str
    license_file: Path | None = None


@dataclass(frozen=True)
class Note:
    """A recording that was cleaned or dropped: its name, every reason (``kind: detail``), its text as it came."""

    name: str
    reasons: tuple[str, ...]
    text: str


@dataclass(frozen=True)
class Summary:
    """What came out. ``unchanged``: the same was there already, and nothing was written. ``seconds``: of audio kept."""

    out: Path
    read: int
    kept: int
    cleaned: int
    dropped: int
    seconds: float
    unchanged: bool

    def __str__(self) -> str:
        """One line for a person."""
        did = "nothing to do, it is there already: " if self.unchanged else ""
        return (
            f"{self.out}: {did}{self.kept} of {self.read} recordings, {self.seconds / 60:.1f} minutes; "
            f"{self.cleaned} texts cleaned, {self.dropped} recordings dropped, each with its reason in {output.INFO}"
        )


@dataclass
class _Tally:
    """What has been decided so far."""

    rows: list[tuple[str, str]] = field(default_factory=list)
    seconds: float = 0.0
    cleaned: list[Note] = field(default_factory=list)
    dropped: list[Note] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)


def loudest_frame_db(samples: npt.NDArray[np.int16], sample_rate: int) -> float:
    """RMS level of the loudest 30 ms frame, in dBFS; -120 for digital silence and for less than a frame of nothing."""
    size = max(1, round(FRAME_S * sample_rate))
    scaled = samples.astype(np.float64) / 32768.0
    padded = np.pad(scaled, (0, -len(scaled) % size))
    power = np.square(padded).reshape(-1, size).mean(axis=1) if len(padded) else np.zeros(1)
    return max(-120.0, 10.0 * float(np.log10(max(float(power.max()), 1e-12))))


def _audio_refusals(samples: npt.NDArray[np.int16], limits: Limits) -> list[str]:
    reasons = []
    seconds = len(samples) / limits.sample_rate
    level = loudest_frame_db(samples, limits.sample_rate)
    if level < SILENCE_DB:
        reasons.append(
            f"silence: no {FRAME_S * 1000:.0f} ms of {seconds:.1f} s above {SILENCE_DB:.0f} dBFS, the loudest is {level:.1f}"
        )
    if seconds < limits.min_duration_s:
        reasons.append(f"too short: {seconds:.2f} s, under min_duration_s {limits.min_duration_s}")
    if seconds > limits.max_duration_s:
        reasons.append(f"too long: {seconds:.2f} s, over max_duration_s {limits.max_duration_s}")
    return reasons


def _phoneme_refusals(text: str, limits: Limits, id_map: dict[str, list[int]]) -> list[str]:
    unknown = espeak.unknown_phonemes(text, limits.espeak_voice, id_map)
    return [f"phonemes: no id for {', '.join(map(phoneme_name, unknown))}"] if unknown else []


def _name_refusals(name: str) -> list[str]:
    if shown(name) != name:
        return ["name: it is not UTF-8"]
    if not name.strip() or "|" in name or name.startswith('"'):
        return [f"name: {name!r} cannot stand in the metadata"]
    size = len(os.fsencode(name))
    if size > MAX_NAME_BYTES:
        return [f"name: it is {size} bytes long, over the {MAX_NAME_BYTES} that fit into a file's name"]
    return [f"name: it {reason}" for reason in [unsafe(name)] if reason]


def _take(item: Item, limits: Limits, rules: TextRules, tally: _Tally, wavs: Path) -> None:
    """Decide on one item: write its audio into ``wavs`` and its row into the tally, or note why not."""
    clip_id = item.name.replace("/", "_")
    text, mendings = clean(item.name, item.text)
    reasons = [item.fault] if item.fault else _name_refusals(item.name)
    samples: npt.NDArray[np.int16] | None = None
    if not reasons:
        reasons += rejections(text, rules)
        try:
            samples = recordings.decode(item.audio, limits.sample_rate)
            reasons += _audio_refusals(samples, limits)
        except recordings.AudioError as error:
            reasons.append(f"audio: {str(error).removeprefix(f'{item.audio}: ')}")
    if not reasons:
        reasons += _phoneme_refusals(text, limits, espeak.default_id_map())
    heard_as = normalise(text, limits.language)
    if not reasons and (first := tally.texts.get(heard_as)) is not None:
        reasons.append(f"duplicate text: {first!r} says the same")
    if not reasons and (wavs / f"{clip_id}.wav").exists():
        reasons.append(f"name: another recording is already {clip_id!r}")
    if reasons or samples is None:
        tally.dropped.append(Note(shown(item.name), tuple(reasons), item.text))
        return
    recordings.write_wav(wavs / f"{clip_id}.wav", samples, limits.sample_rate)
    tally.rows.append((clip_id, text))
    tally.texts[heard_as] = item.name
    tally.seconds += len(samples) / limits.sample_rate
    if mendings:
        tally.cleaned.append(Note(item.name, (*mendings, f"now: {text}"), item.text))


def _config(limits: Limits, about: About) -> dict[str, object]:
    """``config.json`` as Piper's trainer writes it, with what players want on top (data set, language, quality)."""
    return {
        "dataset": about.dataset,
        "audio": {"sample_rate": limits.sample_rate, "quality": about.quality},
        "espeak": {"voice": limits.espeak_voice},
        "language": {"code": f"{limits.language}_{about.region}"},
        "phoneme_type": "espeak",
        "num_symbols": 256,
        "num_speakers": 1,
        "speaker_id_map": {},
        "inference": {"noise_scale": 0.667, "length_scale": 1.0, "noise_w": 0.8},
        "hop_length": 256,
        "phoneme_id_map": espeak.default_id_map(),
    }


def _notes(title: str, notes: list[Note]) -> list[str]:
    lines = ["", f"{title} ({len(notes)})", "=" * len(title)]
    for note in notes:
        lines += [f"{note.name}", *(f"    {reason}" for reason in note.reasons), f"    text: {note.text}"]
    return lines


def _info(head: dict[str, object], tally: _Tally, limits: Limits, about: About) -> str:
    """The content of ``PREPARE_INFO.txt``: ``key: value`` lines, then the notes in full."""
    kinds = Counter(reason.split(":", 1)[0] for note in tally.dropped for reason in note.reasons)
    form = f"mono PCM16, {limits.sample_rate} Hz, {limits.min_duration_s} to {limits.max_duration_s} s"
    return "\n".join(
        [
            output.MAGIC,
            *(f"{key}: {value}" for key, value in head.items()),
            f"Source: {about.source}",
            f"Licence: {about.license}",
            f"Credit: {about.credit}",
            f"Clips: {form}, {limits.min_text_chars} to {limits.max_text_chars} characters, language {limits.language}",
            "",
            "Dropped, by reason (a recording can have several)",
            "=================================================",
            *(f"{count:5d}  {kind}" for kind, count in kinds.most_common()),
            *_notes("Mended", tally.cleaned),
            *_notes("Dropped", tally.dropped),
            "",
        ]
    )


def _licence(about: About) -> str:
    text = f"The recordings in this data set\n\nSource:  {about.source}\nLicence: {about.license}\nCredit:  {about.credit}\n"
    text += (
        "\nChanged from the source: decoded, resampled, some texts cleaned, some recordings left out. See PREPARE_INFO.txt.\n"
    )
    if about.license_file is not None:
        text += f"\n{'-' * 100}\n\n{about.license_file.read_text(encoding='utf-8', errors='replace')}"
    return text


def settings(limits: Limits, about: About, digits: Digits, latin: bool) -> str:
    """SHA-256 over everything a person chose: the same settings and items make the same data set."""
    return output.digest([asdict(limits), {**asdict(about), "license_file": bool(about.license_file)}, digits, latin])


def existing(out: Path, chosen: str, items: str | None = None) -> Summary | None:
    """The summary of what lies in ``out`` when it was made with these settings (and items) and nobody changed it since."""
    head = output.head(out)
    if head.get("Settings") != chosen or (items is not None and head.get("Items") != items):
        return None
    if head.get("Contents") != output.contents(out):
        return None
    read, kept, cleaned, dropped = (int(head[key]) for key in ("Read", "Kept", "Mended", "Dropped"))
    return Summary(out, read, kept, cleaned, dropped, float(head["Seconds"]), unchanged=True)


def _fill(
    folder: Path, items: list[Item], limits: Limits, rules: TextRules, about: About, progress: Callable[[int, int], None] | None
) -> _Tally:
    """Write everything but ``PREPARE_INFO.txt`` into ``folder``."""
    tally = _Tally()
    (folder / "wavs").mkdir()
    for done, item in enumerate(items, start=1):
        _take(item, limits, rules, tally, folder / "wavs")
        if progress is not None:
            progress(done, len(items))
    if not tally.rows:
        kinds = Counter(note.reasons[0].split(":", 1)[0] for note in tally.dropped).most_common(3)
        raise RecordingsError(
            f"{about.source}: none of {len(items)} recordings can be used: {', '.join(f'{n} x {kind}' for kind, n in kinds)}"
        )
    write_text(folder / "metadata_2col.csv", "".join(f"{clip_id}|{text}\n" for clip_id, text in tally.rows))
    write_text(folder / "config.json", json.dumps(_config(limits, about), ensure_ascii=False, indent=2) + "\n")
    write_text(folder / "LICENSE", _licence(about))
    return tally


def _listed(items: list[Item]) -> str:
    """SHA-256 over the items: names, texts, faults, and the bytes of their audio (nothing for a file that cannot be read)."""

    def facts(item: Item) -> list[str]:
        readable = os.path.isfile(item.audio) and os.access(item.audio, os.R_OK)  # False too for a name no file can have
        return [shown(item.name), item.text, sha256(item.audio) if readable else "", *([item.fault] if item.fault else [])]

    return output.digest([facts(item) for item in items])


def prepare(
    items: Iterable[Item],
    out: Path,
    limits: Limits,
    about: About,
    *,
    digits: Digits = "sure",
    latin: bool = False,
    on_progress: Callable[[int, int], None] | None = None,
) -> Summary:
    """Make the data set ``out`` of ``items``: config, metadata, wavs, licence, and the record of what was dropped and why.

    Built in a temporary folder beside ``out`` and renamed, so ``out`` is whole or not there. An ``out`` that this function
    made and nobody changed is replaced (its ``reports/`` stay); when it is the same already, nothing is written. What a run
    that was killed left is put right first.

    Raises:
        RecordingsError: ``out`` holds anything else, no item is left, or a file cannot be written.
    """
    output.recover(out)
    wanted = list(items)
    chosen = settings(limits, about, digits, latin)
    listed = _listed(wanted)
    same = existing(out, chosen, listed)
    if same is not None:
        return same
    rules = TextRules(limits.language, limits.min_text_chars, limits.max_text_chars, limits.min_script_share, digits, latin)
    with output.building(out) as folder:
        tally = _fill(folder, wanted, limits, rules, about, on_progress)
        counts = (len(wanted), len(tally.rows), len(tally.cleaned), len(tally.dropped), round(tally.seconds, 3))
        head: dict[str, object] = dict(zip(("Read", "Kept", "Mended", "Dropped", "Seconds"), counts, strict=True))
        head |= {"Settings": chosen, "Items": listed, "Contents": output.contents(folder)}
        write_text(folder / output.INFO, _info(head, tally, limits, about))
    return Summary(out, *counts, unchanged=False)
