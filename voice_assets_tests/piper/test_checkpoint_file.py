"""What a file is that should be a checkpoint: read without running, importing or loading anything of it."""

import io
import pickle
import random
import struct
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_assets.piper.checkpoint_file import PLAIN_DATA, read_facts, read_without_trust
from voice_assets.piper.errors import CheckpointError

LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 845812345\n"
HTML = b"\n<!DOCTYPE html>\n<html><head><title>Sign in</title></head></html>"


def tar() -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("epoch=1.ckpt"))
    return held.getvalue()


def zipped(compression: int = zipfile.ZIP_STORED, **entries: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", compression) as archive:
        for name, content in entries.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return held.getvalue()


def packed(content: object, protocol: int = 2) -> bytes:
    """A zip with a pickle of ``content`` in the place that torch gives it."""
    return zipped(a__data_dot_pkl=pickle.dumps(content, protocol))


TRAINED = {"state_dict": {}, "hyper_parameters": {}, "epoch": 1, "global_step": 2}
# `memo` puts an object at position 2**31 of a table; a reader that believes it takes 32 GB of memory.
MEMO = zipped(a__data_dot_pkl=b"\x80\x02}r\xff\xff\xff\x7f.")

# Two tuples of two tuples of two tuples...: the hash of the last as a key takes 2**64 steps.
PAIRS = b"\x80\x02})q\x000" + b"h\x00h\x00\x86q\x000" * 64 + b"h\x00K\x01s."
# A list of 100,000 numbers, and then that list as the shape of tensors, or an empty dictionary made from it, again and again.
NUMBERS = b"\x80\x02](" + b"K\x01" * 100_000 + b"eq\x01"
SHAPES = NUMBERS + b"ctorch._utils\n_rebuild_tensor_v2\nq\x02" + b"(h\x02(K\x01K\x01h\x01tR" * 20_000 + b"."
COPIES = NUMBERS + b"ccollections\nOrderedDict\nq\x02" + b"(h\x02h\x01\x85R" * 20_000 + b"."
# A list of two lists of two lists...: its text is without end. As the key of a tensor's values, and as a key of an object.
LISTS = b"]q\x000" + b"](h\x00h\x00eq\x000" * 64
STORAGE = b"\x80\x02" + LISTS + b"(X\x07\x00\x00\x00storageX\x0c\x00\x00\x00FloatStorageh\x00K\x00K\x01tQ."
ITEM = b"\x80\x02" + LISTS + b"capp\nThing\n)Rh\x00K\x01s."
# A tensor whose shape is two tensors whose shape is two tensors...: its hash takes 2**64 steps.
TENSOR = b"ctorch._utils\n_rebuild_tensor_v2\nq\x01"
TENSORS = b"\x80\x02}" + TENSOR + b"0K\x01q\x000" + b"h\x01(K\x01K\x01h\x00h\x00\x86tRq\x000" * 64 + b"h\x00K\x01s."
TENSOR_KEY = b"\x80\x02}" + TENSOR + b"0h\x01(K\x01K\x01K\x01K\x01\x86tRK\x01s."
# One dictionary of 10,000 keys, set again and again as the state of one object.
KEYS = b"\x80\x02}(" + b"".join(b"M" + number.to_bytes(2, "little") + b"K\x01" for number in range(10_000)) + b"uq\x010"
STATES = {
    name: KEYS + made + b"h\x01b" * 100_000 + b"."
    for name, made in (("an object", b"capp\nThing\n)R"), ("a dictionary", b"ccollections\nOrderedDict\n)R"))
}
# A call with 100,000 arguments, again and again: of a function, and of a class.
ARGUMENTS = b"\x80\x02(" + b"K\x01" * 100_000 + b"tq\x010capp\nThing\nq\x02"
CALLS = {
    name: ARGUMENTS + (b"h\x02h\x01" + call + b"0") * 100_000 + b"."
    for name, call in (("a function", b"R"), ("a class", b"\x81"))
}
NAMES = b"\x80\x02(" + b"".join(b"cos\nsystem%d\n" % number for number in range(2_000)) + b"l."


def twice(name: str) -> bytes:
    """A zip with two entries of one name."""
    data = zipped(a__data_dot_pkl=pickle.dumps(TRAINED, 2), a__data_dot_pkm=b"")
    return data.replace(b"a/data.pkm", name.encode())


def with_many_entries() -> bytes:
    """A zip whose directory names its one entry 90,000 times."""
    data = zipped(a__0=b"")
    start, end = data.index(b"PK\x01\x02"), data.index(b"PK\x05\x06")
    directory = data[start:end] * 90_000
    return data[:start] + directory + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 65_535, 65_535, len(directory), start, 0)


NO_CHECKPOINTS: list[tuple[str, bytes, str]] = [
    ("empty", b"", "the file is empty"),
    ("git-lfs", LFS, "a Git-LFS pointer; the checkpoint itself of 845,812,345 bytes was not fetched: run `git lfs pull`"),
    ("html", HTML, "a web page (HTML), not a checkpoint"),
    ("json", b'{"error": "Repository not found"}', "a text in JSON"),
    ("gzip", b"\x1f\x8b\x08\x00", "packed with gzip; unpack it"),
    ("tar", tar(), "a tar archive; unpack it"),
    ("safetensors", b"\x10\x00\x00\x00\x00\x00\x00\x00" + b'{"a":{}}', "a file of safetensors"),
    ("old torch", pickle.dumps([1, 2]), "a pickle without a zip"),
    ("noise", b"\x07\x03 nothing known", "not a checkpoint: it begins with"),
    ("another zip", zipped(readme=b"x"), "a zip, but no checkpoint of PyTorch: it holds readme"),
    ("torchscript", zipped(a__data_dot_pkl=b"", a__constants_dot_pkl=b""), "a compiled model (TorchScript)"),
    ("bomb", zipped(zipfile.ZIP_DEFLATED, a__data_dot_pkl=b"\0" * 10_000_000), "its entries hold more than"),
    ("compressed", zipped(zipfile.ZIP_DEFLATED, a__data_dot_pkl=random.Random(1).randbytes(999)), "is compressed"),
    ("long list", zipped(a__data_dot_pkl=b"\0" * (5 << 20)), "or has 5242880 bytes"),
    ("long directory", with_many_entries(), "a zip with a directory of"),
    ("one name twice", twice("a/data.pkl"), "two entries have one name"),
    ("pairs of pairs", zipped(a__data_dot_pkl=PAIRS), "unhashable type"),
    ("many shapes", zipped(a__data_dot_pkl=SHAPES), "over 16 dimensions"),
    ("many copies", zipped(a__data_dot_pkl=COPIES), "made from another"),
    ("many names", zipped(a__data_dot_pkl=NAMES), "names over 1000 Python objects"),
    ("many steps", zipped(a__data_dot_pkl=b"\x80\x02" + b"N0" * 500_001 + b"."), "over 1000000 steps"),
    ("deep lists", zipped(a__data_dot_pkl=b"\x80\x02" + b"]" * 100_000 + b"a" * 99_999 + b"."), "not a Piper checkpoint"),
    ("lists of lists", zipped(a__data_dot_pkl=STORAGE), "the key of a tensor's values is a list, not a text"),
    ("lists of lists as a key", zipped(a__data_dot_pkl=ITEM), "unhashable type"),
    ("tensors of tensors", zipped(a__data_dot_pkl=TENSORS), "a dimension of a tensor is no number"),
    ("tensor as a key", zipped(a__data_dot_pkl=TENSOR_KEY), "unhashable type"),
    *((f"many states of {name}", zipped(a__data_dot_pkl=data), "not a Piper checkpoint") for name, data in STATES.items()),
    *((f"many arguments of {name}", zipped(a__data_dot_pkl=data), "over 256 arguments") for name, data in CALLS.items()),
    ("memo", MEMO, "its list of tensors cannot be read"),
    ("newer pickle", packed(TRAINED, protocol=4), "another pickle protocol than 2"),
    ("no pickle", zipped(a__data_dot_pkl=b"nonsense"), "its list of tensors cannot be read"),
    ("list", packed([1, 2]), "not a Piper checkpoint: no state_dict"),
    (
        "VITS",
        packed({"model": 1, "iteration": 2}),
        "no state_dict, hyper_parameters, epoch, global_step; it holds iteration, model",
    ),
]


@pytest.mark.parametrize(("content", "words"), [case[1:] for case in NO_CHECKPOINTS], ids=[case[0] for case in NO_CHECKPOINTS])
def test_a_file_that_is_no_checkpoint_is_named(content: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "base.ckpt"
    path.write_bytes(content)
    with pytest.raises(CheckpointError) as caught:
        read_facts(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert words in str(caught.value)


def test_a_finished_voice_is_no_checkpoint(tmp_path: Path) -> None:
    (tmp_path / "voice.onnx").write_bytes(b"\x08\x09\x12\x07pytorch")
    with pytest.raises(CheckpointError, match="a finished voice"):
        read_facts(tmp_path / "voice.onnx")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no such checkpoint; a relative path starts at the folder of the voice file"):
        read_facts(tmp_path / "base.ckpt")
    (tmp_path / "epoch=9-step=18.ckpt").touch()
    with pytest.raises(CheckpointError, match=r"in its folder there are epoch=9-step=18\.ckpt"):
        read_facts(tmp_path / "base.ckpt")
    with pytest.raises(CheckpointError, match="a folder, not a checkpoint"):
        read_facts(tmp_path)
    with pytest.raises(CheckpointError, match=r"https:/example\.org/base\.ckpt is an address; download the checkpoint"):
        read_facts(tmp_path / "https:/example.org/base.ckpt")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["pairs of pairs", "many shapes", "many copies", "many names", "deep lists"])
def test_a_hostile_list_of_tensors_takes_little_memory(name: str, tmp_path: Path) -> None:
    path = tmp_path / "base.ckpt"
    path.write_bytes(next(content for kind, content, _ in NO_CHECKPOINTS if kind == name))
    tracemalloc.start()
    with pytest.raises(CheckpointError):
        read_facts(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200 << 20


@given(st.binary(max_size=300))
def test_any_bytes_are_an_error_and_nothing_else(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.ckpt"
    for data in (content, zipped(a__data_dot_pkl=content)):
        path.write_bytes(data)
        with pytest.raises(CheckpointError):
            read_facts(path)


class Hostile:
    """Calls ``function`` when it is unpickled."""

    def __init__(self, function: Callable[..., object], *arguments: object) -> None:
        self.function, self.arguments = function, arguments

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self.function, self.arguments


@pytest.mark.parametrize("where", ["hyper_parameters", "state_dict", "callbacks"])
def test_nothing_of_a_hostile_file_runs(where: str, tmp_path: Path) -> None:
    target, path = tmp_path / "ran", tmp_path / "hostile.ckpt"
    path.write_bytes(
        packed({**TRAINED, where: {"a": Hostile(Path.touch, target), "b": Hostile(eval, f"open({str(target)!r}, 'w')")}})
    )
    facts = read_facts(path)
    assert {"builtins.getattr", "builtins.eval"} <= set(facts.unknown_objects)
    assert not target.exists()


def test_paths_are_plain_data(tmp_path: Path) -> None:
    path = tmp_path / "old.ckpt"
    path.write_bytes(packed({**TRAINED, "hyper_parameters": {"dataset": [Path("/data")], "num_speakers": 1}}))
    facts = read_facts(path)
    assert set(facts.objects) <= PLAIN_DATA
    assert facts.objects
    assert facts.unknown_objects == []
    assert facts.parameters["num_speakers"] == 1


@pytest.mark.slow
def test_what_is_read_without_trust_is_what_torch_reads_without_running_code() -> None:
    """Nothing more than torch allows; and no less of what a checkpoint holds."""
    from torch._weights_only_unpickler import _get_allowed_globals

    allowed = set(_get_allowed_globals())
    assert {name for name in allowed if name.startswith(("torch._utils.", "collections", "builtins"))} <= set(
        filter(read_without_trust, allowed)
    )
    named = {
        "torch.FloatStorage",
        "torch.storage.UntypedStorage",
        "torch.float32",
        "torch.bfloat16",
        "torch.int64",
        "torch.Size",
    }
    assert named == set(filter(read_without_trust, named)) & allowed
    hostile = (
        "builtins.eval",
        "builtins.getattr",
        "os.system",
        "torch.load",
        "torch.hub.load",
        "torch.storage._load_from_bytes",
    )
    assert [name for name in hostile if read_without_trust(name)] == []


@pytest.fixture(scope="module")
def tensors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint with tensors of several types, one of them a parameter, two that share their values."""
    import torch

    shared = torch.zeros(4, 3)
    state: dict[str, Any] = {
        "model_g.a": torch.nn.Parameter(torch.zeros(5, 2)),
        "model_g.b": torch.zeros(3, dtype=torch.bfloat16),
        "model_g.c": torch.tensor(1),
        "model_g.d": shared,
        "model_g.e": shared.t(),
    }
    path = tmp_path_factory.mktemp("tensors") / "real.ckpt"
    torch.save({**TRAINED, "state_dict": state, "hyper_parameters": {"type": torch.float32}}, path)
    return path


@pytest.mark.slow
def test_shapes_are_those_of_the_tensors(tensors: Path) -> None:
    facts = read_facts(tensors)
    expected = {"model_g.a": (5, 2), "model_g.b": (3,), "model_g.c": (), "model_g.d": (4, 3), "model_g.e": (3, 4)}
    assert facts.shapes == expected
    assert facts.objects == ()


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.2, 0.6, 0.99])
def test_a_download_that_ended_early(tensors: Path, share: float, tmp_path: Path) -> None:
    data = tensors.read_bytes()
    path = tmp_path / "cut.ckpt"
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(CheckpointError, match=r"the end of the file is missing: [\d,]+ bytes are there"):
        read_facts(path)


@pytest.mark.slow
def test_values_that_are_not_in_the_file(tensors: Path, tmp_path: Path) -> None:
    path = tmp_path / "lost.ckpt"
    with zipfile.ZipFile(tensors) as whole, zipfile.ZipFile(path, "w") as rest:
        for name in whole.namelist():
            if not name.endswith("data/0"):
                rest.writestr(name, whole.read(name))
    with pytest.raises(CheckpointError, match="the values of 1 tensors are missing or cut off"):
        read_facts(path)
