"""Planted faults in real speech, and the faults that are found: `make bench-faults`. Last line: one JSON object.

In Russian the clips are the demo's, in English, Spanish and French they are Debian's Asterisk prompts of 1 to 15 s. Debian has
no German prompts. Each clip has one fault at most. In the *text* (the audio says something else):

- ``swapped``: the text of another clip; ``cut``: without the last third of its words; ``one word``: a word of another clip in
  place of a word; ``digit``: a figure, or a number word from two to nine, has another value; ``negation``: a negation is
  dropped or, in a text without one, added at a random place.

In the *audio*: ``silenced``: digital silence; ``noise``: white noise; ``replaced``: the audio of another clip; ``doubled``: the
audio twice, with a pause of 0 to 1 s, half of them 4 % slower the second time.

All clips run as in a validation: a cached transcriber with the weights ``base``, int8, on the CPU. A fault counts as found when
the clip has a suspicion of the report (``transcripts_layout.SUSPICIONS``) other than ``cut``. A clip without a planted fault
that has such a suspicion is a false suspicion, even when the recording has a fault of its own. The output lists missed faults
and false suspicions. The last line has, by language: the share found of each kind, the clips with a false suspicion (``false``)
of the ``clean`` clips, and ``mean_similarity`` and ``low`` of the clean clips.
"""

import argparse
import json
import random
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.clips import RATE, SPEAKERS, clips_of
from voice_assets.asr import transcript_cache, weights
from voice_assets.asr.cached_transcriber import CachedTranscriber, Record
from voice_assets.asr.policy import DecodingPolicy
from voice_assets.asr.recogniser import Utterance
from voice_assets.asr.whisper import WhisperRecogniser
from voice_assets.audio import recordings
from voice_assets.reports.transcripts_layout import suspicions
from voice_assets.runtime import files, project
from voice_assets.text.digits import numeral
from voice_assets.voices import Whisper

OPTIONS = Whisper(model="base", device="cpu", compute_type="int8", batch_size=16)
IN_TEXT = ("swapped", "cut", "one word", "digit", "negation")
IN_AUDIO = ("silenced", "noise", "replaced", "doubled")
NEGATIONS = {"ru": ("не", "нет"), "en": ("not", "no"), "es": ("no",), "fr": ("pas", "ne"), "it": ("non",)}

Clips = Sequence[Utterance]


def _number_words(language: str) -> dict[str, str]:
    """The digits by their words, two to nine: "one" and its like may be articles."""
    return {numeral(digit, language): str(digit) for digit in range(2, 10)}


def _other_digit(text: str, language: str, rng: random.Random) -> str | None:
    """``text`` with one digit changed, as a figure or as a word; None when there is no number."""
    words = _number_words(language)
    found = list(re.finditer(rf"\d|(?<!\w)(?:{'|'.join(words)})(?!\w)", text, re.IGNORECASE))
    if not found:
        return None
    match = rng.choice(found)
    digit = words.get(match[0].lower(), match[0])
    other = rng.choice([one for one in "23456789" if one != digit])
    spoken = other if match[0].isdigit() else numeral(other, language)
    return text[: match.start()] + spoken + text[match.end() :]


def _other_negation(text: str, language: str, rng: random.Random) -> str:
    """``text`` without one negation or, when it has none, with one more word."""
    words = text.split()
    places = [index for index, word in enumerate(words) if word.lower() in NEGATIONS[language]]
    if places:
        del words[rng.choice(places)]
    else:
        words.insert(rng.randrange(1, len(words)), NEGATIONS[language][0])
    return " ".join(words)


def _changed_text(kind: str, clip: Utterance, other: Utterance, language: str, rng: random.Random) -> str | None:
    """The text with the fault; None when the text cannot have the fault."""
    text, words = clip.reference or "", (clip.reference or "").split()
    if kind == "swapped":
        return other.reference
    if kind == "cut":
        return " ".join(words[: len(words) - max(1, len(words) // 3)])
    if kind == "digit":
        return _other_digit(text, language, rng)
    if kind == "negation":
        return _other_negation(text, language, rng)
    place = rng.randrange(len(words))
    word = max((one for one in (other.reference or "").split() if one != words[place]), key=len)
    return " ".join([*words[:place], word, *words[place + 1 :]])


def _doubled(samples: np.ndarray, rng: random.Random) -> np.ndarray:
    times = np.linspace(0, len(samples) - 1, round(len(samples) * rng.choice((1.0, 1.04))))
    again = np.interp(times, np.arange(len(samples)), samples).astype(np.int16)
    return np.concatenate([samples, np.zeros(round(rng.uniform(0, 1) * RATE), np.int16), again])


def _changed_audio(kind: str, clip: Utterance, other: Utterance, folder: Path, rng: random.Random) -> Utterance:
    if kind == "replaced":
        return replace(clip, path=other.path, duration_s=other.duration_s)
    samples = np.zeros(round(clip.duration_s * RATE), np.int16)
    if kind == "noise":
        samples = (3000 * np.random.default_rng(rng.randrange(10**6)).normal(size=len(samples))).astype(np.int16)
    if kind == "doubled":
        samples = _doubled(recordings.decode(clip.path, RATE), rng)
    path = recordings.write_wav(folder / f"{clip.clip_id}-{kind}.wav", samples, RATE)
    return replace(clip, path=path, duration_s=len(samples) / RATE)


def plant(clips: Clips, language: str, each: int, folder: Path) -> tuple[list[Utterance], dict[str, str]]:
    """``clips`` with up to ``each`` planted faults of each kind, and the kind of fault by clip id."""
    rng = random.Random(1)
    order = [clip for clip in clips if len((clip.reference or "").split()) >= 3]
    rng.shuffle(order)
    changed, kinds = {clip.clip_id: clip for clip in clips}, dict[str, str]()
    # Few texts have numbers, so these are drawn first.
    for kind in sorted((*IN_TEXT, *IN_AUDIO), key=lambda name: name != "digit"):
        for clip in order:
            if clip.clip_id in kinds or list(kinds.values()).count(kind) == each:
                continue
            other = rng.choice([one for one in order if one.reference != clip.reference])
            if kind in IN_AUDIO:
                changed[clip.clip_id] = _changed_audio(kind, clip, other, folder, rng)
            elif (text := _changed_text(kind, clip, other, language, rng)) is not None:
                changed[clip.clip_id] = replace(clip, reference=text)
            else:
                continue
            kinds[clip.clip_id] = kind
    return list(changed.values()), kinds


def audio(row: Record) -> bytes:
    """The bytes of a row's file. There is nothing to compare: this process wrote the audio, or it comes from a package."""
    return Path(row["path"]).read_bytes()


def transcripts(clips: Clips, language: str, model: Path, folder: Path) -> pd.DataFrame:
    """TRANSCRIPTS of ``clips``, as a worker makes the table, with the column ``suspicion`` besides."""
    recogniser = WhisperRecogniser(model, OPTIONS, language, cpu_threads=0)
    policy = DecodingPolicy(language, OPTIONS.retry_below, OPTIONS.low_similarity)
    with transcript_cache.opened(folder / "transcripts.sqlite", recogniser.name) as cache:
        transcriber = CachedTranscriber(folder, recogniser, policy, cache, audio, print)
        rows = [
            {
                "clip_id": clip.clip_id,
                "path": str(clip.path),
                "audio_sha256": files.sha256(clip.path),
                "duration_s": clip.duration_s,
                "text": clip.reference,
            }
            for clip in clips
        ]
        table = pd.DataFrame([record for portion, _ in transcriber.transcribe(rows) for record in portion])
    return table.assign(suspicion=suspicions(table, OPTIONS.low_similarity))


def figures(table: pd.DataFrame, kinds: Mapping[str, str]) -> dict[str, float | int]:
    """The share found of each kind, and the figures of the clean clips. Prints missed and false suspicions."""
    signs = [set(words.split()) - {"cut"} for words in table["suspicion"]]
    found = {str(name): sorted(words) for name, words in zip(table["clip_id"], signs, strict=True)}
    for row in table.to_dict("records"):
        kind, words = kinds.get(row["clip_id"]), found[row["clip_id"]]
        if bool(words) != bool(kind):
            what = f"missed ({kind})" if kind else f"false ({' '.join(words)})"
            print(f"  {what}: {row['clip_id']}: {row['reference']} | {row['hypothesis']}")
    shares = {}
    for kind in [name for name in (*IN_TEXT, *IN_AUDIO) if name in kinds.values()]:
        those = [found[name] for name, its in kinds.items() if its == kind]
        named = sorted({word for words in those for word in words})
        print(f"  {kind:10} {sum(map(bool, those))} of {len(those)}: {' '.join(named)}")
        shares[kind] = round(sum(map(bool, those)) / len(those), 3)
    clean = table[~table["clip_id"].isin(list(kinds))]
    return {
        **shares,
        "false": sum(bool(words) for name, words in found.items() if name not in kinds),
        "clean": len(clean),
        "mean_similarity": round(float(clean["similarity"].mean()), 4),
        "low": int((clean["similarity"] < OPTIONS.low_similarity).sum()),
    }


def main() -> None:
    """Read the command line, plant, transcribe, and print."""
    assert __doc__ is not None
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--languages", default="ru,en,es,fr", help=f"ru, {', '.join(SPEAKERS)} (default: ru,en,es,fr)")
    parser.add_argument("--each", type=int, default=10, help="faults of each kind; 0: the clean clips only (default: 10)")
    parser.add_argument("--model", default="base", help="weights, as in a voice's YAML (default: base)")
    options = parser.parse_args()
    model = weights.resolve(options.model, project.cache_dir() / "whisper")
    result = {}
    for language in options.languages.split(","):
        with tempfile.TemporaryDirectory() as temporary:
            clips, kinds = plant(clips_of(language), language, options.each, Path(temporary))
            print(f"{language}: {len(clips)} clips, {len(kinds)} with a fault", flush=True)
            result[language] = figures(transcripts(clips, language, model, Path(temporary)), kinds)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
