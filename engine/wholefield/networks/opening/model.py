"""A published network with its card, and opening one from any file; tracing tells how it streams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from wholefield.networks.classifier import Classifier
from wholefield.networks.normalization import freeze_normalization
from wholefield.networks.opening.card import Gives, PublishedCard, Streaming
from wholefield.sources import Kind
from wholefield.sources.detection import open_as
from wholefield.streaming import StreamingError
from wholefield.streaming.execution.recurrence import along_axis
from wholefield.streaming.geometry.fields import fields
from wholefield.streaming.operations.call import Ref
from wholefield.streaming.tracing.program import Program
from wholefield.streaming.tracing.trace import trace

# Sides that networks are tried with, by axes: odd for those that take any size, then multiples of ever larger powers.
ODD = {2: 131, 3: 67}
MULTIPLES = (1, 2, 4, 8, 16, 32, 64)
SIDES = {2: 192, 3: 64}


@dataclass(frozen=True)
class PublishedModel:
    """A network that someone published, ready to be used.

    Attributes:
        path: What it was opened from.
        network: The network, in evaluation mode; of a classifier with its head.
        card: What is known of it.
    """

    path: Path
    network: nn.Module
    card: PublishedCard

    @property
    def streamed(self) -> nn.Module:
        """What of the network is streamed: the backbone of a classifier, or all of it."""
        return self.network.split()[0] if isinstance(self.network, Classifier) else self.network

    def demand_streaming(self) -> None:
        """Refuse a network that does not stream.

        Raises:
            StreamingError: It does not; the text says what stops it.
        """
        if self.card.streaming.refusal:
            raise StreamingError(f"{self.path.name}: {self.card.streaming.refusal}")


def open_model(path: str | Path) -> PublishedModel:
    """Open a network from a file or folder of any format that is known, see docs/formats.md.

    Weights are read without running anything that a file holds, whatever its format.

    Args:
        path: A checkpoint, weights of a known architecture, a torch.export program, ONNX, an nnU-Net results folder,
            a MONAI bundle, or what another package adds by the entry point `wholefield.formats`.

    Returns:
        The network with its card.

    Raises:
        SourceError: It is damaged, of no known architecture, or holds objects that could run code.
        SettingError: It needs a package that is not installed; the text names it.

    Example:
        >>> import torch
        >>> from wholefield.networks import resnet18
        >>> from wholefield.networks.opening import open_model
        >>> torch.save(resnet18(num_classes=3).state_dict(), "net.pth")
        >>> model = open_model("net.pth")
        >>> model.card.architecture, model.card.outputs, model.card.streaming.field
        ('ResNet-18', 3, (435, 435))
    """
    found: PublishedModel = open_as(Kind.MODEL, path)
    return found


def published(path: Path, network: nn.Module, card: PublishedCard) -> PublishedModel:
    """A network with its card, completed by tracing it.

    Args:
        path: What it was opened from.
        network: The network; put into evaluation mode.
        card: What its file says. Where `outputs` is 0, number and meaning of the outputs are found by tracing.
    """
    freeze_normalization(network.eval())
    model = PublishedModel(path, network, card)
    streaming, output = _tried(model.streamed, card.channels, card.axes)
    if card.outputs == 0:
        shape = _shape_of_sample(network, card) if output is None else output.shape
        card = replace(card, outputs=shape[1], gives=_meaning(shape, card))
    return replace(model, card=replace(card, streaming=streaming))


def _shape_of_sample(network: nn.Module, card: PublishedCard) -> Sequence[int]:
    """The shape of what a network that does not stream gives for a small image."""
    like = next(network.parameters(), torch.empty(0))
    try:
        with torch.no_grad():
            output = network(like.new_zeros(1, card.channels, *(SIDES[card.axes],) * card.axes))
    except Exception:  # the card says already that it does not stream
        return (1, 0)
    return tuple(output.shape) if isinstance(output, Tensor) else (1, 0)


def _meaning(shape: Sequence[int], card: PublishedCard) -> Gives:
    """What an output of this shape means, where no one says it."""
    if len(shape) == 2 or max(shape[2:]) == 1:
        return Gives.VECTOR
    if card.classes and len(card.classes) == shape[1]:
        return Gives.CLASSES
    return Gives.IMAGE if shape[1] == card.channels and card.channels in (1, 3) else Gives.MAPS


def _tried(network: nn.Module, channels: int, axes: int) -> tuple[Streaming, Ref | None]:
    """How a network streams and what its only output is; multiples are tried where odd sizes are refused."""
    first: StreamingError | None = None
    for multiple in MULTIPLES:
        side = ODD[axes] if multiple == 1 else -(-SIDES[axes] // multiple) * multiple + multiple
        try:
            program = _traced(network, channels, (side,) * axes)
            output = _only_output(program)
            found = [fields(along_axis(program, axis))[output.index] for axis in range(axes)]
        except StreamingError as error:
            first = first or error
            if not _may_be_the_size(error):
                break
            continue
        sizes = tuple(each.size for each in found) if output.axes else ()
        scale = tuple(1 / each.stride for each in found) if output.axes else ()
        return Streaming(field=sizes, scale=scale, multiple=(multiple,) * axes), output
    return Streaming(refusal=str(first)), None


def _traced(network: nn.Module, channels: int, sides: Sequence[int]) -> Program:
    parameter = next(network.parameters(), torch.empty(0))
    with torch.no_grad():
        return trace(network, (1, channels, *sides), parameter.dtype, parameter.device)


def _only_output(program: Program) -> Ref:
    if isinstance(program.outputs, Ref):
        return program.outputs
    raise StreamingError(
        "The network gives several outputs; publish one that gives the output that is wanted."
    )


def _may_be_the_size(error: StreamingError) -> bool:
    """Whether a network may work with images of other sizes: its forward fails instead of being refused."""
    return error.__cause__ is not None
