"""The real speech of the benchmarks: the demo's clips, and Debian's Asterisk prompts in further languages.

Not here: what a benchmark does with the clips.
"""

import gzip
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from voice_assets.asr.recogniser import Utterance
from voice_assets.audio import recordings
from voice_assets.importers.debian import IVRVOICE, build_demo
from voice_assets.runtime import project

RATE = 16000
SHORTEST_S, LONGEST_S = 1.0, 15.0
SPEAKERS = {"en": "en_US_f_Allison", "es": "es_MX_f_Allison", "fr": "fr_CA_f_June", "it": "it_IT_m_Carlo"}
"""The folder of the recordings in Debian's package, by language. Debian has no German prompts."""


def demo_clips() -> list[Utterance]:
    """The demo's clips with their texts, in the order of the data set. A missing data set is made in the cache folder."""
    dataset = build_demo(IVRVOICE, project.cache_dir() / "tests" / "ivrvoice_ru", None, project.cache_dir()).out
    clips = []
    for line in (dataset / "metadata_2col.csv").read_text(encoding="utf-8").splitlines():
        name, text = line.split("|")
        path = dataset / "wavs" / f"{name.removesuffix('.wav')}.wav"
        clips.append(Utterance(name, path, recordings.probe(path).duration_s, text))
    return clips


def _unpacked(language: str) -> Path:
    """The folder with the content of the two packages of a language. Missing packages are fetched with apt-get, once."""
    packages = [f"asterisk-core-sounds-{language}-g722", f"asterisk-core-sounds-{language}"]
    folder = project.cache_dir() / "debian" / language
    if not (folder / "usr").is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        fetch = ["apt-get", "-qq", "-oAPT::Sandbox::User=root", "download", *packages]
        subprocess.run(fetch, cwd=folder, check=True)
        for package in packages:
            (deb,) = folder.glob(f"{package}_*.deb")
            unpack = ["dpkg-deb", "-x", deb.name, "."]
            subprocess.run(unpack, cwd=folder, check=True)
    return folder


def _texts(transcript: Path) -> Iterator[tuple[str, str]]:
    """Name and text of each prompt. Prompts with two texts, and texts with notes in brackets, are left out."""
    lines = gzip.decompress(transcript.read_bytes()).decode("utf-8").splitlines()
    pairs = [(name.strip(), text.strip()) for name, _, text in (line.partition(":") for line in lines)]
    times = Counter(name for name, _ in pairs)
    yield from ((name, text) for name, text in pairs if text and times[name] == 1 and not set(text) & set("[]();"))


def debian_clips(language: str) -> list[Utterance]:
    """The prompts of a language (a key of ``SPEAKERS``) of 1 to 15 s, decoded into the cache folder.

    Raises:
        CalledProcessError: apt-get cannot fetch the packages.
    """
    unpacked = _unpacked(language)
    audio = next(unpacked.rglob(SPEAKERS[language]))
    clips = []
    for name, text in _texts(next(unpacked.rglob(f"core-sounds-{language}.txt.gz"))):
        source, path = audio / f"{name}.g722", unpacked / "wavs" / f"{name}.wav"
        if not source.is_file() or "/" in name:  # folders hold single letters and digits
            continue
        if not path.is_file():
            recordings.write_wav(path, recordings.decode(source, RATE), RATE)
        seconds = recordings.probe(path).duration_s
        if SHORTEST_S <= seconds < LONGEST_S:
            clips.append(Utterance(name, path, seconds, text))
    return clips


def clips_of(language: str) -> list[Utterance]:
    """The real clips of a language: the demo's in Russian, Debian's prompts otherwise."""
    return demo_clips() if language == "ru" else debian_clips(language)
