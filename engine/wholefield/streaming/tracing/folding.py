"""Normalization with stored statistics as part of the convolution before it.

Batch norm in eval mode multiplies each channel by a number and adds one, and so does a convolution's weight and bias:
gamma * (W x + b - mean) / sqrt(var + eps) + beta = (s W) x + (s (b - mean) + beta) with s = gamma / sqrt(var + eps).
Folded, the normalized block is never stored; the products s W are made once a pass, under autograd, so that gamma and
beta get their exact gradients from those of the folded weight and bias.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from wholefield.streaming.operations import rule_for
from wholefield.streaming.operations.call import Operand, Slot
from wholefield.streaming.tracing.precision import Precision
from wholefield.streaming.tracing.program import Node, Preparation, Program, Source, named_operands

_CONVOLUTIONS = ("conv1d", "conv2d", "conv3d")
_CONVOLUTION_ARGUMENTS = "input weight bias stride padding dilation groups".split()
_NORM_ARGUMENTS = "input running_mean running_var weight bias training momentum eps".split()


def fold_normalization(program: Program, precision: Precision) -> Program:
    """The program with every normalization folded that is the only reader of a convolution.

    In half precision nothing is: there the rounding of s W would be seen in the result.
    """
    if precision.enabled or program.image.dtype not in (torch.float32, torch.float64):
        return program
    nodes, added = list(program.nodes), _Added(program)
    readers = program.readers
    for norm in program.nodes:
        source = _foldable(program, norm, readers)
        if source is not None:
            nodes[norm.ref.index] = _folded(source, norm, added)
    return replace(program, nodes=tuple(nodes), slots=tuple(added.slots), stand_ins=tuple(added.stand_ins))


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


def _foldable(program: Program, norm: Node, readers: Mapping[int, tuple[int, ...]]) -> Node | None:
    """The convolution into which a node can be folded, if it is such a normalization."""
    if norm.operation != "batch_norm" or norm.call is None or norm.ref.index not in program.live:
        return None
    source = program.nodes[norm.inputs[0]]
    alone = readers[source.ref.index] == (norm.ref.index,)
    plain = source.operation in _CONVOLUTIONS and source.call is not None
    same = source.differentiable == norm.differentiable
    return source if alone and plain and same else None


def _folded(source: Node, norm: Node, added: "_Added") -> Node:
    """The convolution that also normalizes, in the place of the normalization."""
    assert source.call is not None
    assert norm.call is not None
    convolution = named_operands(source.call, _CONVOLUTION_ARGUMENTS)
    normal = named_operands(norm.call, _NORM_ARGUMENTS)
    mean, variance = normal["running_mean"], normal["running_var"]
    gamma, beta = normal.get("weight"), normal.get("bias")
    eps = float(normal.get("eps", 1e-5))
    old = convolution["weight"]
    weight = added.prepare(scaled_weight, (old, variance, gamma, eps), old.shape)
    bias = added.prepare(
        shifted_bias, (convolution.get("bias"), mean, variance, gamma, beta, eps), old.shape[:1]
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


class _Added:
    """The slots of a program and those that folding adds."""

    def __init__(self, program: Program) -> None:
        self.slots: list[Source] = list(program.slots)
        self.stand_ins = list(program.stand_ins)

    def prepare(self, function: Any, args: tuple[Operand, ...], shape: tuple[int, ...]) -> Slot:
        """Add a call on slots, whose result has the type of the first of them."""
        given = [self.stand_ins[arg.index] for arg in args if isinstance(arg, Slot)]
        learns = any(tensor.requires_grad for tensor in given)
        self.slots.append(Preparation(function, args, {}, None))
        self.stand_ins.append(torch.empty(shape, dtype=given[0].dtype, device="meta").requires_grad_(learns))
        return Slot(len(self.slots) - 1, tuple(shape))
