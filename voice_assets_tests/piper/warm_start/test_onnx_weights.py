"""Reading the weights out of an ONNX: every parameter by its name, and files of strangers that are no such thing."""

import re
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from voice_assets.piper import model as vits
from voice_assets.piper.errors import CheckpointError
from voice_assets.piper.warm_start.onnx_weights import LOGS, read_weights
from voice_assets.piper.warm_start.published import PublishedVoice
from voice_assets_tests.piper.warm_start.tiny_voice import arguments

pytestmark = pytest.mark.slow


def graph_of(nodes: list[Any], **tensors: np.ndarray) -> onnx.ModelProto:
    """A model of these nodes and weights; the names may hold anything that Python's keywords may not."""
    weights = [onnx.numpy_helper.from_array(array, name) for name, array in tensors.items()]
    graph = onnx.helper.make_graph(nodes, "test", [], [], weights)
    return onnx.helper.make_model(graph)


def saved(model: onnx.ModelProto, folder: Path) -> Path:
    file = folder / "voice.onnx"
    file.write_bytes(model.SerializeToString())
    return file


def weight(*shape: int) -> np.ndarray:
    return np.arange(1, 1 + np.prod(shape), dtype=np.float32).reshape(shape)


def test_every_parameter_of_the_model_is_found(tiny: PublishedVoice) -> None:
    names = set(vits.guarded_model(**arguments()).model_g.state_dict())
    inference = {name for name in names if not name.startswith(("enc_q.", "dp.post_", "dp.flows.1."))}
    assert set(tiny.weights.tensors) == {re.sub("weight_[gv]$", "weight", name) for name in inference}
    assert tiny.weights.nameless == ()


def test_the_real_voice_has_no_nameless_tensor(joe: PublishedVoice) -> None:
    assert len(joe.weights.tensors) == 350
    assert joe.weights.nameless == ()
    assert joe.weights.tensors[LOGS].shape == (2, 1)


def test_the_four_kinds_of_lost_names(tmp_path: Path) -> None:
    node = onnx.helper.make_node
    nodes = [
        node("Conv", ["x", "onnx::Conv_7", "flow.flows.0.enc.in_layers.0.bias"], ["a"]),
        node("Gather", ["sid", "input"], ["/enc_p/emb/Gather_output_0"]),
        node("Mul", ["b", "/dp/flows.0/Exp_output_0"], ["/dp/flows.0/Mul_output_0"]),
        node("Identity", ["enc_p.norm.0.gamma"], ["enc_p.norm.1.gamma"]),
    ]
    tensors = {
        "onnx::Conv_7": weight(2, 2, 3),
        "flow.flows.0.enc.in_layers.0.bias": weight(2),
        "sid": weight(9, 2),
        "/dp/flows.0/Exp_output_0": weight(2, 1),
        "enc_p.norm.0.gamma": weight(4),
        "left_over": weight(5),
        "/enc_p/Constant_output_0": np.array(2.0, np.float32),
    }
    found = read_weights(saved(graph_of(nodes, **tensors), tmp_path))
    assert found.nameless == ("left_over",)
    assert sorted(found.tensors) == [
        "dp.flows.0.logs",
        "enc_p.emb.weight",
        "enc_p.norm.0.gamma",
        "enc_p.norm.1.gamma",
        "flow.flows.0.enc.in_layers.0.bias",
        "flow.flows.0.enc.in_layers.0.weight",
    ]
    assert found.tensors["dp.flows.0.logs"].tolist() == [[0.0], [-np.log(np.float32(2))]]
    assert found.tensors["enc_p.norm.1.gamma"].tolist() == [1, 2, 3, 4]


def test_the_other_way_to_fold_the_scales(tmp_path: Path) -> None:
    nodes = [onnx.helper.make_node("Exp", ["onnx::Exp_1"], ["/dp/flows.0/Exp_output_0"])]
    found = read_weights(saved(graph_of(nodes, **{"onnx::Exp_1": weight(2, 1)}), tmp_path))
    assert found.tensors[LOGS].tolist() == [[-1], [-2]]
    assert found.nameless == ()


def test_names_that_stand_for_each_other_end(tmp_path: Path) -> None:
    nodes = [onnx.helper.make_node("Identity", ["a.x"], ["b.x"]), onnx.helper.make_node("Identity", ["b.x"], ["a.x"])]
    assert set(read_weights(saved(graph_of(nodes, **{"c.x": weight(2)}), tmp_path)).tensors) == {"c.x"}


def test_names_of_one_tensor_are_one_array(tmp_path: Path) -> None:
    nodes = [onnx.helper.make_node("Identity", ["large"], [f"name.{number}"]) for number in range(100)]
    found = read_weights(saved(graph_of(nodes, large=weight(4)), tmp_path)).tensors
    assert len(found) == 100
    assert len({id(one) for one in found.values()}) == 1


@pytest.mark.parametrize("order", [1, -1])
def test_a_chain_of_names_ends_soon(tmp_path: Path, order: int) -> None:
    names = [f"name.{number}" for number in range(20_000)]
    nodes = [onnx.helper.make_node("Identity", [after], [name]) for name, after in pairwise([*names, "large"])]
    started = time.process_time()
    found = read_weights(saved(graph_of(nodes[::order], large=weight(4)), tmp_path)).tensors
    assert len(found) == len(names)
    assert time.process_time() - started < 10  # step by step for every name it takes minutes


def external(model: onnx.ModelProto) -> None:
    (tensor, *_) = model.graph.initializer
    onnx.external_data_helper.set_external_data(tensor, location="/etc/passwd")


def external_part(model: onnx.ModelProto) -> None:
    """An attribute that is a list of tensors: onnxruntime reads their values as well."""
    part = onnx.numpy_helper.from_array(weight(2), "part")
    onnx.external_data_helper.set_external_data(part, location="/etc/passwd")
    node = onnx.helper.make_node("Run", [], ["a"])
    node.attribute.append(onnx.AttributeProto(name="parts", type=onnx.AttributeProto.TENSORS, tensors=[part]))
    model.graph.node.append(node)


def sparse(model: onnx.ModelProto) -> None:
    values, places = onnx.numpy_helper.from_array(weight(1), "a.y"), onnx.numpy_helper.from_array(np.array([0]), "")
    model.graph.sparse_initializer.append(onnx.helper.make_sparse_tensor(values, places, [2]))


def sparse_part(model: onnx.ModelProto) -> None:
    sparse(model)
    node = onnx.helper.make_node("Constant", [], ["a"], sparse_value=model.graph.sparse_initializer.pop())
    model.graph.node.append(node)


def own_operator(model: onnx.ModelProto) -> None:
    model.graph.node.append(onnx.helper.make_node("Run", [], ["a"], domain="com.example"))


def own_set(model: onnx.ModelProto) -> None:
    model.opset_import.append(onnx.helper.make_opsetid("com.example", 1))


def own_function(model: onnx.ModelProto) -> None:
    model.functions.append(onnx.helper.make_function("", "Run", [], [], [], []))


def half(model: onnx.ModelProto) -> None:
    model.graph.initializer.append(onnx.numpy_helper.from_array(weight(2).astype(np.float16), "b.x"))


def double(model: onnx.ModelProto) -> None:
    model.graph.initializer.append(onnx.numpy_helper.from_array(weight(2).astype(np.float64), "b.x"))


def not_finite(model: onnx.ModelProto) -> None:
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.array([1, np.nan], np.float32), "b.x"))


def too_few_values(model: onnx.ModelProto) -> None:
    model.graph.initializer[0].dims[0] = 1 << 40


def empty(model: onnx.ModelProto) -> None:
    del model.graph.initializer[:]


REFUSED = {
    external: r"1 tensors are in other files \(external_data\), the first is a\.x",
    external_part: r"1 tensors are in other files \(external_data\), the first is part",
    sparse: "sparse tensors, whose values can be in other files",
    sparse_part: "sparse tensors, whose values can be in other files",
    own_operator: r"it needs operators of its own \(com\.example\)",
    own_set: r"it needs operators of its own \(com\.example\)",
    own_function: r"it needs operators of its own \(functions\)",
    half: r"b\.x has half precision",
    double: r"the weight b\.x is float64, not float32",
    not_finite: r"the weight b\.x holds a value that is not finite",
    too_few_values: "damaged: .*; fetch the file again",
    empty: "an ONNX model without weights",
}


@pytest.mark.parametrize(("spoil", "message"), REFUSED.items(), ids=lambda one: getattr(one, "__name__", ""))
def test_a_file_of_strangers_is_refused_by_name(spoil: Callable[[onnx.ModelProto], None], message: str, tmp_path: Path) -> None:
    model = graph_of([], **{"a.x": weight(3)})
    spoil(model)
    with pytest.raises(CheckpointError, match=message) as error:
        read_weights(saved(model, tmp_path))
    assert str(tmp_path / "voice.onnx") in str(error.value)


@pytest.mark.parametrize("data", [b"", b"no model at all", b"version https://git-lfs.github.com/spec/v1\n"])
def test_a_file_that_is_no_model(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "voice.onnx").write_bytes(data)
    with pytest.raises(CheckpointError, match=r"not an ONNX model|without weights"):
        read_weights(tmp_path / "voice.onnx")
    with pytest.raises(CheckpointError, match=r"no such file; `training\.start_from` names"):
        read_weights(tmp_path / "other.onnx")


def test_half_a_download(tiny_onnx: Path, tmp_path: Path) -> None:
    data = tiny_onnx.read_bytes()
    (tmp_path / "voice.onnx").write_bytes(data[: len(data) // 2])
    with pytest.raises(CheckpointError, match="only a part of one; fetch the file again"):
        read_weights(tmp_path / "voice.onnx")
