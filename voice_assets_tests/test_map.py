"""The map in ``voice_assets/__init__.py`` is the one of the folders, and the import contracts know every room."""

import re
import tomllib
from pathlib import Path

import voice_assets

PACKAGE = Path(voice_assets.__file__).parent
ROOMS = {path.stem for path in PACKAGE.iterdir() if not path.name.startswith("_") and path.suffix in ("", ".py")}


def test_the_map_names_every_room_and_no_other() -> None:
    assert voice_assets.__doc__ is not None
    assert set(re.findall(r"^\* ``(\w+)``", voice_assets.__doc__, re.MULTILINE)) == ROOMS


def test_every_room_stands_in_the_layers_and_says_what_belongs_there() -> None:
    settings = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text(encoding="utf-8"))
    (layers,) = (contract["layers"] for contract in settings["tool"]["importlinter"]["contracts"] if "layers" in contract)
    named = {name.strip() for layer in layers for name in layer.split("|")}
    assert named == {f"voice_assets.{room}" for room in ROOMS} | {"data_checks"}
    for room in ROOMS:
        file = PACKAGE / f"{room}.py" if (PACKAGE / f"{room}.py").exists() else PACKAGE / room / "__init__.py"
        assert len(file.read_text(encoding="utf-8").split('"""')[1]) > 40, room
