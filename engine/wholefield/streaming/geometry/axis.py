"""Integer geometry of local operations along one axis. No tensors here, so that it can be tested to death.

An operation maps positions of its input (0 .. length_in) to positions of its output (0 .. length_out). Everything
that streaming needs follows from three questions about that map: which inputs does a range of outputs read, which
outputs exist once the first r inputs do, and which input is the oldest that later outputs still read.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from math import ceil

from wholefield.streaming.geometry.spans import Span


class BorderMode(Enum):
    """What a border added around the image repeats."""

    CONSTANT = "constant"
    REFLECT = "reflect"
    SYMMETRIC = "symmetric"
    REPLICATE = "replicate"
    CIRCULAR = "circular"


@dataclass(frozen=True)
class AxisMap(ABC):
    """How outputs read inputs along one axis.

    Attributes:
        length_in: Number of input positions.
        length_out: Number of output positions.
    """

    length_in: int
    length_out: int

    @property
    @abstractmethod
    def stride(self) -> Fraction:
        """Input positions per output position."""

    @abstractmethod
    def reach(self, start: int, stop: int) -> Span:
        """Inputs that outputs [start, stop) read if the image went on for ever; start < stop."""

    def needs(self, start: int, stop: int) -> Span:
        """Inputs of the image that outputs [start, stop) read, as one range; start < stop.

        The range is never empty, also where the outputs lie wholly in the padding.
        """
        low, high = self.reach(start, stop)
        last = self.length_in - 1
        return min(max(low, 0), last), max(min(high, self.length_in), 1)

    def ready(self, available: int) -> int:
        """Number of outputs that the first `available` inputs determine."""
        if available >= self.length_in:
            return self.length_out
        low, high = 0, self.length_out
        while low < high:
            middle = (low + high + 1) // 2
            if self.needs(0, middle)[1] <= available:
                low = middle
            else:
                high = middle - 1
        return low

    def oldest(self, done: int) -> int:
        """The first input that any output from `done` on reads; `length_in` if there is none left."""
        if done >= self.length_out:
            return self.length_in
        return self.needs(done, self.length_out)[0]


@dataclass(frozen=True)
class Same(AxisMap):
    """Output k reads input k: pointwise operations."""

    @property
    def stride(self) -> Fraction:
        """One."""
        return Fraction(1)

    def reach(self, start: int, stop: int) -> Span:
        """The same positions."""
        return start, stop

    def ready(self, available: int) -> int:
        """As many."""
        return min(max(available, 0), self.length_out)


@dataclass(frozen=True)
class Window(AxisMap):
    """Output k reads inputs k*step - padding + {0, d, 2d, ...}: convolution, pooling, crops, strided slices.

    Attributes:
        kernel: Number of taps.
        step: Input positions from one output to the next.
        dilation: Input positions from one tap to the next.
        padding: Positions that exist before input 0; negative where the operation crops.
    """

    kernel: int
    step: int
    dilation: int
    padding: int

    @property
    def stride(self) -> Fraction:
        """The step."""
        return Fraction(self.step)

    def reach(self, start: int, stop: int) -> Span:
        """First tap of the first output to last tap of the last."""
        last = (stop - 1) * self.step - self.padding + self.dilation * (self.kernel - 1)
        return start * self.step - self.padding, last + 1

    def ready(self, available: int) -> int:
        """Number of outputs whose last tap is available; the formula in place of the search, which plans would feel."""
        if available >= self.length_in:
            return self.length_out
        if available < 1:
            return 0
        last = available - 1 + self.padding - self.dilation * (self.kernel - 1)
        return min(max(last // self.step + 1, 0), self.length_out)

    def border(self, start: int, stop: int) -> Span:
        """How many positions before and after `needs(start, stop)` outputs [start, stop) read as true padding."""
        low, high = self.reach(start, stop)
        first, last = self.needs(start, stop)
        return first - low, high - last


@dataclass(frozen=True)
class Transposed(AxisMap):
    """Input i adds to outputs i*step - padding + {0, d, 2d, ...}: transposed convolution.

    Attributes:
        kernel: Number of taps.
        step: Output positions from one input to the next.
        dilation: Output positions from one tap to the next.
        padding: Outputs cut off before output 0.
    """

    kernel: int
    step: int
    dilation: int
    padding: int

    @property
    def stride(self) -> Fraction:
        """One over the step."""
        return Fraction(1, self.step)

    def reach(self, start: int, stop: int) -> Span:
        """Every input with a tap between the first and the last output."""
        low = start + self.padding - self.dilation * (self.kernel - 1)
        first = -((-low) // self.step)
        last = (stop - 1 + self.padding) // self.step
        return first, max(last, first) + 1


@dataclass(frozen=True)
class Border(AxisMap):
    """A border of `before` positions in front of the image and some behind it (negative: cut off).

    Attributes:
        before: Positions in front of input 0.
        mode: What the border repeats. All modes but the circular one read only positions of the image near that border.
    """

    before: int
    mode: BorderMode

    @property
    def stride(self) -> Fraction:
        """One."""
        return Fraction(1)

    def source(self, output: int) -> int:
        """The input that an output repeats; outside 0 .. length_in for a constant border."""
        position = output - self.before
        last = self.length_in - 1
        match self.mode:
            case BorderMode.REFLECT:
                return -position if position < 0 else 2 * last - position if position > last else position
            case BorderMode.SYMMETRIC:
                return (
                    -position - 1
                    if position < 0
                    else 2 * last + 1 - position
                    if position > last
                    else position
                )
            case BorderMode.REPLICATE:
                return min(max(position, 0), last)
            case BorderMode.CIRCULAR:
                return position % self.length_in
            case BorderMode.CONSTANT:
                return position

    def reach(self, start: int, stop: int) -> Span:
        """The same positions, shifted by the border."""
        return start - self.before, stop - self.before

    def needs(self, start: int, stop: int) -> Span:
        """The image's part of the range and what the mirrored part repeats."""
        low, high = super().needs(start, stop)
        if self.mode is BorderMode.CONSTANT:
            return low, high
        corners = {start, stop - 1}
        corners |= {
            k for k in (self.before - 1, self.before, self.before + self.length_in) if start <= k < stop
        }
        if self.mode is BorderMode.CIRCULAR:
            seam = self.before + self.length_in * ((start - self.before) // self.length_in + 1)
            corners |= {k for k in (seam - 1, seam) if start <= k < stop}
        sources = [self.source(k) for k in corners]
        inside = self.before < stop and start < self.before + self.length_in
        if inside:
            sources += [low, high - 1]
        return min(sources), max(sources) + 1


@dataclass(frozen=True)
class Mirrored(AxisMap):
    """Output k reads the input as far from the other end: any tile may need any other."""

    @property
    def stride(self) -> Fraction:
        """One."""
        return Fraction(1)

    def reach(self, start: int, stop: int) -> Span:
        """All positions, wherever the outputs lie."""
        return start - self.length_in, stop + self.length_in

    def needs(self, start: int, stop: int) -> Span:
        """The same positions, counted from the other end."""
        return self.length_in - stop, self.length_in - start


def window(
    length: int, kernel: int, step: int, dilation: int, padding: int, after: int | None = None
) -> Window:
    """The map of a convolution with `padding` positions before the image and `after` (default: as many) behind it."""
    after = padding if after is None else after
    outputs = (length + padding + after - dilation * (kernel - 1) - 1) // step + 1
    return Window(length, max(outputs, 0), kernel, step, dilation, padding)


def pooling(length: int, kernel: int, step: int, dilation: int, padding: int, ceil_mode: bool) -> Window:
    """The map of a pooling window; with `ceil_mode` a last window may start inside the image and end outside it."""
    span = length + 2 * padding - dilation * (kernel - 1) - 1
    outputs = (ceil(span / step) if ceil_mode else span // step) + 1
    if ceil_mode and (outputs - 1) * step >= length + padding:
        outputs -= 1
    return Window(length, max(outputs, 0), kernel, step, dilation, padding)


def transposed(length: int, kernel: int, step: int, dilation: int, padding: int, extra: int) -> Transposed:
    """The map of a transposed convolution with `extra` positions of output padding."""
    outputs = (length - 1) * step - 2 * padding + dilation * (kernel - 1) + extra + 1
    return Transposed(length, max(outputs, 0), kernel, step, dilation, padding)
