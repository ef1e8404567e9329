"""Convolutions and linear layers of an inference, which keep their weights in the order that the kernels want.

A program is traced anew for every image, so that what a node keeps lives as long as the pass.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

import torch
from torch import Tensor

from wholefield.kernels import winograd
from wholefield.kernels.packed import PackedWeight, available
from wholefield.streaming.geometry.spans import Span
from wholefield.streaming.operations.call import Compute, Operand, Slot, Take
from wholefield.streaming.operations.convolution import per_axis
from wholefield.streaming.tracing.precision import Precision
from wholefield.streaming.tracing.program import Node, Program, named_operands

_Convolve: TypeAlias = Callable[[Tensor, Tensor, Tensor | None], Tensor]

_ARGUMENTS = {
    "conv2d": "input weight bias stride padding dilation groups".split(),
    "linear": "input weight bias".split(),
}


def lowered(program: Program, precision: Precision) -> Program:
    """The program with the kernels of inference, which autograd does not see.

    Geometry and results are the same but for rounding. Only images in float32 on a CPU have such kernels.

    Args:
        program: The traced program.
        precision: What is in force.
    """
    if precision.enabled or not available(program.device, program.image.dtype):
        return program
    return replace(program, nodes=tuple(map(_lowered, program.nodes)))


def _lowered(node: Node) -> Node:
    """A node with another kernel, if there is one for it."""
    if node.operation not in _ARGUMENTS or node.call is None or node.local is None:
        return node
    operands = named_operands(node.call, _ARGUMENTS[node.operation])
    weight = operands["weight"]
    if not isinstance(weight, Slot) or len(node.ref.shape) != 4 or node.ref.dtype != torch.float32:
        return node
    if node.operation == "linear":
        compute = _computing(operands, _linear(PackedWeight((1, 1), (1, 1), 1)))
        return replace(node, local=replace(node.local, compute=compute))
    stride, dilation = (per_axis(operands.get(name, 1), 2) for name in ("stride", "dilation"))
    options = stride, dilation, int(operands.get("groups", 1))
    if winograd.is_kind(weight, *options):
        return node
    compute = _computing(operands, PackedWeight(*options).convolve)
    return replace(node, local=replace(node.local, compute=compute))


def _computing(operands: dict[str, Operand], convolve: _Convolve) -> Compute:
    def compute(take: Take, _: Sequence[Span]) -> Tensor:
        return convolve(take(operands["input"]), take(operands["weight"]), take(operands.get("bias")))

    return compute


def _linear(kept: PackedWeight) -> _Convolve:
    """A linear layer over the last dimension of an image, as a convolution of 1x1 with the channels last."""

    def linear(input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        image = input.permute(0, 3, 1, 2)
        return kept.convolve(image, weight[:, :, None, None], bias).permute(0, 2, 3, 1)

    return linear
