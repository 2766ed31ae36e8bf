"""`voice-assets verify`: a line per check, the reasons below it, a sentence, and an exit code for scripts."""

from pathlib import Path

import pytest

from voice_assets.release.archive import zip_package
from voice_assets_tests.cli.projects import call
from voice_assets_tests.release.small_package import NAME
from voice_assets_tests.release.small_package import signed_package as signed_package
from voice_assets_tests.release.small_package import signing_keys as signing_keys
from voice_assets_tests.release.small_package import small_package as small_package
from voice_assets_tests.release.small_package import small_voice as small_voice
from voice_assets_tests.release.tampering import changed, flip

pytestmark = pytest.mark.slow


def test_a_signed_package_passes_with_its_key(signed_package: Path, signing_keys: Path) -> None:
    done = call("verify", str(signed_package), "--key", str(signing_keys / "ours.pub"))
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert lines[0] == "ok   files      27 files"
    assert [line[:4].strip() for line in lines[:-1]] == ["ok"] * (len(lines) - 1)
    assert lines[-1].startswith(f"{NAME}: whole, and says the same everywhere; signed by ")


def test_an_unsigned_package_passes_with_a_warning_and_not_with_a_key(small_package: Path, signing_keys: Path) -> None:
    done = call("verify", str(small_package), "--no-speech")
    assert done.exit_code == 0
    assert "warn signature" in done.output
    assert "anybody may have changed the package and its checksums together" in done.output
    refused = call("verify", str(small_package), "--no-speech", "--key", str(signing_keys / "ours.pub"))
    assert refused.exit_code == 1
    assert "model.sig: unsigned" in refused.output


def test_a_changed_package_is_refused_with_the_file(small_package: Path, tmp_path: Path) -> None:
    package = changed(small_package, tmp_path / "changed", flip("README.md"), sums=False)
    done = call("verify", str(package), "--no-speech")
    assert done.exit_code == 1
    assert "bad  checksums" in done.output
    assert "     README.md: other bytes than listed in SHA256SUMS\n" in done.output
    assert "     evidence/provenance.intoto.json: predicate.runDetails.byproducts[README.md].digest.sha256 is" in done.output
    assert done.output.splitlines()[-1] == f"{package}: refused, 2 problems"


def test_a_zip_and_what_is_none(small_package: Path, tmp_path: Path) -> None:
    file = zip_package(small_package, tmp_path / "voice.zip")
    assert call("verify", str(file), "--no-speech").exit_code == 0
    file.write_bytes(b"no zip \x1b[2J")
    done = call("verify", str(file))
    assert done.exit_code == 1
    assert f"refused: {file}: damaged, or no zip" in done.stderr
    assert "Traceback" not in done.output


def test_a_package_that_is_not_there(tmp_path: Path) -> None:
    done = call("verify", str(tmp_path / "none"))
    assert done.exit_code == 2
    assert "does not exist" in done.stderr


def test_a_folder_that_is_no_package_is_refused(tmp_path: Path) -> None:
    done = call("verify", str(tmp_path))
    assert done.exit_code == 1
    assert "a package has one voice" in done.output
