"""Reading an ``.onnx`` that may come from anywhere: the file is looked through before a parser builds objects of it.

A parser takes some 100 bytes for a part of two bytes. So the parts that are no weights have a limit. Nothing of the graph runs
here. Not here: the weights by the names of Piper's model (``warm_start.onnx_weights``), and speaking (``piper.onnx_voice``).
"""

import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from voice_assets.piper.errors import CheckpointError

LARGEST = 1 << 30  # bytes of the file; a voice of quality `high` has 114 MB
MOST_STRUCTURE, MOST_FIELDS = 8 << 20, 200_000  # of a medium voice: 0.6 MB and 9,000
STANDARD = ("", "ai.onnx")
# Numbers of fields in onnx.proto: ModelProto.graph, GraphProto.initializer, TensorProto.raw_data.
_GRAPH, _INITIALIZER, _RAW_DATA = 7, 5, 9
_SUBGRAPHS, _SPARSE = (5, 10), (11, 12)  # AttributeProto.GRAPH and GRAPHS; SPARSE_TENSOR and SPARSE_TENSORS


def load_model(path: Path) -> Any:
    """The model in ``path``, an ``onnx.ModelProto``, checked before any of its tensors is read.

    Raises:
        CheckpointError: no such file, no ONNX model, a model that would fill the memory, with parts in other files, with
            operators of its own or with nested graphs, or one whose weights are not float32.
    """
    import onnx
    from google.protobuf.message import DecodeError

    if not path.is_file():
        raise CheckpointError(f"{path}: no such file; `training.start_from` names the .onnx of a published voice")
    size = path.stat().st_size
    if size > LARGEST:
        raise CheckpointError(f"{path}: {size} bytes, and the largest voice of Piper has 114 MB; take the .onnx of one voice")
    try:
        structure = _structure_bytes(path)
        if structure > MOST_STRUCTURE:
            raise CheckpointError(
                f"{path}: {structure} bytes of it are no weights, and of a voice of Piper under 1 MB; take the .onnx of a voice"
            )
        model = onnx.load(str(path), load_external_data=False)
    except (DecodeError, _FieldError) as error:
        raise CheckpointError(f"{path}: not an ONNX model, or only a part of one; fetch the file again") from error
    if not model.graph.initializer:
        raise CheckpointError(f"{path}: an ONNX model without weights; take the .onnx of a published voice of Piper")
    _check_self_contained(path, model)
    return model


class _FieldError(ValueError):
    """Bytes that are no protobuf message."""


def _structure_bytes(path: Path) -> int:
    """The bytes of a model that are not the values of its weights."""
    size = path.stat().st_size
    if not size:
        raise _FieldError("empty")
    weights, budget = 0, iter(range(MOST_FIELDS))
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        graphs = (one for one in _fields(data, 0, size, budget) if one[0] == _GRAPH)
        for _, start, end in graphs:
            for kind, first, last in _fields(data, start, end, budget):
                tensor = _fields(data, first, last, budget) if kind == _INITIALIZER else ()
                weights += sum(after - before for part, before, after in tensor if part == _RAW_DATA)
    return size - weights


def _fields(data: mmap.mmap, start: int, end: int, budget: Iterator[int]) -> Iterator[tuple[int, int, int]]:
    """The fields of a protobuf message in ``data[start:end]``: number, start and end of the content. Each takes one step."""
    while start < end:
        if next(budget, None) is None:
            raise _FieldError(f"over {MOST_FIELDS} parts")
        tag, start = _varint(data, start, end)
        if tag & 7 == 2:
            length, start = _varint(data, start, end)
        elif tag & 7 == 0:
            length = _varint(data, start, end)[1] - start
        else:
            length = {1: 8, 5: 4}.get(tag & 7, end)
        if start + length > end:
            raise _FieldError("a part is longer than the file")
        yield tag >> 3, start, start + length
        start += length


def _varint(data: mmap.mmap, start: int, end: int) -> tuple[int, int]:
    value = 0
    for shift, place in enumerate(range(start, min(end, start + 10))):
        value |= (data[place] & 0x7F) << 7 * shift
        if data[place] < 0x80:
            return value, place + 1
    raise _FieldError("a number without end")


def _check_self_contained(path: Path, model: Any) -> None:
    """Raise CheckpointError for weights in other files, for operators that ONNX does not define, and for other types."""
    import onnx

    attributes = [attribute for node in model.graph.node for attribute in node.attribute]
    held = [tensor for one in attributes for tensor in (one.t, *one.tensors)]
    tensors = [*model.graph.initializer, *held]
    outside = [one.name for one in tensors if one.data_location == onnx.TensorProto.EXTERNAL or one.external_data]
    if outside:
        raise CheckpointError(
            f"{path}: {len(outside)} tensors are in other files (external_data), the first is {outside[0]}; other files are "
            "not read, so take an .onnx that holds all its weights, as Piper's export writes it"
        )
    foreign = sorted({one.domain for one in (*model.opset_import, *model.graph.node)} - set(STANDARD))
    if foreign or model.functions:
        raise CheckpointError(
            f"{path}: it needs operators of its own ({', '.join(foreign) or 'functions'}); Piper's voices need none"
        )
    if any(one.type in _SUBGRAPHS for one in attributes):
        raise CheckpointError(f"{path}: a graph in its graph (If, Loop or Scan); Piper's voices have none")
    if model.graph.sparse_initializer or any(one.type in _SPARSE for one in attributes):
        raise CheckpointError(f"{path}: sparse tensors, whose values can be in other files; Piper's voices have none")
    small = [
        one.name for one in model.graph.initializer if one.data_type in (onnx.TensorProto.FLOAT16, onnx.TensorProto.BFLOAT16)
    ]
    if small:
        raise CheckpointError(f"{path}: {small[0]} has half precision; take the voice in full precision (float32)")
