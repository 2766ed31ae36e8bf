"""The demo's recordings: a real fetch, and every possible failure."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from voice_assets.importers.debian import DEMOS, IVRVOICE, FetchError, Prompts, build_demo, fetch, locate
from voice_assets.runtime import project
from voice_assets.voices import load_voice


def unpacked() -> Path:
    return project.cache_dir() / "debian" / IVRVOICE.voice


def executable(path: Path, script: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_without_apt_the_error_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FetchError, match=r"apt-get: not installed on this system.*--source DIR"):
        fetch(IVRVOICE, tmp_path / "cache")
    assert not (tmp_path / "cache" / "debian" / IVRVOICE.voice).exists()


def test_a_failing_apt_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    executable(tmp_path / "bin" / "apt-get", 'echo "E: no network here" >&2; exit 100')
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(FetchError, match=r"exit code 100: E: no network here.*--source DIR"):
        fetch(IVRVOICE, tmp_path / "cache")
    assert list((tmp_path / "cache" / "debian").iterdir()) == []


def test_an_apt_that_downloads_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    executable(tmp_path / "bin" / "apt-get", "exit 0")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(FetchError, match=rf"downloaded no {IVRVOICE.packages[0]} and no {IVRVOICE.packages[1]}"):
        fetch(IVRVOICE, tmp_path / "cache")


def test_packages_that_are_no_packages(tmp_path: Path) -> None:
    source = tmp_path / "de bs"
    source.mkdir()
    for package in IVRVOICE.packages:
        (source / f"{package}_1.0_all.deb").write_bytes(b"half a download")
    with pytest.raises(FetchError, match=r"dpkg-deb --info '/.*/de bs/.*\.deb': exit code"):
        build_demo(IVRVOICE, tmp_path / "out", source, tmp_path / "cache")
    assert not (tmp_path / "out").exists()
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_source_that_lacks_something(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match=r"none: no such folder\. Get the Debian packages"):
        build_demo(IVRVOICE, tmp_path / "out", tmp_path / "none", tmp_path / "cache")
    with pytest.raises(FetchError, match=f"no folder {IVRVOICE.audio_folder}"):
        build_demo(IVRVOICE, tmp_path / "out", tmp_path, tmp_path / "cache")
    (tmp_path / "x" / IVRVOICE.audio_folder).mkdir(parents=True)
    with pytest.raises(FetchError, match=r"no core-sounds-ru\.txt\.gz in it"):
        locate(IVRVOICE, tmp_path)


@pytest.mark.slow
def test_the_demo_has_its_licence_and_every_dropped_row(ivrvoice: Path) -> None:
    assert "CC-BY-3.0" in (ivrvoice / "LICENSE").read_text(encoding="utf-8")
    assert "Maxim Topal" in (ivrvoice / "LICENSE").read_text(encoding="utf-8")
    info = (ivrvoice / "PREPARE_INFO.txt").read_text(encoding="utf-8")
    head = dict(line.split(": ", 1) for line in info.splitlines()[1:5])
    kept, dropped = int(head["Kept"]), int(head["Dropped"])
    assert kept + dropped == int(head["Read"]) == 576
    assert len((ivrvoice / "metadata_2col.csv").read_text(encoding="utf-8").splitlines()) == kept
    assert info.split("\nDropped (")[1].count("\n    text: ") == dropped
    for part in (
        "(10 seconds of silence)",
        "[ascending tones]",
        "empty: 0 bytes",
        "73.78 s, over max_duration_s",
        "<beep ascending>",
    ):
        assert part in info


@pytest.mark.slow
def test_a_source_of_debs_and_a_source_of_files_make_the_same_data_set(ivrvoice: Path, tmp_path: Path) -> None:
    debs = tmp_path / "debs"
    debs.mkdir()
    for deb in (project.cache_dir() / "debian").glob("*.deb"):
        shutil.copy(deb, debs)
    first = build_demo(IVRVOICE, tmp_path / "first", debs, tmp_path / "cache")
    second = build_demo(IVRVOICE, tmp_path / "second", unpacked(), tmp_path / "cache")
    expected = (ivrvoice / "metadata_2col.csv").read_bytes()
    assert (first.out / "metadata_2col.csv").read_bytes() == (second.out / "metadata_2col.csv").read_bytes() == expected
    again = build_demo(IVRVOICE, tmp_path / "first", debs, tmp_path / "cache")
    assert again.unchanged
    nowhere = build_demo(IVRVOICE, tmp_path / "first", None, Path("/proc/no-cache-can-be-here"))
    assert nowhere.unchanged


NOBODY = """
import sys
from pathlib import Path
from voice_assets.importers.debian import IVRVOICE, fetch, locate
print(*locate(IVRVOICE, fetch(IVRVOICE, Path(sys.argv[1]))))
"""


@pytest.mark.slow
@pytest.mark.parametrize("lists", [True, False], ids=["system lists", "no lists"])
@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("setpriv") is None, reason="only root can become nobody")
def test_fetching_needs_no_root_and_no_update_before(lists: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "HOME": folder}
        subprocess.run(["chown", "-R", "65534:65534", folder], check=True)
        if not lists:  # the folder of the system lists cannot be written
            (Path(folder) / "empty" / "partial").mkdir(parents=True)
            (Path(folder) / "apt.conf").write_text(f'Dir::State::lists "{folder}/empty";')
            environment["APT_CONFIG"] = f"{folder}/apt.conf"
        command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", sys.executable, "-c", NOBODY, folder]
        done = subprocess.run(command, capture_output=True, text=True, cwd="/", env=environment, check=False)
        assert done.returncode == 0, done.stderr
        assert IVRVOICE.audio_folder in done.stdout
        assert "core-sounds-ru.txt.gz" in done.stdout
        assert len(list((Path(folder) / "debian").iterdir())) == 3


@pytest.mark.slow
def test_the_english_demo_has_its_licence(allison: Path) -> None:
    """The licence and the credit are what the package's own `copyright` says."""
    text = (allison / "LICENSE").read_text(encoding="utf-8")
    assert "Licence: CC-BY-SA-3.0" in text
    assert "Copyright: 2003-2010, Allison Smith" in text
    assert len((allison / "metadata_2col.csv").read_text(encoding="utf-8").splitlines()) == 319


@pytest.mark.parametrize("prompts", DEMOS.values(), ids=DEMOS)
def test_a_demo_has_the_name_of_a_voice_file(prompts: Prompts) -> None:
    voice = load_voice(project.voices_dir() / f"{prompts.voice}.yaml")
    assert (voice.language, voice.region, voice.espeak_voice) == (prompts.language, prompts.region, prompts.espeak_voice)
    assert (voice.license, voice.credit) == (prompts.license, prompts.credit)
    assert voice.sample_rate == prompts.limits.sample_rate
