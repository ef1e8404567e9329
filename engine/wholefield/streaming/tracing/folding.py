"""Normalization with stored statistics as part of the convolution before it.

Batch norm in eval mode multiplies each channel by a number and adds one, and so does a convolution's weight and bias:
gamma * (W x + b - mean) / sqrt(var + eps) + beta = (s W) x + (s (b - mean) + beta) with s = gamma / sqrt(var + eps).
Folded, the normalized block is never stored; the products s W are made once a pass, under autograd, so that gamma and
beta get their exact gradients from those of the folded weight and bias.
"""

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves

from wholefield.streaming.operations import rule_for
from wholefield.streaming.operations.call import Operand, Ref, Slot
from wholefield.streaming.tracing.precision import Precision
from wholefield.streaming.tracing.program import Node, Preparation, Program

_CONVOLUTIONS = ("conv1d", "conv2d", "conv3d")
_CONVOLUTION_ARGUMENTS = "input weight bias stride padding dilation groups".split()
_NORM_ARGUMENTS = "input running_mean running_var weight bias training momentum eps".split()


def fold_normalization(program: Program, precision: Precision) -> Program:
    """The program with every normalization folded that is the only reader of a convolution.

    In half precision nothing is: there the rounding of s W would be seen in the result.
    """
    if precision.enabled or program.image.dtype not in (torch.float32, torch.float64):
        return program
    nodes, slots = list(program.nodes), list(program.slots)
    readers = _readers(program)
    for norm in program.nodes:
        source = _foldable(program, norm, readers)
        if source is not None:
            nodes[norm.ref.index] = _folded(source, norm, slots)
    return replace(program, nodes=tuple(nodes), slots=tuple(slots))


def scaled_weight(weight: Tensor, variance: Tensor, gamma: Tensor | None, eps: float) -> Tensor:
    """The convolution's weight times the factor of each output channel."""
    return weight * _scale(variance, gamma, eps).reshape(-1, *[1] * (weight.ndim - 1))


def shifted_bias(
    bias: Tensor | None, mean: Tensor, variance: Tensor, gamma: Tensor | None, beta: Tensor | None, eps: float
) -> Tensor:
    """The bias of convolution and normalization together."""
    shift = (-mean if bias is None else bias - mean) * _scale(variance, gamma, eps)
    return shift if beta is None else shift + beta


def _scale(variance: Tensor, gamma: Tensor | None, eps: float) -> Tensor:
    scale = torch.rsqrt(variance + eps)
    return scale if gamma is None else scale * gamma


def _foldable(program: Program, norm: Node, readers: dict[int, list[int]]) -> Node | None:
    """The convolution into which a node can be folded, if it is such a normalization."""
    if norm.operation != "batch_norm" or norm.call is None or norm.ref.index not in program.live:
        return None
    source = program.nodes[norm.inputs[0]]
    alone = readers.get(source.ref.index) == [norm.ref.index]
    plain = source.operation in _CONVOLUTIONS and source.call is not None
    same = source.differentiable == norm.differentiable
    return source if alone and plain and same else None


def _readers(program: Program) -> dict[int, list[int]]:
    """The live readers of every node; an output is read by the caller, here -1."""
    found: dict[int, list[int]] = {
        leaf.index: [-1] for leaf in tree_leaves(program.outputs) if isinstance(leaf, Ref)
    }
    for index in sorted(program.live):
        for source in program.nodes[index].inputs:
            found.setdefault(source, []).append(index)
    return found


def _folded(source: Node, norm: Node, slots: list[str | Tensor | Preparation]) -> Node:
    """The convolution that also normalizes, in the place of the normalization."""
    assert source.call is not None
    assert norm.call is not None
    convolution = _named(source, _CONVOLUTION_ARGUMENTS)
    normal = _named(norm, _NORM_ARGUMENTS)
    mean, variance = normal["running_mean"], normal["running_var"]
    gamma, beta = normal.get("weight"), normal.get("bias")
    eps = float(normal.get("eps", 1e-5))
    old = convolution["weight"]
    weight = _prepare(slots, scaled_weight, (old, variance, gamma, eps), old.shape)
    bias = _prepare(
        slots, shifted_bias, (convolution.get("bias"), mean, variance, gamma, beta, eps), (old.shape[0],)
    )
    call = replace(
        source.call, args=(), kwargs=convolution | {"weight": weight, "bias": bias}, shape=norm.call.shape
    )
    local = rule_for(source.operation)(call)
    return replace(
        norm,
        operation=source.operation,
        inputs=source.inputs,
        slots=(weight.index, bias.index),
        local=local,
        call=call,
    )


def _prepare(
    slots: list[str | Tensor | Preparation], function: Any, args: tuple[Operand, ...], shape: tuple[int, ...]
) -> Slot:
    slots.append(Preparation(function, args, {}, None))
    return Slot(len(slots) - 1, tuple(shape))


def _named(node: Node, names: list[str]) -> dict[str, Operand]:
    assert node.call is not None
    return dict(zip(names, node.call.args, strict=False)) | dict(node.call.kwargs)
