"""Opens stacks and looks at a sample of their values; runs in worker threads."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from wholefield.sources.choices import Reading
from wholefield.sources.kinds import Kind
from wholefield.sources.slides.display import ChannelDisplay, channel_colors
from wholefield_app.opening import sources
from wholefield_app.opening.unanswered import Unanswered, open_or_ask
from wholefield_app.viewer.levels import Levels, ValueFacts, describe_values
from wholefield_app.viewer.stacks.plane_images import COLORS, PlaneLook, as_colors, gray

if TYPE_CHECKING:
    from wholefield.sources import StackSource

SAMPLED_PLANES = 9
SAMPLED_SIDE = 256
# Values of two stacks are shown between the same levels unless their spans differ by more than this factor.
ALIKE = 4.0
AIR = -200.0
DATASET = "dataset"


@dataclass(frozen=True)
class OpenStack:
    """An open stack and the statistics of a sample of its values.

    Attributes:
        source: The stack.
        channel_facts: The facts of every channel.
        reading: What was answered about the file.
    """

    source: "StackSource"
    channel_facts: tuple[ValueFacts, ...]
    reading: Reading = field(default_factory=Reading)
    _times: "dict[int, StackSource]" = field(default_factory=dict, compare=False, repr=False)

    def at(self, time: int) -> "OpenStack":
        """The stack at another time, with the statistics of this one: levels stay while time passes."""
        self._times[self.source.time] = self.source
        if time not in self._times:
            self._times[time] = self.source.at_time(time)
        return replace(self, source=self._times[time])

    def close(self) -> None:
        """Close the sources of all times."""
        self.source.close()
        for source in self._times.values():
            source.close()

    @property
    def reading_now(self) -> Reading:
        """How the stack is read again as it is now, its time included."""
        return self.reading | ({"time": str(self.source.time)} if self.source.times > 1 else {})

    @property
    def reading_setting(self) -> str | None:
        """The same as a setting; the volume of a file is a setting of its own."""
        return (
            str(Reading({name: value for name, value in self.reading_now.items() if name != DATASET})) or None
        )

    @property
    def facts(self) -> ValueFacts:
        """The facts of the first channel."""
        return self.channel_facts[0]

    @property
    def colored(self) -> bool:
        """Whether the channels are red, green and blue, and perhaps opacity."""
        return self.source.channels in COLORS and self.source.dtype == np.uint8

    @property
    def channel_names(self) -> tuple[str, ...]:
        """What the channels are called; they are counted from 1 where the file does not say."""
        numbered = tuple(f"Channel {number}" for number in range(1, self.source.channels + 1))
        return self.source.channel_names or numbered

    @property
    def of_file(self) -> Levels | None:
        """The levels that the file asks for."""
        window = self.source.window
        return Levels(*window) if window is not None and window[1] > window[0] else None

    @property
    def hounsfield(self) -> bool:
        """Whether the values look like Hounsfield units: in mm, and with air below -200."""
        return self.source.geometry.unit == "mm" and -5000 < self.facts.lowest < AIR

    @property
    def channels(self) -> tuple[ChannelDisplay, ...]:
        """How each channel is shown at first."""
        names, count = self.channel_names, self.source.channels
        if self.colored:
            return tuple(replace(each, name=name) for each, name in zip(as_colors(count), names, strict=True))
        colors = channel_colors(count)
        levels = [self.of_file or facts.automatic for facts in self.channel_facts]
        return tuple(
            ChannelDisplay(name, own.low, own.high, color, inverted=self.source.inverted)
            for name, own, color in zip(names, levels, colors, strict=True)
        )

    def look_beside(self, first: ValueFacts, levels: Levels) -> PlaneLook:
        """How to show this stack with another one that has these facts and is shown between `levels`."""
        if self.colored:
            return PlaneLook(self.source, self.channels)
        if self.facts.labels and not first.labels:
            return PlaneLook(self.source, None)
        mine, others = self.facts.automatic, first.automatic
        alike = 1 / ALIKE < mine.window / others.window < ALIKE
        overlap = mine.low < others.high and others.low < mine.high
        shown = levels if alike and overlap else mine
        return PlaneLook(self.source, gray(shown, self.source.channels, inverted=self.source.inverted))


def open_path(path: Path, reading: Reading | None = None) -> OpenStack | Unanswered:
    """Open a stack, or tell what has to be answered before.

    Raises:
        SourceError: It cannot be opened; the text says why.
    """
    return open_or_ask(path, Kind.STACK, reading, _open)


def _open(path: Path, reading: Reading) -> OpenStack:
    source = sources.open_source_as(Kind.STACK, path, reading)
    try:
        sample = sample_of(source)
        facts = tuple(describe_values(sample[..., index]) for index in range(source.channels))
        return OpenStack(source, facts, reading)
    except BaseException:
        source.close()
        raise


def sample_of(source: "StackSource") -> npt.NDArray[Any]:
    """A few planes spread over the stack, each thinned to some 256 voxels a side: (plane, row, column, channel)."""
    depth, rows, columns = source.shape
    steps = [max(1, side // SAMPLED_SIDE) for side in (rows, columns)]
    indices = sorted({round(index) for index in np.linspace(0, depth - 1, min(SAMPLED_PLANES, depth))})
    planes = [source.plane(0, index)[:: steps[0], :: steps[1]] for index in indices]
    sample = np.stack(planes)
    return sample if source.channels > 1 else sample[..., None]


def sizes_differ(first: "StackSource", second: "StackSource") -> str:
    """A sentence where the second stack is not as large as the first; empty where it is."""
    if first.shape == second.shape:
        return ""
    return (
        f"{second.name} has {size_text(second.shape)} voxels, but {first.name} has {size_text(first.shape)}; "
        "choose a stack of the same size."
    )


def size_text(shape: tuple[int, ...]) -> str:
    """A shape in words, slices first."""
    return " × ".join(f"{length:,}" for length in shape)
