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
from voice_assets.piper.onnx_file import load_model

Tensor = npt.NDArray[np.float32]

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
        CheckpointError: as ``onnx_file.load_model``, or weights that are damaged.
    """
    return weights_of(path, load_model(path))


def weights_of(path: Path, model: Any) -> OnnxWeights:
    """The weights of ``model``, which ``onnx_file.load_model`` read from ``path``.

    Raises:
        CheckpointError: weights are damaged.
    """
    try:
        return _Names(model.graph).weights()
    except (ValueError, TypeError) as error:
        raise CheckpointError(f"{path}: damaged: {str(error).splitlines()[0]}; fetch the file again") from error


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
        self.origins = {name: name for name in self.arrays}
        self.floats: dict[str, Tensor] = {}
        self.same = {node.output[0]: node.input[0] for node in self.nodes if node.op_type == "Identity"}

    def weights(self) -> OnnxWeights:
        """The tensors with their names, and the names of those that belong to no parameter."""
        sources: dict[str, str] = {name: name for name in self.arrays if _is_parameter(name)}
        sources |= {name: origin for name in self.same if _is_parameter(name) and (origin := self._origin(name))}
        for name, origin in (*self._folded(), *self._embedding()):
            sources.setdefault(name, origin)
        tensors = {name: self._float(origin) for name, origin in sources.items()}
        used = set(sources.values())
        for origin, exponential in self._scales():
            if LOGS not in tensors:
                tensors[LOGS] = -np.log(self._float(origin)) if exponential else -self._float(origin)
            used.add(origin)
        nameless = [
            name for name, array in self.arrays.items() if array.dtype.kind == "f" and array.size > 1 and name not in used
        ]
        return OnnxWeights(tensors, tuple(sorted(nameless)))

    def _float(self, name: str) -> Tensor:
        """The tensor ``name``, copied and looked through once: a file can give one tensor many names."""
        if name in self.floats:
            return self.floats[name]
        array = self.arrays[name]
        if array.dtype != np.float32:
            raise ValueError(f"the weight {name} is {array.dtype}, not float32")
        if not np.isfinite(array).all():
            raise ValueError(f"the weight {name} holds a value that is not finite")
        self.floats[name] = np.array(array)
        return self.floats[name]

    def _origin(self, name: str) -> str:
        """The tensor that ``name`` stands for; empty when ``name`` is computed."""
        passed: dict[str, None] = {}
        while name not in self.origins and name in self.same and name not in passed:
            passed[name] = None
            name = self.same[name]
        found = self.origins.get(name, "")
        self.origins |= dict.fromkeys(passed, found)
        return found

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

    def _scales(self) -> Iterator[tuple[str, bool]]:
        """The tensors with the duration predictor's log scales, and whether the exporter folded them to exp(-logs)."""
        for node in self.nodes:
            if node.op_type == "Mul" and node.output[0] == "/dp/flows.0/Mul_output_0":
                for origin in filter(None, map(self._origin, node.input)):
                    yield origin, True
            if (
                node.op_type == "Exp"
                and node.output[0] == "/dp/flows.0/Exp_output_0"
                and (origin := self._origin(node.input[0]))
            ):
                yield origin, False


def _is_parameter(name: str) -> bool:
    return "." in name and "::" not in name and "/" not in name
