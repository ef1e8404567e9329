"""What is known of a published network: where it comes from, what it takes and gives, and how it streams. No torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction


class Gives(StrEnum):
    """What the output of a network means."""

    IMAGE = "image"
    CLASSES = "classes"
    MAPS = "maps"
    VECTOR = "vector"


GIVES = {
    Gives.IMAGE: "an image",
    Gives.CLASSES: "a class for every position",
    Gives.MAPS: "maps of values",
    Gives.VECTOR: "one answer for the whole image",
}


class Activation(StrEnum):
    """What turns an output into probabilities, where the network leaves that to others."""

    NONE = "none"
    SOFTMAX = "softmax"
    SIGMOID = "sigmoid"


class Measured(StrEnum):
    """What of the image at hand its intensities are normalized by."""

    NOTHING = "nothing"
    MEAN = "its mean and standard deviation"
    RANGE = "its minimum and maximum"


@dataclass(frozen=True)
class Intensity:
    """How the values of one channel are normalized: clip, then (value - offset) / divisor.

    Attributes:
        clip: Lowest and highest value; what lies beyond becomes that.
        offset: What is subtracted.
        divisor: What is divided by.
        measured: What of the image takes the place of offset and divisor.
        nonzero: Whether only values other than 0 are measured and normalized.
    """

    clip: tuple[float, float] | None = None
    offset: float = 0.0
    divisor: float = 1.0
    measured: Measured = Measured.NOTHING
    nonzero: bool = False

    def __str__(self) -> str:
        """In words."""
        words = [] if self.clip is None else [f"clipped to {self.clip[0]:.6g} to {self.clip[1]:.6g}"]
        if self.measured is not Measured.NOTHING:
            words.append(f"normalized by {self.measured}{' where it is not 0' if self.nonzero else ''}")
        elif (self.offset, self.divisor) != (0.0, 1.0):
            words.append(f"less {self.offset:.6g}, over {self.divisor:.6g}")
        return ", ".join(words) or "as stored"


@dataclass(frozen=True)
class Streaming:
    """Whether a network streams, found by tracing it.

    Attributes:
        refusal: Why it does not; empty where it does.
        field: Pixels or voxels that an output position sees along each axis; empty where unknown.
        scale: Output positions per input position along each axis; empty where unknown.
        multiple: What the sizes of images must be multiples of.
    """

    refusal: str = ""
    field: tuple[int, ...] = ()
    scale: tuple[Fraction, ...] = ()
    multiple: tuple[int, ...] = ()


@dataclass(frozen=True)
class PublishedCard:
    """What must be known of a network to use it.

    Attributes:
        source: What it was opened from, such as "ONNX".
        architecture: Name of the network.
        axes: Axes of space, 2 or 3.
        channels: What it takes per position, all slices together.
        gives: What its output means.
        outputs: Values per position of the output.
        unit_scale: Whether whole numbers are divided by the largest value of their type before all else.
        intensity: Normalization of each channel, or one for all.
        activation: What makes probabilities of the output.
        classes: Names of what it tells apart, in the order of its outputs.
        values: Values of the classes in files of labels; their places where empty.
        spacing: Distance of the positions, (y, x) or (z, y, x), that it was trained with.
        unit: Unit of the spacing.
        slices: Neighboring slices that make an input.
        license: Under which terms it may be used; empty where that is not stated.
        streaming: How it streams.
        notes: Sentences on what is assumed.
        more: What else its file says, by name.
    """

    source: str
    architecture: str
    axes: int
    channels: int
    gives: Gives
    outputs: int
    unit_scale: bool = True
    intensity: tuple[Intensity, ...] = (Intensity(),)
    activation: Activation = Activation.NONE
    classes: tuple[str, ...] = ()
    values: tuple[int, ...] = ()
    spacing: tuple[float, ...] | None = None
    unit: str = ""
    slices: int = 1
    license: str = ""
    streaming: Streaming = Streaming()
    notes: tuple[str, ...] = ()
    more: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """What the outputs are called: by the classes, or else by their number."""
        if len(self.classes) == self.outputs:
            return self.classes
        return tuple(f"Output {index + 1}" for index in range(self.outputs))

    def channel(self, index: int) -> Intensity:
        """How a channel is normalized."""
        return self.intensity[index] if len(self.intensity) > 1 else self.intensity[0]

    def lines(self) -> list[tuple[str, str]]:
        """Name and value of everything that is known, for reading."""
        streaming = self.streaming
        scale = sorted(set(streaming.scale))
        rows = [
            ("format", self.source),
            ("network", self.architecture),
            ("input", self._input()),
            ("normalization", self._normalization()),
            ("input spacing", _times(self.spacing, self.unit) if self.spacing else ""),
            ("output", f"{GIVES[self.gives]}, {self.outputs} {'value' if self.outputs == 1 else 'values'}")
            if self.outputs else ("output", "unknown"),
            ("scale factor", " x ".join(map(str, streaming.scale if len(scale) > 1 else scale))),
            ("classes", ", ".join(self.classes)),
            ("size", f"multiples of {_times(streaming.multiple)}" if max(streaming.multiple, default=1) > 1 else ""),
            ("receptive field", _times(streaming.field, "px" if self.axes == 2 else "voxels")),
            ("streams", "no" if streaming.refusal else "yes"),
            ("because", streaming.refusal),
            *self.more.items(),
            *(("note", note) for note in self.notes),
            ("license", self.license or "not stated"),
        ]  # fmt: skip
        return [(name, value) for name, value in rows if value]

    def _input(self) -> str:
        kind = "images" if self.axes == 2 else "volumes"
        slices = f", {self.slices} neighboring slices" if self.slices > 1 else ""
        return f"{kind} of {self.channels} {'channel' if self.channels == 1 else 'channels'}{slices}"

    def _normalization(self) -> str:
        texts = list(dict.fromkeys(map(str, self.intensity)))
        scaled = "whole numbers to 0..1" if self.unit_scale else ""
        plain = [text for text in texts if text != "as stored"] if self.unit_scale else texts
        return "; ".join(filter(None, [scaled, *plain]))


def _times(values: tuple[float, ...], unit: str = "") -> str:
    text = " x ".join(f"{value:.6g}" for value in values)
    return f"{text} {unit}".strip() if values else ""
