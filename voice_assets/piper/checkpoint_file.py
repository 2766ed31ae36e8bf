"""What is in a checkpoint, read in a moment and without running anything: the file may come from anywhere, and be anything.

A checkpoint of PyTorch is a zip without compression. Its entry ``data.pkl`` is a pickle of some 100 kB that describes the
tensors and the parameters; the 850 MB beside it are the values. Here the pickle is read with stand-ins for every name in it,
so nothing of the file is imported or called, and no value is read. Not here: whether a checkpoint fits a voice
(``piper.checkpoint_fit``), and loading the values (``piper.model``).
"""

import io
import pickle
import pickletools
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from voice_assets.piper.errors import CheckpointError
from voice_assets.piper.no_checkpoint import what_it_is
from voice_assets.runtime.zip_directory import directory_of

LONGEST_LIST = 4 << 20  # bytes of data.pkl; the largest of a real checkpoint is under 1 MB
LONGEST_DIRECTORY = 4 << 20  # bytes; a real checkpoint has 2,000 entries of 100 bytes
MOST_STEPS, MOST_OBJECTS, MOST_DIMENSIONS = 1_000_000, 1_000, 16  # real: 60,000 steps, 10 objects, 4 dimensions
MOST_ARGUMENTS = 256  # of one call; real: 7, and the parts of a path
PROTOCOL = 2  # what torch.save writes, and the only one that it reads without running code
# Names that are data and nothing else. `piper.model` loads them as `StandIn`, so a file with no others needs nobody's trust.
# Old checkpoints of Piper hold the paths of their data set; a path of Windows exists on Windows only. Losses may be numpy's.
PLAIN_DATA = frozenset(
    f"{module}.{name}"
    for module in ("pathlib", "pathlib._local")
    for name in ("Path", "PosixPath", "WindowsPath", "PurePath", "PurePosixPath", "PureWindowsPath")
) | {
    *("argparse.Namespace", "jsonargparse.Namespace", "jsonargparse._namespace.Namespace", "jsonargparse.namespace.Namespace"),
    *("numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar", "numpy.dtype"),
}
_BYTES = {"Double": 8, "Long": 8, "Float": 4, "Int": 4, "Half": 2, "BFloat16": 2, "Short": 2, "Char": 1, "Byte": 1, "Bool": 1}
# What `torch.load` reads without running code: tensors, their types and storages, some containers.
_OF_TORCH = re.compile(
    r"torch(\.cuda|\.storage)?\.\w*Storage|torch\._utils\._rebuild_\w+|torch\._tensor\._rebuild_from_type_v2|"
    r"torch\.nn\.parameter\.Parameter|torch\.(Size|device|bool|b?float\w+|u?int\d+|complex\d+)|"
    r"collections\.(OrderedDict|Counter)|_codecs\.encode|builtins\.(set|bytearray|complex)"
)
_REBUILD = ("_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_tensor_v3")
_PARAMETER = ("_rebuild_parameter", "_rebuild_parameter_with_state")


def read_without_trust(name: str) -> bool:
    """Whether ``torch.load`` reads the named object without running code, as it reads tensors. `PLAIN_DATA` comes on top."""
    return _OF_TORCH.fullmatch(name) is not None


@dataclass(frozen=True)
class CheckpointFacts:
    """What a checkpoint says about itself.

    Attributes:
        shapes: the shape of every tensor of the model, by name.
        parameters: the arguments that the model was made with; stand-ins where they are no plain data.
        objects: names of Python objects in the file, such as ``pathlib.PosixPath``, sorted. Unpickling would import them.
    """

    shapes: dict[str, tuple[int, ...]] = field(repr=False)
    parameters: dict[str, Any] = field(repr=False)
    objects: tuple[str, ...]

    @property
    def unknown_objects(self) -> list[str]:
        """The ``objects`` that may be more than data: only a person can trust them."""
        return [name for name in self.objects if name not in PLAIN_DATA]


class StandIn:
    """Stands for a Python object of the file. Takes whatever a pickle does to an object, and does nothing."""

    kept: dict[Any, Any]

    def __new__(cls, *_: object, **__: object) -> "StandIn":
        """Made with any arguments; a pickle makes some objects without calling ``__init__``."""
        made = super().__new__(cls)
        made.kept = {}
        return made

    def __call__(self, *_: object, **__: object) -> "StandIn":
        """The result of a call: another stand-in."""
        return StandIn()

    def __setstate__(self, state: object) -> None:
        self.kept = state if isinstance(state, dict) else {}  # no copy: a file can set one large state many times

    def __setitem__(self, key: Any, value: object) -> None:
        self.kept[key] = value

    def append(self, _: object) -> None:
        """Take an item of a list."""

    def extend(self, _: object) -> None:
        """Take items of a list."""


@dataclass(eq=False)
class _Tensor:
    """A tensor of the file, which is no key, as `_Tuple`."""

    __hash__ = None  # type: ignore[assignment]
    shape: tuple[int, ...]
    storage: str


def read_facts(path: Path) -> CheckpointFacts:
    """What is in the checkpoint ``path``. Reads the zip's directory and ``data.pkl``, whatever the size of the file.

    Raises:
        CheckpointError: no such file, no checkpoint, or a damaged one. The message says what the file is, and what to do.
    """
    other = what_it_is(path)
    if other:
        raise CheckpointError(f"{path}: {other}")
    try:
        _expect_a_short_directory(path)
        with zipfile.ZipFile(path) as archive:
            entries = {entry.filename: entry for entry in archive.infolist()}
            _expect_plain_entries(path, archive.infolist())
            listing = _listing(path, entries)
            reader = _Reader(archive.read(listing))
            facts = _facts(path, reader.content(), reader)
    except CheckpointError:
        raise
    except (zipfile.BadZipFile, OSError, EOFError, RuntimeError) as error:
        raise CheckpointError(
            f"{path}: damaged: {error}; most often a download that ended early, so fetch it again and compare the size"
        ) from error
    except Exception as error:  # a hostile pickle can raise anything
        raise CheckpointError(f"{path}: damaged: its list of tensors cannot be read: {str(error)[:500]}") from error
    _expect_values(path, entries, listing, reader)
    return facts


def _expect_a_short_directory(path: Path) -> None:
    """Raise CheckpointError for a directory that would fill the memory: `zipfile` reads all of it."""
    size = directory_of(path).bytes
    if size > LONGEST_DIRECTORY:
        raise CheckpointError(f"{path}: no checkpoint of PyTorch: a zip with a directory of {size} bytes; fetch it again")


def _expect_plain_entries(path: Path, entries: list[zipfile.ZipInfo]) -> None:
    """Raise CheckpointError for entries that torch.save does not write: of one name, or with more bytes than the file."""
    if len({entry.filename for entry in entries}) < len(entries):
        raise CheckpointError(f"{path}: no checkpoint of PyTorch: two entries have one name; fetch it again")
    if sum(entry.file_size for entry in entries) > (size := path.stat().st_size):
        raise CheckpointError(
            f"{path}: no checkpoint of PyTorch: its entries hold more than the {size} bytes of the file; fetch it again"
        )


def _listing(path: Path, entries: dict[str, zipfile.ZipInfo]) -> str:
    """The name of ``data.pkl`` in the zip.

    Raises:
        CheckpointError: there is none, or it is not as torch.save writes it.
    """
    found = [name for name in entries if name.count("/") == 1 and name.endswith("/data.pkl")]
    if len(found) != 1:
        held = ", ".join(sorted(entries)[:3]) or "nothing"
        raise CheckpointError(f"{path}: a zip, but no checkpoint of PyTorch: it holds {held}; if it holds a .ckpt, unpack it")
    if any(name.endswith("/constants.pkl") for name in entries):
        raise CheckpointError(
            f"{path}: a compiled model (TorchScript), which cannot be trained; take the .ckpt of the training"
        )
    entry = entries[found[0]]
    if entry.compress_type != zipfile.ZIP_STORED or entry.file_size > LONGEST_LIST:
        raise CheckpointError(
            f"{path}: no checkpoint of PyTorch: {entry.filename} is compressed or has {entry.file_size} bytes; fetch it again"
        )
    return found[0]


class _Tuple(tuple[Any, ...]):
    """A tuple of the file, which is no key: the hash of pairs of pairs of pairs, each there twice, takes time without end."""

    __hash__ = None  # type: ignore[assignment]


class _Items(dict[Any, Any]):
    """An ordered dictionary of the file. It copies no other: a copy for each step of the file would fill the memory."""

    def __init__(self, *copied: object) -> None:
        if any(copied):
            raise ValueError("a dictionary is made from another")
        super().__init__()


def _tensor(storage: str, _offset: object, shape: Any, *_: object) -> _Tensor:
    if len(shape) > MOST_DIMENSIONS:
        raise ValueError(f"a tensor has over {MOST_DIMENSIONS} dimensions")
    if not all(type(one) is int for one in shape):
        raise ValueError("a dimension of a tensor is no number")
    return _Tensor(tuple(shape), storage)


def _tuple_of(number: int | None) -> Callable[[Any], None]:
    """The step of a pickle that makes a tuple of the last ``number`` values, or of all since the last mark."""

    def make(reader: Any) -> None:
        items = reader.pop_mark() if number is None else [reader.stack.pop() for _ in range(number)][::-1]
        reader.append(_Tuple(items))

    return make


def _build(reader: Any) -> None:
    """The step of a pickle that sets the state of an object. Only a stand-in takes one; Python would copy it key by key."""
    state = reader.stack.pop()
    if isinstance(reader.stack[-1], StandIn):
        reader.stack[-1].__setstate__(state)


def _of_few(call: Callable[[Any], None]) -> Callable[[Any], None]:
    """The step of a pickle that calls something with few arguments: Python copies them, and a file may call a million times."""

    def make(reader: Any) -> None:
        if len(reader.stack[-1]) > MOST_ARGUMENTS:
            raise ValueError(f"a call has over {MOST_ARGUMENTS} arguments")
        call(reader)

    return make


class _Reader(pickle._Unpickler):
    """Reads ``data.pkl`` with stand-ins. ``sizes`` collects the bytes of values that the tensors need, by key.

    Python's own reader in Python, because the one in C makes tuples of its own.
    """

    dispatch: ClassVar[dict[int, Any]] = {
        **pickle._Unpickler.dispatch,
        pickle.BUILD[0]: _build,
        **{code[0]: _of_few(pickle._Unpickler.dispatch[code[0]]) for code in (pickle.REDUCE, pickle.NEWOBJ)},
        **{
            code[0]: _tuple_of(number)
            for code, number in ((pickle.TUPLE, None), (pickle.TUPLE1, 1), (pickle.TUPLE2, 2), (pickle.TUPLE3, 3))
        },
    }

    def __init__(self, data: bytes) -> None:
        super().__init__(io.BytesIO(data))
        self.data = data
        self.objects: set[str] = set()
        self.sizes: dict[str, int] = {}

    def content(self) -> Any:
        """The content of the pickle.

        Raises:
            ValueError: the pickle is no data of ``torch.save``; reading it could fill the memory.
        """
        for step, (opcode, argument, _) in enumerate(pickletools.genops(self.data)):
            if step > MOST_STEPS:
                raise ValueError(f"it takes over {MOST_STEPS} steps")
            if opcode.proto > PROTOCOL or opcode.name.startswith("EXT"):
                raise ValueError(f"it is of another pickle protocol than {PROTOCOL} ({opcode.name})")
            if opcode.name in ("PUT", "BINPUT", "LONG_BINPUT") and int(argument or 0) > len(self.data):
                raise ValueError(f"it counts to {argument}, in {len(self.data)} bytes")
        return self.load()

    def find_class(self, module: str, name: str) -> Any:
        """The stand-in for a name in the file. Imports nothing."""
        if (module, name) == ("collections", "OrderedDict"):
            return _Items
        if module == "torch._utils" and name in _REBUILD:
            return _tensor
        if module == "torch._utils" and name in _PARAMETER:
            return lambda tensor, *_: tensor
        if module.startswith("torch") and name.endswith("Storage"):
            return name
        full = f"{module}.{name}".replace("__builtin__.", "builtins.")
        if not read_without_trust(full):
            self.objects.add(full)
        if len(self.objects) > MOST_OBJECTS:
            raise ValueError(f"it names over {MOST_OBJECTS} Python objects")
        return StandIn

    def persistent_load(self, pid: Any) -> str:
        """The key of some values; ``pid`` is ('storage', type, key, place, number of values)."""
        _, kind, key, _, count = pid
        if type(key) not in (str, int):  # the text of a list in a list in a list, each there twice, is without end
            raise ValueError(f"the key of a tensor's values is a {type(key).__name__}, not a text")
        if isinstance(kind, str) and kind.removesuffix("Storage") in _BYTES:
            self.sizes[str(key)] = _BYTES[kind.removesuffix("Storage")] * int(count)
        return str(key)


def _facts(path: Path, content: Any, reader: _Reader) -> CheckpointFacts:
    """The facts of the ``content`` of ``data.pkl``; CheckpointError when it is not of a training."""
    known = content if isinstance(content, dict) else {}
    missing = [key for key in ("state_dict", "hyper_parameters", "epoch", "global_step") if key not in known]
    if missing:
        held = f"; it holds {', '.join(sorted(map(str, known))[:5])}" if known else ""
        raise CheckpointError(f"{path}: not a Piper checkpoint: no {', '.join(missing)}{held}")
    state = known["state_dict"] if isinstance(known["state_dict"], dict) else {}
    shapes = {str(name): one.shape for name, one in state.items() if isinstance(one, _Tensor)}
    parameters = known["hyper_parameters"]
    kept = parameters.kept if isinstance(parameters, StandIn) else parameters if isinstance(parameters, dict) else {}
    return CheckpointFacts(shapes, {str(key): value for key, value in kept.items()}, tuple(sorted(reader.objects)))


def _expect_values(path: Path, entries: dict[str, zipfile.ZipInfo], listing: str, reader: _Reader) -> None:
    """Raise CheckpointError when the values of a tensor are not in the zip, or not all of them."""
    folder = listing.removesuffix("data.pkl")
    lost = [
        key
        for key, size in reader.sizes.items()
        if (entry := entries.get(f"{folder}data/{key}")) is None or entry.file_size < size
    ]
    if lost:
        raise CheckpointError(f"{path}: damaged: the values of {len(lost)} tensors are missing or cut off; fetch it again")
