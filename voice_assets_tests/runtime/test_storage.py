"""Recorded files: whole or not there, verified when they are read, valid after the project was moved."""

from pathlib import Path
from typing import NamedTuple

import pytest
from upath import UPath

from voice_assets.runtime import hash_memory, remote
from voice_assets.runtime.storage import Artifact, Store, StoreError, artifact_in
from voice_assets_tests.remembered import bytes_read, decay


class Toy(NamedTuple):
    """What a store must know of a voice."""

    dataset: Path
    name: str = "toy"


@pytest.fixture(params=["folder", "elsewhere", "memory", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """A store in the project folder itself, in another folder, and on file systems that are not local."""
    work = tmp_path / "project"
    work.mkdir()
    roots = {"folder": str(work), "elsewhere": str(tmp_path / "store"), "memory": f"memory://{tmp_path.name}"}
    root = request.getfixturevalue("s3_folder") if request.param == "s3" else roots[request.param]
    return Store(remote.location(root), work, Toy(tmp_path / "dataset"))


def work(store: Store, name: str, content: bytes) -> Path:
    """A file that a worker wrote."""
    file = store._work / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


def another_machine(store: Store) -> Store:
    """The same store without the files that the workers of this machine wrote, as another machine sees the store."""
    place = store._work.parent / "another machine"
    return Store(store._root, place, Toy(place / "dataset"))


def test_what_is_put_is_opened(store: Store) -> None:
    artifact = store.put("artifacts/toy/a.txt", lambda path: path.write_bytes(b"one"))
    assert artifact.bytes == 3
    assert store.exists(artifact)
    assert store.open(artifact).read_bytes() == b"one"
    assert artifact_in(artifact.as_json()) == artifact


def test_a_write_that_fails_leaves_nothing(store: Store) -> None:
    def fail(path: Path) -> None:
        path.write_bytes(b"half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        store.put("artifacts/toy/a.txt", fail)
    assert not store.at("artifacts/toy/a.txt").exists()


def test_a_write_that_fails_keeps_what_was_there(store: Store) -> None:
    artifact = store.put("a.txt", lambda path: path.write_bytes(b"one"))
    with pytest.raises(ZeroDivisionError):
        store.put("a.txt", lambda path: path.write_bytes(b"two" * (1 // 0)))
    assert store.open(artifact).read_bytes() == b"one"


def test_a_file_and_a_folder_of_a_worker_are_recorded(store: Store) -> None:
    model = store.add(work(store, "artifacts/toy/voice.onnx", b"model"))
    work(store, "artifacts/toy/samples/1.wav", b"1")
    work(store, "artifacts/toy/samples/deep/2.wav", b"22")
    samples = store.add(store._work / "artifacts" / "toy" / "samples")
    assert (model.uri, model.name, model.bytes) == ("artifacts/toy/voice.onnx", "voice.onnx", 5)
    assert samples.bytes == 3
    assert store.open(model).read_bytes() == b"model"
    assert (store.open(samples) / "deep" / "2.wav").read_bytes() == b"22"


@pytest.mark.parametrize("changed", [b"twO", b"two and more"])
def test_other_bytes_are_never_opened(store: Store, changed: bytes) -> None:
    artifact = store.put("a.txt", lambda path: path.write_bytes(b"two"))
    store.at("a.txt").write_bytes(changed)
    with pytest.raises(StoreError, match=rf"a\.txt: its SHA-256 is \w+, recorded was {artifact.sha256}"):
        store.open(artifact)


@pytest.mark.parametrize("change", ["edit", "rename", "add", "remove"])
def test_a_folder_is_its_names_and_its_bytes(store: Store, change: str) -> None:
    work(store, "samples/1.wav", b"1")
    work(store, "samples/2.wav", b"2")
    artifact = store.add(store._work / "samples")
    folder = store.at("samples")
    if change == "edit":
        (folder / "1.wav").write_bytes(b"3")
    elif change == "add":
        (folder / "3.wav").write_bytes(b"3")
    else:
        (folder / "2.wav").unlink()
        if change == "rename":
            (folder / "3.wav").write_bytes(b"2")
    with pytest.raises(StoreError, match="samples: its SHA-256 is"):
        another_machine(store).open(artifact)


def test_what_is_gone_is_named(store: Store) -> None:
    artifact = store.put("a.txt", lambda path: path.write_bytes(b"one"))
    store.at("a.txt").unlink()
    assert not store.exists(artifact)
    with pytest.raises(StoreError, match=r"a\.txt: is missing from .*materialise"):
        store.open(artifact)


@pytest.mark.parametrize(
    ("content", "whole", "found"),
    [
        (b"weights", True, None),
        (b"weights", False, None),
        (b"weight!", True, "artifacts/model.onnx has other bytes than those recorded"),
        (b"weight!", False, None),
        (b"weight", False, "artifacts/model.onnx has 6 bytes, recorded were 7"),
        (None, False, "artifacts/model.onnx is gone"),
    ],
)
def test_damage_is_told(tmp_path: Path, content: bytes | None, whole: bool, found: str | None) -> None:
    store = Store(UPath(tmp_path), tmp_path)
    file = tmp_path / "artifacts" / "model.onnx"
    file.parent.mkdir()
    file.write_bytes(b"weights")
    artifact = store.add(file)
    assert store.damage(artifact, whole=True) is None
    if content is None:
        file.unlink()
    else:
        file.write_bytes(content)
    assert store.damage(artifact, whole) == found


def test_a_file_is_read_once_to_know_that_it_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICE_ASSETS_ROOT", str(tmp_path))
    monkeypatch.setattr(hash_memory, "SETTLED_S", 0.0)
    store = Store(UPath(tmp_path), tmp_path)
    (tmp_path / "model.onnx").write_bytes(bytes(1_000_000))
    artifact = store.add(tmp_path / "model.onnx")
    assert store.damage(artifact, whole=True) is None
    assert bytes_read(lambda: store.damage(artifact, whole=True)) < 500_000
    decay(tmp_path / "model.onnx")
    assert store.damage(artifact, whole=True) == "model.onnx has other bytes than those recorded"
    assert store.damage(artifact, whole=True, every_byte=True) is None


def test_tables_that_people_fill_in_are_no_part_of_a_report(tmp_path: Path) -> None:
    dataset = tmp_path / "dataset"
    report = dataset / "reports" / "quality_1"
    report.mkdir(parents=True)
    (report / "stats.json").write_text("{}")
    (report / "suspects.tsv").write_text("clip_id\tdecision\na\t\n")
    store = Store(UPath(tmp_path), tmp_path, Toy(dataset))
    artifact = store.add(report)
    (report / "suspects.tsv").write_text("clip_id\tdecision\na\tdrop\n")
    assert store.open(artifact) == report
    (report / "stats.json").write_text("{ }")
    with pytest.raises(StoreError, match="dataset:reports/quality_1: its SHA-256 is"):
        store.open(artifact)


def test_damage_inside_a_folder_is_told(tmp_path: Path) -> None:
    store = Store(UPath(tmp_path), tmp_path)
    package = tmp_path / "package"
    package.mkdir()
    (package / "a").write_bytes(b"12")
    (package / "b").write_bytes(b"34")
    artifact = store.add(package)
    (package / "b").write_bytes(b"35")
    assert store.damage(artifact, whole=True) == "package has other bytes than those recorded"


@pytest.mark.parametrize("uri", ["../a", "/etc/passwd", "a/../../b", "dataset:../a", "dataset:/etc/passwd"])
def test_no_uri_leads_out_of_the_store(store: Store, uri: str) -> None:
    with pytest.raises(StoreError, match="leads out of the store"):
        store.exists(Artifact(uri, "", 0))


def test_a_file_outside_is_not_recorded(store: Store, tmp_path: Path) -> None:
    (tmp_path / "stray").write_bytes(b"")
    with pytest.raises(StoreError, match="stray: is neither in the project folder"):
        store.add(tmp_path / "stray")
    with pytest.raises(StoreError, match="there is no such file to record"):
        store.add(store._work / "nothing")


def written_report(tmp_path: Path) -> Path:
    report = tmp_path / "dataset" / "reports" / "quality_1"
    report.mkdir(parents=True)
    (report / "stats.json").write_text("{}", encoding="utf-8")
    return report


def test_reports_stay_in_the_data_set(store: Store, tmp_path: Path) -> None:
    artifact = store.add(written_report(tmp_path))
    assert artifact.uri == "dataset:reports/quality_1"
    assert store.open(artifact) == tmp_path / "dataset" / "reports" / "quality_1"
    with pytest.raises(StoreError, match="which data set"):
        Store(store._root, store._work).open(artifact)


def test_another_machine_opens_a_report_from_a_store_apart(store: Store, tmp_path: Path) -> None:
    """A machine has a data set of its own. A store that is the project folder itself serves one machine."""
    artifact = store.add(written_report(tmp_path))
    machine = another_machine(store)
    apart = store._root != UPath(store._work)
    assert machine.exists(artifact) is apart
    if apart:
        assert (machine.open(artifact) / "stats.json").read_text(encoding="utf-8") == "{}"


def test_a_report_from_before_the_store_was_moved_is_opened(store: Store, tmp_path: Path) -> None:
    report = written_report(tmp_path)
    artifact = Store(UPath(store._work), store._work, Toy(tmp_path / "dataset")).add(report)
    assert store.exists(artifact)
    assert store.open(artifact) == report


def test_a_moved_project_opens_what_it_recorded(tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    artifact = Store(UPath(before), before).put("artifacts/a.txt", lambda path: path.write_bytes(b"one"))
    before.rename(after)
    assert Store(UPath(after), after).open(artifact).read_bytes() == b"one"


def test_another_machine_opens_what_was_recorded_and_fetches_it_once(store: Store) -> None:
    work(store, "samples/a/b", b"1")
    work(store, "samples/a.b", b"22")
    folder, file = store.add(store._work / "samples"), store.add(work(store, "voice.onnx", b"model"))
    machine = another_machine(store)
    for artifact in (folder, file):
        assert machine.exists(artifact)
        assert machine.damage(artifact, whole=True) is None
        assert machine.damage(artifact, whole=True) is None
    assert (machine.open(folder) / "a" / "b").read_bytes() == b"1"
    fetched = machine.open(file)
    assert fetched.read_bytes() == b"model"
    before = fetched.stat().st_mtime_ns
    assert machine.open(file).stat().st_mtime_ns == before
    if fetched.is_relative_to(machine._work):
        fetched.write_bytes(b"spoilt in the cache")
        assert machine.open(file).read_bytes() == b"model"


def test_a_folder_that_is_made_again_replaces_the_earlier_one_whole(store: Store) -> None:
    work(store, "package/README.md", b"1")
    work(store, "package/reports/old.md", b"2")
    before = store.add(store._work / "package")
    another_machine(store).open(before)
    (store._work / "package" / "reports" / "old.md").unlink()
    work(store, "package/reports/new.md", b"3")
    after = store.add(store._work / "package")
    opened = another_machine(store).open(after)
    assert sorted(file.name for file in opened.rglob("*.md")) == ["README.md", "new.md"]
    with pytest.raises(StoreError, match="package: its SHA-256 is"):
        another_machine(store).open(before)


@pytest.mark.parametrize(
    ("content", "whole", "found"),
    [
        (b"weights", True, None),
        (b"weight!", True, "a/model.onnx has other bytes than those recorded"),
        (b"weight!", False, None),
        (b"weight", False, "a/model.onnx has 6 bytes, recorded were 7"),
        (None, False, "a/model.onnx is gone"),
    ],
)
def test_damage_is_told_of_every_store(store: Store, content: bytes | None, whole: bool, found: str | None) -> None:
    artifact = store.put("a/model.onnx", lambda path: path.write_bytes(b"weights"))
    assert store.damage(artifact, whole=True) is None
    if content is None:
        store.at("a/model.onnx").unlink()
    else:
        store.at("a/model.onnx").write_bytes(content)
    assert store.damage(artifact, whole) == found
    assert another_machine(store).damage(artifact, whole) == found
