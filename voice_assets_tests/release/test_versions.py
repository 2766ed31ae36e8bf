"""Which texts are versions, and the name of a tag."""

import pytest

from voice_assets.release.versions import VersionError, require_version, tag_name


@pytest.mark.parametrize("text", ["1.0.0", "0.0.1", "10.20.30", "1.1.0-rc.1", "1.0.0-0.3.7", "1.0.0-x-y-z.5"])
def test_versions(text: str) -> None:
    assert require_version(text) == text


@pytest.mark.parametrize(
    "text",
    [
        *("", "1", "1.0", "1.0.0.0", "01.0.0", "1.0.0-01", "1.0.0-", "1.0.0-a..b", "latest", "1.0.0 ", " 1.0.0", "1.0.0\n"),
        *("1.0.0+build", "../1.0.0", "1.0.0/2", "1.0.0-a.lock", "1.0.0-" + "a" * 60, "١.0.0"),
    ],
)
def test_what_is_no_version(text: str) -> None:
    with pytest.raises(VersionError, match=r"is not a version such as 1.0.0"):
        require_version(text)


def test_a_v_too_many_is_named() -> None:
    with pytest.raises(VersionError, match=r"write 1.0.0, the tag gets the v"):
        require_version("v1.0.0")


def test_the_tag_has_the_name_of_the_voice() -> None:
    assert tag_name("1.0.0", "felix_mirage") == "v1.0.0-felix_mirage"
