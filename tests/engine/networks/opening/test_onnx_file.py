"""ONNX: the operators give what ONNX Runtime gives, in float64 where it can, and what is not known is said."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from wholefield.errors import SourceError
from wholefield.networks.opening import Gives, open_model

onnx = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")

X = onnx.TensorProto.FLOAT
RANDOM = np.random.default_rng(3)


def written(path: Path, nodes: list[Any], weights: dict[str, Any]) -> Path:
    graph = onnx.helper.make_graph(
        nodes, "net",
        [onnx.helper.make_tensor_value_info("x", X, ["b", 4, "h", "w"])],
        [onnx.helper.make_tensor_value_info("y", X, list("abcd"))],
        [onnx.numpy_helper.from_array(np.asarray(value), name) for name, value in weights.items()],
    )  # fmt: skip
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=9)
    path.write_bytes(model.SerializeToString())
    return path


def node(name: str, *inputs: str, **attributes: Any) -> Any:
    return onnx.helper.make_node(name, ["x", *inputs], ["y"], **attributes)


def weight(*shape: int) -> Any:
    return RANDOM.standard_normal(shape).astype(np.float32)


CASES: dict[str, tuple[Any, dict[str, Any]]] = {
    "conv": (
        node("Conv", "w", "b", pads=[1, 0, 1, 2], strides=[2, 1], group=2), {"w": weight(4, 2, 3, 3), "b": weight(4)},
    ),
    "conv_same": (node("Conv", "w", auto_pad="SAME_UPPER"), {"w": weight(2, 4, 2, 3)}),
    "transposed": (
        node("ConvTranspose", "w", strides=[2, 2], pads=[1, 1, 1, 1], output_padding=[1, 0]), {"w": weight(4, 3, 3, 3)},
    ),
    "max_pool": (node("MaxPool", kernel_shape=[3, 2], strides=[2, 2], pads=[1, 0, 1, 0], ceil_mode=0), {}),
    "max_pool_uneven": (node("MaxPool", kernel_shape=[2, 2], strides=[2, 2], pads=[0, 0, 1, 1]), {}),
    "average": (node("AveragePool", kernel_shape=[2, 2], strides=[2, 2], pads=[1, 1, 1, 1]), {}),
    "norm": (
        node("BatchNormalization", "s", "b", "m", "v"),
        {"s": weight(4), "b": weight(4), "m": weight(4), "v": weight(4) ** 2 + 1},
    ),
    "instance": (node("InstanceNormalization", "s", "b"), {"s": weight(4), "b": weight(4)}),
    "clip": (node("Clip", "a", "b"), {"a": np.float32(0.2), "b": np.float32(0.7)}),
    "resize_nearest": (
        node("Resize", "", "s", mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor"),
        {"s": np.array([1, 1, 2, 3], np.float32)},
    ),
    "resize_linear": (node("Resize", "", "s", mode="linear"), {"s": np.array([1, 1, 2, 2], np.float32)}),
    "resize_corners": (
        node("Resize", "", "s", mode="linear", coordinate_transformation_mode="align_corners"),
        {"s": np.array([1, 1, 2, 2], np.float32)},
    ),
    "pad": (node("Pad", "p", mode="reflect"), {"p": np.array([0, 0, 2, 1, 0, 0, 1, 0])}),
    "pad_constant": (node("Pad", "p", "v"), {"p": np.array([0, 0, 2, 1, 0, 0, 1, 0]), "v": np.float32(0.5)}),
    "pad_axes": (node("Pad", "p", "", "a", mode="edge"), {"p": np.array([2, 1]), "a": np.array([2])}),
    "slice": (node("Slice", "a", "b", "c", "d"), {"a": [0, 1], "b": [3, 2**62], "c": [1, 2], "d": [2, 1]}),
    "shuffle": (node("DepthToSpace", blocksize=2), {}),
    "shuffle_crd": (node("DepthToSpace", blocksize=2, mode="CRD"), {}),
    "unshuffle": (node("SpaceToDepth", blocksize=2), {}),
    "mean": (node("ReduceMean", "a", keepdims=1), {"a": np.array([1])}),
    "gather": (node("Gather", "i", axis=1), {"i": np.array([2, 0])}),
    "leaky": (node("LeakyRelu", alpha=0.3), {}),
    "prelu": (node("PRelu", "s"), {"s": weight(4, 1, 1)}),
    "hard": (node("HardSigmoid", alpha=0.3, beta=0.4), {}),
    "hard_swish": (node("HardSwish"), {}),
    "elu": (node("Elu", alpha=0.7), {}),
    "erf": (node("Erf"), {}),
    "softmax": (node("Softmax", axis=1), {}),
    "transposition": (node("Transpose", perm=[0, 1, 3, 2]), {}),
    "power": (node("Pow", "p"), {"p": np.float32(2)}),
    "divided": (node("Div", "d"), {"d": weight(4, 1, 1) + 3}),
    "flat": (node("GlobalAveragePool"), {}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_an_operator_gives_what_onnx_runtime_gives(tmp_path: Path, name: str) -> None:
    path = written(tmp_path / "net.onnx", [CASES[name][0]], CASES[name][1])
    x = RANDOM.random((2, 4, 12, 10), np.float32)
    expected = runtime.InferenceSession(str(path)).run(None, {"x": x})[0]
    found = open_model(path).network(torch.from_numpy(x)).numpy()
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-6)


def test_sizes_are_numbers_and_the_network_streams(tmp_path: Path) -> None:
    make = onnx.helper.make_node
    nodes = [
        make("Conv", ["x", "w"], ["c"], pads=[1, 1, 1, 1]),
        make("MaxPool", ["c"], ["p"], kernel_shape=[2, 2], strides=[2, 2]),
        make("Shape", ["c"], ["shape"]),
        make(
            "Resize", ["p", "", "", "shape"], ["up"], mode="nearest", coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
        ),
        make("Concat", ["c", "up"], ["both"], axis=1),
        make("Split", ["both", "parts"], ["first", "second"], axis=1),
        make("Add", ["first", "second"], ["y"]),
    ]  # fmt: skip
    path = written(tmp_path / "net.onnx", nodes, {"w": weight(4, 4, 3, 3), "parts": np.array([4, 4])})
    model = open_model(path)
    assert model.card.streaming.refusal == ""
    assert (model.card.gives, model.card.outputs) == (Gives.MAPS, 4)
    x = RANDOM.random((1, 4, 9, 11), np.float32)
    expected = runtime.InferenceSession(str(path)).run(None, {"x": x})[0]
    np.testing.assert_allclose(model.network(torch.from_numpy(x)).numpy(), expected, atol=1e-6)


def test_what_is_not_known_is_said(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="the operator Det"):
        open_model(written(tmp_path / "net.onnx", [node("Det")], {}))
    fixed = written(tmp_path / "fixed.onnx", [node("Reshape", "s")], {"s": np.array([1, 4, 10, 12])})
    model = onnx.load(str(fixed))
    for axis, size in zip(model.graph.input[0].type.tensor_type.shape.dim, (1, 4, 12, 10), strict=True):
        axis.dim_value = size
    onnx.save(model, str(fixed))
    with pytest.raises(SourceError, match="for images of 12 x 10 only"):
        open_model(fixed)


def test_damage_and_other_inputs_are_said(tmp_path: Path) -> None:
    path = written(tmp_path / "net.onnx", [node("Relu")], {})
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(SourceError, match="not a whole ONNX file"):
        open_model(path)


def test_weights_outside_its_folder_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"\0" * 64)
    folder = tmp_path / "net"
    folder.mkdir()
    path = written(folder / "net.onnx", [node("Conv", "w")], {"w": weight(4, 4, 1, 1)})
    model = onnx.load(str(path))
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    for key, value in (("location", "../secret"), ("length", "64")):
        tensor.external_data.add(key=key, value=value)
    path.write_bytes(model.SerializeToString())
    with pytest.raises(SourceError, match=r"net\.onnx"):
        open_model(path)
