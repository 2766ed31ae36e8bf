"""Names that are beside each other in a package, whatever the order in which they come."""

from itertools import permutations
from pathlib import Path

import pytest

from voice_assets.release.names import Beside, clash
from voice_assets.release.sums import write_sums
from voice_assets.release.verification import verify_folder


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("a/b.wav", "a/c.wav", "b"), ""),
        (("a.wav", "A.wav"), "are one file on some systems"),
        (("In/a", "in/b"), "are one on some systems"),
        (("a", "a/b/c"), "a is a file and a folder"),
        (("a/b", "a/b/c", "d"), "a/b is a file and a folder"),
    ],
)
def test_a_clash_is_found_in_any_order(names: tuple[str, ...], said: str) -> None:
    for order in permutations(names):
        assert clash(order).endswith(said)
        assert bool(clash(order)) == bool(said)


def test_a_name_that_clashes_takes_no_place() -> None:
    beside = Beside()
    assert [bool(beside.add(name)) for name in ("in/a", "In/b", "in/b")] == [False, True, False]


@pytest.mark.parametrize("name", ["aux.wav", "e\u0301.wav", "a" * 100 + "/" + "b" * 95, "MODEL_Card"])
def test_a_package_whose_zip_would_be_refused_is_refused_as_a_folder(tmp_path: Path, name: str) -> None:
    for one in (name, "en_US-tiny-x_low.onnx", "MODEL_CARD"):
        (tmp_path / one).parent.mkdir(exist_ok=True)
        (tmp_path / one).write_text("")
    write_sums(tmp_path)
    (check,) = (one for one in verify_folder(tmp_path, speak=False).checks if one.name == "names")
    assert name in check.problems[0]
