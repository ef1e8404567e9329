"""Networks in ONNX files, as the torch functions that its operators stand for."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from wholefield.errors import SourceError
from wholefield.networks.opening.calls import CallList, Named, ProgramCall
from wholefield.networks.opening.card import Gives, PublishedCard
from wholefield.networks.opening.extras import extra
from wholefield.networks.opening.model import PublishedModel, published
from wholefield.networks.opening.onnx_operations import OPERATIONS, SETTINGS
from wholefield.sources.choices import Reading

AGAIN = "export the network with torch.export instead, see docs/models.md"


def open_onnx(path: Path, reading: Reading) -> PublishedModel:
    """Open a network in an ONNX file.

    Raises:
        SourceError: It is damaged, or has an operator that is not known here.
        SettingError: The package onnx is not installed.
    """
    del reading
    onnx = extra("onnx", "onnx", str(path))
    try:
        # Weights beside the file are read from its folder and those below it only.
        model = onnx.load(str(path))
        onnx.checker.check_model(model)
    except Exception as error:  # protobuf and the checker raise errors of many types
        text = str(error).splitlines()
        raise SourceError(
            f"{path} is not a whole ONNX file ({text[0] if text else type(error).__name__})."
        ) from error
    network, channels, axes = _network(path, onnx, model)
    described = {entry.key: entry.value for entry in model.metadata_props}
    card = PublishedCard(
        "ONNX", model.graph.name or path.stem, axes=axes, channels=channels, gives=Gives.MAPS, outputs=0,
        classes=tuple(filter(None, described.get("classes", "").split(","))), license=described.get("license", ""),
        notes=("The file does not say how images are normalized: whole numbers are scaled to 0..1.",),
    )  # fmt: skip
    return published(path, network, card)


def _network(path: Path, onnx: Any, model: Any) -> tuple[nn.Module, int, int]:
    """The network, its channels and its axes of space."""
    graph = model.graph
    constants = {each.name: onnx.numpy_helper.to_array(each) for each in graph.initializer}
    given = [each for each in graph.input if each.name not in constants]
    if len(given) != 1 or len(graph.output) != 1:
        raise SourceError(
            f"{path} has {len(given)} inputs and {len(graph.output)} outputs; publish a network with one of each."
        )
    sizes = [each.dim_value for each in given[0].type.tensor_type.shape.dim]
    if len(sizes) not in (4, 5) or not sizes[1]:
        raise SourceError(
            f"{path} takes a tensor of {len(sizes)} dimensions, not (batch, channels, y, x) or (..., z, y, x); {AGAIN}."
        )
    _demand_dynamic(path, onnx, graph, sizes, constants)
    calls = []
    for node in graph.node:
        if node.op_type == "Constant":
            constants[node.output[0]] = _constant(onnx, node)
        else:
            calls.append(_call(path, onnx, node, constants))
    tensors = {name: _tensor(value) for name, value in constants.items() if _is_weight(value)}
    return CallList(calls, tensors, [given[0].name], Named(graph.output[0].name)), sizes[1], len(sizes) - 2


def _call(path: Path, onnx: Any, node: Any, constants: dict[str, Any]) -> ProgramCall:
    if node.op_type not in OPERATIONS or node.domain not in ("", "ai.onnx"):
        raise SourceError(f"{path} has the operator {node.op_type}, which is not known here; {AGAIN}.")
    attributes = {each.name: _plain(onnx, onnx.helper.get_attribute_value(each)) for each in node.attribute}
    attributes["outputs"] = len(node.output)
    args = [
        constants[name] if name in constants and (node.op_type in SETTINGS or not _is_weight(constants[name]))
        else Named(name) if name else None
        for name in node.input
    ]  # fmt: skip
    results = tuple(name for name in node.output if name)
    return ProgramCall(partial(OPERATIONS[node.op_type], attributes), tuple(args), {}, results)


def _demand_dynamic(path: Path, onnx: Any, graph: Any, sizes: list[int], constants: dict[str, Any]) -> None:
    """Refuse a network that was exported for one size and computes with it: other images would give something else."""
    fixed = [size for size in sizes[2:] if size]
    if not fixed:
        return
    known = dict(constants) | {
        node.output[0]: _constant(onnx, node) for node in graph.node if node.op_type == "Constant"
    }
    for node in graph.node:
        resized = node.op_type == "Resize" and len(node.input) > 3 and node.input[3] in known
        shaped = node.op_type in ("Reshape", "Expand") and len(node.input) > 1 and node.input[1] in known
        cut = node.op_type == "Slice" and _cuts_space(node, known)
        if resized or cut or (shaped and len(np.atleast_1d(known[node.input[1]])) > 2):
            raise SourceError(
                f"{path} was exported for images of {' x '.join(map(str, fixed))} only and computes with this size "
                f"({node.op_type}); export it again with dynamic sizes."
            )


def _cuts_space(node: Any, known: dict[str, Any]) -> bool:
    if len(node.input) < 4 or any(name not in known for name in node.input[2:4]):
        return False
    ends, axes = (np.atleast_1d(known[name]) for name in node.input[2:4])
    return any(axis >= 2 and 0 <= end < 2**31 - 1 for axis, end in zip(axes, ends, strict=True))


def _constant(onnx: Any, node: Any) -> Any:
    value = onnx.helper.get_attribute_value(node.attribute[0])
    return onnx.numpy_helper.to_array(value) if hasattr(value, "dims") else np.array(value)


def _plain(onnx: Any, value: Any) -> Any:
    if isinstance(value, onnx.TensorProto):
        return onnx.numpy_helper.to_array(value)
    return value.decode() if isinstance(value, bytes) else value


def _is_weight(value: Any) -> bool:
    """Whether a constant is a tensor of the network; whole numbers and single ones are settings of operators."""
    return value.dtype.kind == "f" and value.ndim > 0


def _tensor(value: Any) -> Tensor:
    return nn.Parameter(torch.from_numpy(np.array(value)), requires_grad=False)
