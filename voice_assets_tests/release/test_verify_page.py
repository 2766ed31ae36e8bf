"""Every command of ``docs/verify.md`` runs on a package of recorded evidence, and finds what was changed."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import soundfile

from voice_assets.release.croissant import describe_dataset
from voice_assets.release.package import as_json
from voice_assets.release.package_files import PackageFiles
from voice_assets.release.signing import KEY, SignedBy, Signer, check
from voice_assets.release.statements import DATASET_FILE, PROVENANCE_FILE, statements, with_files
from voice_assets.release.sums import write_sums
from voice_assets.runtime.contents import FILLED_IN, content_hash
from voice_assets.runtime.files import sha256
from voice_assets_tests.finished_voice import config, model
from voice_assets_tests.release.lineages import lineage, trained, verdict
from voice_assets_tests.release.signed_packages import keys
from voice_assets_tests.release.test_croissant import FACTS, SPLITS, clips

pytestmark = pytest.mark.slow
NAME = "en_US-toy-medium"
PAGE = Path(__file__).parents[2] / "docs" / "verify.md"


def _blocks(page: Path) -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


NAMES = (
    "setup",
    "files",
    "key",
    "hint",
    "verdicts",
    "passed",
    "limits",
    "suite",
    "lineage",
    "judged",
    "project",
    "folder",
    "provenance",
    "croissant",
    "clips",
    "speak",
)
COMMANDS = dict(zip(NAMES, _blocks(PAGE), strict=True))
"""The blocks of the page, in its order."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a signed package, the public key, the data set, and the project with the judged files."""
    folder = tmp_path_factory.mktemp("made")
    voice, project = folder / NAME, folder / "project"
    (folder / "dataset" / "wavs").mkdir(parents=True)
    for clip in clips():
        (folder / "dataset" / clip["path"]).write_text(clip["clip_id"])
    entries = _judged(project)
    values = {"format": 2, "materialisations": entries}
    training: dict[str, Any] = {"settings": {"learning_rate": 0.0002}, "identity": {"piper": "1.8.0"}}
    dataset = describe_dataset(FACTS, clips(), SPLITS)
    texts = {"lineage.json": as_json(values), "training.json": as_json(training), f"evidence/{DATASET_FILE}": as_json(dataset)}
    _write(voice, {f"{NAME}.onnx": "a model", "MODEL_CARD": "# Joe", f"{NAME}.onnx.json": "{}", **texts})
    files = {name: sha256(voice / name) for name in (f"{NAME}.onnx", f"{NAME}.onnx.json")}
    made = statements(lineage(*entries), training, files, sha256(voice / "evidence" / DATASET_FILE))
    made[PROVENANCE_FILE] = with_files(made[PROVENANCE_FILE], PackageFiles.of(voice).listed)
    _write(voice, {f"evidence/{name}": as_json(one) for name, one in made.items()})
    write_sums(voice)
    secret, _ = keys(folder)
    Signer(secret).sign(voice, folder / "kept")
    return folder


def _judged(project: Path) -> list[dict[str, Any]]:
    """Entries with a warning and a waiver, whose files lie in ``project``."""
    entries = trained({"name": "en_US-joe-medium.onnx", "sha256": "4" * 64, "license": "CC0", "credit": "joe"})
    entries[-1]["verdicts"].append(verdict("similarity_range", False, blocks=False, advisory="a test"))
    entries[-3]["verdicts"].append(verdict("low_similarity", False, blocks=False, waiver="waived by Ann"))
    for one in entries:
        for uri in one["artifacts"]:
            _write(project, {uri: uri})
            one["artifacts"] = {uri: sha256(project / uri)}
    return entries


def _write(folder: Path, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


@pytest.fixture
def package(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "made")) / NAME


def run(script: str, package: Path, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run commands of the page in a shell in ``folder``, the package by default, with this environment's programs."""
    around = package.parent
    values = {"KEY": around / "signing.pub", "DATASET": around / "dataset", "JUDGED": around / "judged.txt"}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**os.environ, **{name: str(value) for name, value in values.items()}, "PATH": path, "LC_ALL": "C.UTF-8"}
    command = ["bash", "-euo", "pipefail", "-c", script]
    return subprocess.run(command, cwd=folder or package, env=environment, capture_output=True, text=True, check=False)


def lines(script: str, package: Path) -> list[str]:
    done = run(script, package)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("block", [name for name in NAMES if name not in ("setup", "project", "folder", "speak")])
def test_every_command_accepts_the_package(package: Path, block: str) -> None:
    done = run(COMMANDS[block], package)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert "WARNING" not in done.stderr or block == "croissant"  # mlcroissant asks for a date of publication


def test_what_the_commands_print(package: Path) -> None:
    first, second = lines(COMMANDS["hint"], package)
    assert first == second == sha256(package.parent / "signing.pub")
    first, second = lines(COMMANDS["suite"], package)
    assert first == second
    assert lines(COMMANDS["files"], package) == lines(COMMANDS["lineage"], package) == []
    assert lines(COMMANDS["verdicts"], package) == [
        "PASSED evidence/onnx_voice.intoto.json",
        "PASSED evidence/training.intoto.json",
        "WARNED evidence/whisper_shard.intoto.json",
        "WARNED evidence/whisper_validation.intoto.json",
        "similarity_range: a test",
        "low_similarity: waived by Ann",
    ]
    assert lines(COMMANDS["limits"], package) == [
        "low_similarity: 0.95, allowed >= 0.9",
        "mean_similarity: 0.95, allowed >= 0.9",
    ]
    assert lines(COMMANDS["croissant"], package) == [f"{FACTS.licence}, {FACTS.credit}"]
    assert lines(COMMANDS["provenance"], package)[-1] == "software: pkg:pypi/piper-tts@1.8.0"


def test_the_judged_files_of_the_project(package: Path) -> None:
    lines(COMMANDS["judged"], package)
    project = package.parent / "project"
    assert run(COMMANDS["project"], package, project).returncode == 0
    next(project.rglob("*.parquet")).write_text("other")
    assert run(COMMANDS["project"], package, project).returncode == 1


def test_the_voice_speaks_and_its_programs_are_on_a_package_index(tmp_path: Path) -> None:
    voice = tmp_path / "voice"
    voice.mkdir()
    for file in (model(), config()):
        shutil.copy(file, voice)
    assert run(COMMANDS["speak"], voice).returncode == 0
    assert soundfile.info(str(tmp_path / "spoken.wav")).duration > 1
    named = COMMANDS["setup"].splitlines()[-1].removeprefix("pip install ").split()
    assert [metadata.metadata(name)["Name"] for name in named] == named


def test_a_folders_digest(tmp_path: Path) -> None:
    _write(tmp_path, {name: name for name in ("b.md", "a/c.tsv", "a.md", "a b.md", *FILLED_IN, f"a/{FILLED_IN[0]}")})
    assert run(COMMANDS["folder"], tmp_path).stdout.strip() == content_hash(tmp_path)


def test_the_commands_for_a_key_make_one_that_signs(tmp_path: Path, made: Path) -> None:
    (script,) = _blocks(PAGE.with_name("package.md"))
    package = Path(shutil.copytree(made / NAME, tmp_path / NAME))
    named = lines(f'{script}\nprintf %s "${KEY}"', package)[-1]
    public = (package / "voice.pub").rename(tmp_path / "voice.pub")
    secret = (package / "voice.pem").rename(tmp_path / "voice.pem")
    assert named == str(package / "voice.pem")
    signed = Signer.from_environment({KEY: str(secret)}).sign(package, tmp_path / "kept")
    assert signed == check(package, public) == SignedBy(sha256(public), checked=True)


def _json(name: str, change: Callable[[Any], object]) -> Callable[[Path], object]:
    def make(package: Path) -> None:
        content = json.loads((package / name).read_text(encoding="utf-8"))
        change(content)
        (package / name).write_text(as_json(content), encoding="utf-8")

    return make


VALIDATION = "evidence/whisper_validation.intoto.json"
CHANGES: dict[str, tuple[str, Callable[[Path], object]]] = {
    "a byte of the model": ("files", lambda package: (package / f"{NAME}.onnx").write_text("A model")),
    "a file more": ("files", lambda package: (package / ".gitattributes").write_text("")),
    "a file of Git that nobody signed": ("key", lambda package: (package / ".gitattributes").write_text("")),
    "another key": ("key", lambda package: keys(package.parent)),
    "a failed gate": ("passed", _json(VALIDATION, lambda one: one["predicate"].update(result="FAILED"))),
    "a dropped test": ("lineage", _json(VALIDATION, lambda one: one["predicate"]["passedTests"].clear())),
    "a verdict of the lineage": (
        "lineage",
        _json("lineage.json", lambda one: one["materialisations"][0]["verdicts"][0].update(passed=False)),
    ),
    "a dropped statement": ("lineage", lambda package: (package / VALIDATION).unlink()),
    "another subject": ("judged", _json(VALIDATION, lambda one: one["subject"][0]["digest"].update(sha256="0" * 64))),
    "another config": ("provenance", lambda package: (package / f"{NAME}.onnx.json").write_text("[]")),
    "another description of the data": ("provenance", _json(f"evidence/{DATASET_FILE}", lambda one: one.pop("license"))),
    "another card": ("provenance", lambda package: (package / "MODEL_CARD").write_text("# Other")),
    "another learning rate": ("provenance", _json("training.json", lambda one: one["settings"].update(learning_rate=1))),
    "a description that is no Croissant": ("croissant", _json(f"evidence/{DATASET_FILE}", lambda one: one.pop("@type"))),
    "another recording": ("clips", lambda package: (package.parent / "dataset/wavs/a.wav").write_text("other")),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_command_refuses(package: Path, change: str) -> None:
    block, make = CHANGES[change]
    make(package)
    assert run(COMMANDS[block], package).returncode != 0


@pytest.mark.parametrize("field", ["digest", "judged_by"])
def test_another_suite_or_another_threshold_is_seen(package: Path, field: str) -> None:
    def change(statement: Any) -> None:
        one = statement["predicate"]["configuration"][-1]
        if field == "digest":
            one["digest"]["sha256"] = "0" * 64
        else:
            one["annotations"]["judged_by"] = one["annotations"]["judged_by"].replace("0.9", "0.5")

    _json(VALIDATION, change)(package)
    first, second = lines(COMMANDS["suite"], package)
    assert first != second
