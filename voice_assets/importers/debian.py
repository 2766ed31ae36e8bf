"""The recordings of the demos: real English and Russian speech from two Debian packages each, fetched without root.

Here: fetching the packages, and the source, licence and credit of the recordings. Not here: reading the recordings
(``importers.prompts``), making the data set (``importers.prepare``).
"""

import os
import shlex
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from voice_assets.dataset.faults import Limits
from voice_assets.importers import output
from voice_assets.importers.cleaning import Digits
from voice_assets.importers.deb_files import unpack_deb
from voice_assets.importers.errors import RecordingsError
from voice_assets.importers.items import About
from voice_assets.importers.prepare import prepare
from voice_assets.importers.prompts import read_prompts
from voice_assets.importers.written_files import Summary, existing, settings_sha256
from voice_assets.runtime.building import beside
from voice_assets.runtime.stamps import timestamp

MINUTES = 10
# Clips under a second are single words and letters; Whisper `base` does not transcribe them reliably. The other limits are the
# default limits of a voice.
MIN_DURATION_S, SAMPLE_RATE = 1.0, 22050
DIGITS: Digits = "sure"
LATIN = False


@dataclass(frozen=True)
class Prompts:
    """The telephone prompts of one speaker in Debian.

    Attributes:
        voice: the name of the voice and of its data set.
        packages: the first has the audio, the second has the transcript.
        audio_folder: the folder of the audio, anywhere in the first package.
        transcripts: possible names of the transcript.
        language, region, espeak_voice: as in a voice file.
        license, credit: as the first package's ``copyright`` says.
    """

    voice: str
    packages: tuple[str, str]
    audio_folder: str
    transcripts: tuple[str, ...]
    language: str
    region: str
    espeak_voice: str
    license: str
    credit: str

    @property
    def limits(self) -> Limits:
        """What a clip of the data set must be."""
        return Limits(
            min_duration_s=MIN_DURATION_S, sample_rate=SAMPLE_RATE, language=self.language, espeak_voice=self.espeak_voice
        )

    @property
    def what_to_do(self) -> str:
        """The way without apt, for an error message."""
        return (
            f"Get the Debian packages {self.packages[0]} and {self.packages[1]} on any machine, put the two .deb files (or the "
            "files that `dpkg-deb -x` unpacks) into one folder, and name the folder with `--source DIR`."
        )

    def about(self, license_file: Path) -> About:
        """The source, licence and credit, for the data set."""
        source = f"Debian packages {self.packages[0]} (audio) and {self.packages[1]} (transcript)"
        return About(self.voice, self.region, "medium", source, self.license, self.credit, license_file)


ALLISON = Prompts(
    voice="allison_en",
    packages=("asterisk-core-sounds-en-g722", "asterisk-core-sounds-en"),
    audio_folder="en_US_f_Allison",
    transcripts=("core-sounds-en.txt.gz", "core-sounds-en.txt"),
    language="en",
    region="US",
    espeak_voice="en-us",
    license="CC-BY-SA-3.0",
    credit="Allison Smith, theivrvoice.com, with financial contributions by Digium, Inc.; taken from Debian's "
    "asterisk-core-sounds-en-g722",
)
IVRVOICE = Prompts(
    voice="ivrvoice_ru",
    packages=("asterisk-core-sounds-ru-g722", "asterisk-core-sounds-ru"),
    audio_folder="ru_RU_f_IvrvoiceRU",
    transcripts=("core-sounds-ru.txt.gz", "core-sounds-ru.txt"),
    language="ru",
    region="RU",
    espeak_voice="ru",
    license="CC-BY-3.0",
    credit="Maxim Topal, ivrvoice.ru; taken from Debian's asterisk-core-sounds-ru-g722",
)
DEMOS = {prompts.voice: prompts for prompts in (ALLISON, IVRVOICE)}


class FetchError(RecordingsError):
    """The packages could not be fetched or unpacked. The message says why, and what to do."""


def _run(command: list[str], folder: Path, what_to_do: str) -> None:
    """Run a command in ``folder``. Raises FetchError when the command is not installed, fails or hangs."""
    environment = {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=MINUTES * 60,
            check=False,
        )
    except FileNotFoundError as error:
        raise FetchError(f"{command[0]}: not installed on this system. {what_to_do}") from error
    except subprocess.TimeoutExpired as error:
        raise FetchError(f"{shlex.join(command)}: not finished after {MINUTES} minutes. {what_to_do}") from error
    if done.returncode != 0:
        lines = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
        raise FetchError(f"{shlex.join(command)}: exit code {done.returncode}: {' / '.join(lines[-3:])}. {what_to_do}")


def _private_apt(folder: Path) -> list[str]:
    """Options that give apt its own lists and caches under ``folder``: apt needs no root and no earlier update."""
    for name in ("state/lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    options = {
        "Dir::State": folder / "state",
        "Dir::State::lists": folder / "state" / "lists",
        "Dir::State::status": "/var/lib/dpkg/status",
        "Dir::Cache": folder / "cache",
        "Dir::Cache::archives": folder / "cache" / "archives",
        "APT::Sandbox::User": "root",
    }
    return [f"-o{key}={value}" for key, value in options.items()]


def _download(prompts: Prompts, folder: Path) -> None:
    """Get the two .deb files into ``folder``, with the system's package lists or, when that fails, with private lists."""
    try:
        _run(["apt-get", "-oAPT::Sandbox::User=root", "download", *prompts.packages], folder, prompts.what_to_do)
    except FetchError:
        private = _private_apt(folder / "apt")
        _run(["apt-get", *private, "update"], folder, prompts.what_to_do)
        _run(["apt-get", *private, "download", *prompts.packages], folder, prompts.what_to_do)


def _debs(prompts: Prompts, folder: Path) -> list[Path]:
    """The newest file of each package in ``folder``; an empty list when one is missing."""
    found = [sorted(folder.glob(f"{package}_*.deb")) for package in prompts.packages]
    return [files[-1] for files in found] if all(found) else []


def _unpack(prompts: Prompts, debs: list[Path], out: Path) -> Path:
    """Check the .deb files and unpack them into the new folder ``out``. ``out`` is complete or missing."""
    with beside(out) as building:
        for deb in debs:
            _run(["dpkg-deb", "--info", str(deb)], building, prompts.what_to_do)
            unpack_deb(deb, building)
        locate(prompts, building)
        shutil.rmtree(out, ignore_errors=True)
        building.rename(out)
    return out


def locate(prompts: Prompts, folder: Path) -> tuple[Path, Path]:
    """The audio folder and the transcript, found anywhere under ``folder``.

    Raises:
        FetchError: one of the two is missing.
    """
    audio = next((path for path in sorted(folder.rglob(prompts.audio_folder)) if path.is_dir()), None)
    transcript = next((path for name in prompts.transcripts for path in sorted(folder.rglob(name))), None)
    hint = prompts.what_to_do
    if audio is None:
        raise FetchError(f"{folder}: no folder {prompts.audio_folder} in it; the package {prompts.packages[0]} has it. {hint}")
    if transcript is None:
        raise FetchError(f"{folder}: no {prompts.transcripts[0]} in it; the package {prompts.packages[1]} has it. {hint}")
    return audio, transcript


def fetch(prompts: Prompts, cache: Path) -> Path:
    """Download and unpack both packages under ``cache``, once. Returns the folder with their content.

    Raises:
        FetchError: names the command that failed, and what to do.
    """
    folder = cache.absolute() / "debian"
    unpacked = folder / prompts.voice
    if unpacked.is_dir():
        return unpacked
    folder.mkdir(parents=True, exist_ok=True)
    if not _debs(prompts, folder):
        arriving = folder / f"arriving-{timestamp()}"
        arriving.mkdir()
        try:
            _download(prompts, arriving)
            for deb in _debs(prompts, arriving):
                deb.replace(folder / deb.name)
        finally:
            shutil.rmtree(arriving, ignore_errors=True)
    debs = _debs(prompts, folder)
    if not debs:
        raise FetchError(f"{folder}: apt-get downloaded no {' and no '.join(prompts.packages)}. {prompts.what_to_do}")
    return _unpack(prompts, debs, unpacked)


def _from_source(prompts: Prompts, source: Path, cache: Path) -> Path:
    """The unpacked packages in the folder ``source``. .deb files in ``source`` are unpacked into the cache first."""
    if not source.is_dir():
        raise FetchError(f"{source}: no such folder. {prompts.what_to_do}")
    debs = _debs(prompts, source)
    if not debs:
        return source
    return _unpack(prompts, [deb.absolute() for deb in debs], cache.absolute() / f"debian-source-{prompts.voice}")


def build_demo(
    prompts: Prompts,
    out: Path,
    source: Path | None,
    cache: Path,
    on_progress: Callable[[int, int], None] | None = None,
) -> Summary:
    """Make the data set ``out`` of a demo. When ``out`` is complete and unchanged, nothing is fetched or written.

    ``source``: a folder with the two .deb files or their content; ``None`` fetches the packages into ``cache``.

    Raises:
        FetchError: the packages cannot be fetched. The message says what to do.
        RecordingsError: ``out`` has other files.
    """
    output.recover(out)
    limits = prompts.limits
    same = existing(out, settings_sha256(limits, prompts.about(Path("copyright")), DIGITS, LATIN))
    if same is not None and source is None:
        return same
    unpacked = fetch(prompts, cache) if source is None else _from_source(prompts, source, cache)
    audio, transcript = locate(prompts, unpacked)
    licence = next(iter(sorted(unpacked.rglob(f"{prompts.packages[0]}/copyright"))), None)
    about = replace(prompts.about(Path("copyright")), license_file=licence)
    return prepare(read_prompts(audio, transcript), out, limits, about, digits=DIGITS, latin=LATIN, on_progress=on_progress)
