"""The weights in a Piper voice's ``.onnx``, by the names that Piper's model gives them.

The file may come from anywhere. Only its list of tensors and the names in its graph are read; nothing of the graph runs. Not
here: whether the voice fits (``warm_start.published``), and putting the weights into a model (``warm_start.rebuild``).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from voice_assets.piper.errors import CheckpointError

Tensor = npt.NDArray[np.float32]

LARGEST = 1 << 30  # bytes of the file; a voice of quality `high` has 114 MB
STANDARD = ("", "ai.onnx")
EMBEDDING = "enc_p.emb.weight"
LOGS = "dp.flows.0.logs"


@dataclass(frozen=True)
class OnnxWeights:
    """The weights of one ``.onnx``.

    Attributes:
        tensors: by the parameter's name; where the model has weight norm, the folded weight.
        nameless: names of tensors in the file that belong to no parameter.
    """

    tensors: dict[str, Tensor] = field(repr=False)
    nameless: tuple[str, ...]


def read_weights(path: Path) -> OnnxWeights:
    """The weights of the voice in ``path``.

    Raises:
        CheckpointError: no such file, no ONNX model, a model with parts in other files or with operators of its own, or one
        whose
            weights are not float32.
    """
    graph = _load(path).graph
    try:
        return _Names(graph).weights()
    except (ValueError, TypeError) as error:
        raise CheckpointError(f"{path}: damaged: {str(error).splitlines()[0]}; fetch the file again") from error


def _load(path: Path) -> Any:
    """The model in ``path``, checked before any of its tensors is read."""
    import onnx
    from google.protobuf.message import DecodeError

    if not path.is_file():
        raise CheckpointError(f"{path}: no such file; `training.start_from` names the .onnx of a published voice")
    size = path.stat().st_size
    if size > LARGEST:
        raise CheckpointError(f"{path}: {size} bytes, and the largest voice of Piper has 114 MB; take the .onnx of one voice")
    try:
        model = onnx.load(str(path), load_external_data=False)
    except DecodeError as error:
        raise CheckpointError(f"{path}: not an ONNX model, or only a part of one; fetch the file again") from error
    if not model.graph.initializer:
        raise CheckpointError(f"{path}: an ONNX model without weights; take the .onnx of a published voice of Piper")
    _check_self_contained(path, model)
    return model


def _check_self_contained(path: Path, model: Any) -> None:
    """Raise CheckpointError for weights in other files, for operators that ONNX does not define, and for other types."""
    import onnx

    outside = [
        one.name for one in model.graph.initializer if one.data_location == onnx.TensorProto.EXTERNAL or one.external_data
    ]
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
    small = [
        one.name for one in model.graph.initializer if one.data_type in (onnx.TensorProto.FLOAT16, onnx.TensorProto.BFLOAT16)
    ]
    if small:
        raise CheckpointError(f"{path}: {small[0]} has half precision; take the voice in full precision (float32)")


class _Names:
    """Finds the parameter of every tensor in a graph.

    The exporter keeps the names of most parameters. Four kinds lose them: a weight with folded weight norm, which stands
    beside a bias that kept its name; the embedding, which takes the name of the input `sid` that a model of one speaker lacks;
    the scale of the duration predictor's last flow, which is folded to exp(-logs) or -logs; and parameters with equal values,
    which the exporter keeps once and names by `Identity`.
    """

    def __init__(self, graph: Any) -> None:
        from onnx import numpy_helper

        self.nodes = list(graph.node)
        self.arrays = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
        self.same = {node.output[0]: node.input[0] for node in self.nodes if node.op_type == "Identity"}

    def weights(self) -> OnnxWeights:
        """The tensors with their names, and the names of those that belong to no parameter."""
        sources: dict[str, str] = {name: name for name in self.arrays if _is_parameter(name)}
        sources |= {name: origin for name in self.same if _is_parameter(name) and (origin := self._origin(name))}
        for name, origin in (*self._folded(), *self._embedding()):
            sources.setdefault(name, origin)
        tensors = {name: self._float(origin) for name, origin in sources.items()}
        used = set(sources.values())
        for origin, logs in self._scales():
            tensors.setdefault(LOGS, logs)
            used.add(origin)
        nameless = [
            name for name, array in self.arrays.items() if array.dtype.kind == "f" and array.size > 1 and name not in used
        ]
        return OnnxWeights(tensors, tuple(sorted(nameless)))

    def _float(self, name: str) -> Tensor:
        array = self.arrays[name]
        if array.dtype != np.float32:
            raise ValueError(f"the weight {name} is {array.dtype}, not float32")
        if not np.isfinite(array).all():
            raise ValueError(f"the weight {name} holds a value that is not finite")
        return np.array(array)

    def _origin(self, name: str) -> str:
        """The tensor that ``name`` stands for; empty when ``name`` is computed."""
        for _ in range(len(self.same) + 1):
            if name in self.arrays:
                return name
            name = self.same.get(name, "")
        return ""

    def _folded(self) -> Iterator[tuple[str, str]]:
        for node in self.nodes:
            beside_bias = len(node.input) == 3 and node.input[2].endswith(".bias")
            if node.op_type in ("Conv", "ConvTranspose") and beside_bias and (origin := self._origin(node.input[1])):
                yield node.input[2].removesuffix("bias") + "weight", origin

    def _embedding(self) -> Iterator[tuple[str, str]]:
        for node in self.nodes:
            if (
                node.op_type == "Gather"
                and node.output[0].startswith("/enc_p/emb/")
                and (origin := self._origin(node.input[0]))
            ):
                yield EMBEDDING, origin

    def _scales(self) -> Iterator[tuple[str, Tensor]]:
        """The duration predictor's log scales, from whichever of the two ways the exporter folded them."""
        for node in self.nodes:
            if node.op_type == "Mul" and node.output[0] == "/dp/flows.0/Mul_output_0":
                for origin in filter(None, map(self._origin, node.input)):
                    yield origin, -np.log(self._float(origin))
            if (
                node.op_type == "Exp"
                and node.output[0] == "/dp/flows.0/Exp_output_0"
                and (origin := self._origin(node.input[0]))
            ):
                yield origin, -self._float(origin)


def _is_parameter(name: str) -> bool:
    return "." in name and "::" not in name and "/" not in name
