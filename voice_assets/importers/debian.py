"""The demo's recordings: real Russian speech from two Debian packages, fetched without root.

Here: fetching the packages, and the source, licence and credit of the recordings. Not here: reading the recordings
(``importers.prompts``), making the data set (``importers.prepare``).
"""

import os
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from voice_assets.dataset.faults import Limits
from voice_assets.importers import output
from voice_assets.importers.cleaning import Digits
from voice_assets.importers.errors import RecordingsError
from voice_assets.importers.items import About
from voice_assets.importers.prepare import prepare
from voice_assets.importers.prompts import read_prompts
from voice_assets.importers.written_files import Summary, existing, settings_sha256
from voice_assets.runtime.stamps import timestamp

# The first package has the audio, the second has the transcript.
DEBIAN_PACKAGES = ("asterisk-core-sounds-ru-g722", "asterisk-core-sounds-ru")
AUDIO_FOLDER = "ru_RU_f_IvrvoiceRU"
TRANSCRIPT_NAMES = ("core-sounds-ru.txt.gz", "core-sounds-ru.txt")
LICENCE = "CC-BY-3.0"
CREDIT = "Maxim Topal, ivrvoice.ru; taken from Debian's asterisk-core-sounds-ru-g722"
SOURCE = "Debian packages asterisk-core-sounds-ru-g722 (audio) and asterisk-core-sounds-ru (transcript)"
MINUTES = 10

WHAT_TO_DO = (
    f"Get the Debian packages {DEBIAN_PACKAGES[0]} and {DEBIAN_PACKAGES[1]} on any machine, put the two .deb files (or the "
    "files that `dpkg-deb -x` unpacks) into one folder, and name the folder with `--source DIR`."
)

# Clips under a second are single words and letters; Whisper `base` does not transcribe them reliably. The other limits are the
# default limits of a voice.
LIMITS = Limits(min_duration_s=1.0, sample_rate=22050, language="ru", espeak_voice="ru")
DIGITS: Digits = "sure"
LATIN = False


class FetchError(RecordingsError):
    """The packages could not be fetched or unpacked. The message says why, and what to do."""


def _run(command: list[str], folder: Path) -> None:
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
        raise FetchError(f"{command[0]}: not installed on this system. {WHAT_TO_DO}") from error
    except subprocess.TimeoutExpired as error:
        raise FetchError(f"{shlex.join(command)}: not finished after {MINUTES} minutes. {WHAT_TO_DO}") from error
    if done.returncode != 0:
        lines = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
        raise FetchError(f"{shlex.join(command)}: exit code {done.returncode}: {' / '.join(lines[-3:])}. {WHAT_TO_DO}")


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


def _download(folder: Path) -> None:
    """Get the two .deb files into ``folder``, with the system's package lists or, when that fails, with private lists."""
    try:
        _run(["apt-get", "-oAPT::Sandbox::User=root", "download", *DEBIAN_PACKAGES], folder)
    except FetchError:
        private = _private_apt(folder / "apt")
        _run(["apt-get", *private, "update"], folder)
        _run(["apt-get", *private, "download", *DEBIAN_PACKAGES], folder)


def _debs(folder: Path) -> list[Path]:
    """The newest file of each package in ``folder``; an empty list when one is missing."""
    found = [sorted(folder.glob(f"{package}_*.deb")) for package in DEBIAN_PACKAGES]
    return [files[-1] for files in found] if all(found) else []


def _unpack(debs: list[Path], out: Path) -> Path:
    """Check the .deb files and unpack them into the new folder ``out``. ``out`` is complete or missing."""
    building = out.with_name(f"{out.name}.building-{timestamp()}")
    building.mkdir(parents=True)
    try:
        for deb in debs:
            _run(["dpkg-deb", "--info", str(deb)], building)
            _run(["dpkg-deb", "-x", str(deb), str(building)], building)
        locate(building)
        shutil.rmtree(out, ignore_errors=True)
        building.rename(out)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return out


def locate(folder: Path) -> tuple[Path, Path]:
    """The audio folder and the transcript, found anywhere under ``folder``.

    Raises:
        FetchError: one of the two is missing.
    """
    audio = next((path for path in sorted(folder.rglob(AUDIO_FOLDER)) if path.is_dir()), None)
    transcript = next((path for name in TRANSCRIPT_NAMES for path in sorted(folder.rglob(name))), None)
    if audio is None:
        raise FetchError(f"{folder}: no folder {AUDIO_FOLDER} in it; the package {DEBIAN_PACKAGES[0]} has it. {WHAT_TO_DO}")
    if transcript is None:
        raise FetchError(f"{folder}: no {TRANSCRIPT_NAMES[0]} in it; the package {DEBIAN_PACKAGES[1]} has it. {WHAT_TO_DO}")
    return audio, transcript


def fetch(cache: Path) -> Path:
    """Download and unpack both packages under ``cache``, once. Returns the folder with their content.

    Raises:
        FetchError: names the command that failed, and what to do.
    """
    folder = cache.absolute() / "debian"
    unpacked = folder / "unpacked"
    if unpacked.is_dir():
        return unpacked
    folder.mkdir(parents=True, exist_ok=True)
    if not _debs(folder):
        arriving = folder / f"arriving-{timestamp()}"
        arriving.mkdir()
        try:
            _download(arriving)
            for deb in _debs(arriving):
                deb.replace(folder / deb.name)
        finally:
            shutil.rmtree(arriving, ignore_errors=True)
    debs = _debs(folder)
    if not debs:
        raise FetchError(f"{folder}: apt-get downloaded no {' and no '.join(DEBIAN_PACKAGES)}. {WHAT_TO_DO}")
    return _unpack(debs, unpacked)


def _from_source(source: Path, cache: Path) -> Path:
    """The unpacked packages in the folder ``source``. .deb files in ``source`` are unpacked into the cache first."""
    if not source.is_dir():
        raise FetchError(f"{source}: no such folder. {WHAT_TO_DO}")
    debs = _debs(source)
    return _unpack([deb.absolute() for deb in debs], cache.absolute() / "debian-source") if debs else source


def build_ivrvoice(
    out: Path,
    source: Path | None,
    cache: Path,
    on_progress: Callable[[int, int], None] | None = None,
) -> Summary:
    """Make the demo's data set ``out``. When ``out`` is complete and unchanged, nothing is fetched or written.

    ``source``: a folder with the two .deb files or their content; ``None`` fetches the packages into ``cache``.

    Raises:
        FetchError: the packages cannot be fetched. The message says what to do.
        RecordingsError: ``out`` has other files.
    """
    output.recover(out)
    about = About("ivrvoice_ru", "RU", "medium", SOURCE, LICENCE, CREDIT, Path("copyright"))
    same = existing(out, settings_sha256(LIMITS, about, DIGITS, LATIN))
    if same is not None and source is None:
        return same
    unpacked = fetch(cache) if source is None else _from_source(source, cache)
    audio, transcript = locate(unpacked)
    licence = next(iter(sorted(unpacked.rglob(f"{DEBIAN_PACKAGES[0]}/copyright"))), None)
    about = About(about.dataset, about.region, about.quality, about.source, about.license, about.credit, licence)
    return prepare(read_prompts(audio, transcript), out, LIMITS, about, digits=DIGITS, latin=LATIN, on_progress=on_progress)
