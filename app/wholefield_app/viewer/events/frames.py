"""Works out what a frame shows: counted, sharpened and colored events, dense flow, arrows; runs in worker threads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QColor, QImage

from wholefield.tasks.events.flow_field import FlowField
from wholefield_app.viewer.events.arrows import Arrows, make_arrows
from wholefield_app.viewer.events.style import EventsDisplay, FrameStyle, Scheme

if TYPE_CHECKING:
    from wholefield.flow.viz.event_pictures import EventColors, EventCounts
    from wholefield.sources import Recording

# A long accumulation is read in parts, so that memory does not grow with it.
PART_US = 20_000
# Between two pictures side by side, in px of the sensor, as a share of its width.
GAP = 1 / 40
NO_FLOW = "raw: there is no flow to sharpen with"

Counts = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class FrameRequest:
    """What a frame is to show.

    Attributes:
        recording: Where the events come from.
        time_us: The moment: the events of the accumulation time before it are shown.
        style: How.
        field: The flow at the moment, or None.
    """

    recording: Recording
    time_us: int
    style: FrameStyle
    field: FlowField | None = None

    @property
    def start_us(self) -> int:
        """When the accumulation begins."""
        return max(self.time_us - self.style.accumulation_us, 0)


@dataclass(frozen=True, eq=False)
class Pane:
    """One of the pictures of a frame.

    Attributes:
        image: One pixel for each of the sensor.
        caption: What it is called; empty where there is only one.
    """

    image: QImage
    caption: str = ""


@dataclass(frozen=True, eq=False)
class Frame:
    """A frame, ready to be painted.

    Attributes:
        request: What was asked for.
        panes: One picture, or two side by side; flow lies over the first.
        total: Events in every pixel of the sensor, (H, W).
        dense: The dense flow, or None.
        arrows: The arrows, or None.
        top: Speed that is shown at full strength in px per s; 0 without flow.
    """

    request: FrameRequest
    panes: tuple[Pane, ...]
    total: Counts
    dense: QImage | None = None
    arrows: Arrows | None = None
    top: float = 0.0

    @property
    def sensor(self) -> tuple[int, int]:
        """Width and height of the sensor in px."""
        return self.panes[0].image.width(), self.panes[0].image.height()

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the frame in px of the sensor."""
        width, height = self.sensor
        return (width, height) if len(self.panes) == 1 else (2 * width + gap(width), height)


def gap(width: int) -> int:
    """The gap between two panes of a width, in px of the sensor."""
    return max(round(width * GAP), 2)


def frame_size(recording: Recording, style: FrameStyle) -> tuple[int, int]:
    """Width and height in px of the sensor of the frames of a recording."""
    width, height = recording.width, recording.height
    return (2 * width + gap(width), height) if style.events_view is EventsDisplay.BESIDE else (width, height)


class FrameMaker:
    """Makes frames, one at a time; it keeps what it counts into, and the colors of the flow shown last."""

    def __init__(self) -> None:
        self._raw: EventCounts | None = None
        self._sharp: EventCounts | None = None
        self._top: tuple[FlowField, float] | None = None
        self._pixels: tuple[FlowField, npt.NDArray[np.uint32]] | None = None

    def make(self, request: FrameRequest) -> Frame:
        """The frame asked for.

        Raises:
            SourceError: The recording cannot be read there.
        """
        style, field = request.style, request.field
        raw, sharp = self._count(request)
        panes, total = _panes(style, raw, sharp), raw.total
        if field is None or not (style.flow.arrows or style.flow.dense):
            return Frame(request, panes, total)
        return Frame(
            request, panes, total,
            dense=self._dense(self._colors(field), total, style) if style.flow.dense else None,
            arrows=self._arrows(field, total, style) if style.flow.arrows else None,
            top=self._top_of(field),
        )  # fmt: skip

    def _count(self, request: FrameRequest) -> tuple[EventCounts, EventCounts | None]:
        """The events as they are and, where they are wanted and can be had, sharpened; every event is read once.

        Sharpened ones are carried to the middle of the accumulation time.
        """
        shape = request.recording.height, request.recording.width
        middle, field = (request.start_us + request.time_us) / 2, request.field
        if not request.style.events_view.needs_flow:
            field = None
        raw = self._raw = _emptied(self._raw, shape)
        sharp = self._sharp = _emptied(self._sharp, shape) if field is not None else None
        for events in parts_of(request):
            raw.add(events)
            if sharp is not None and field is not None:
                sharp.add_carried(events, field.flow, middle)
        return raw, sharp

    def _top_of(self, field: FlowField) -> float:
        """The top speed of a flow."""
        from wholefield.flow.viz.event_pictures import top_speed

        if self._top is None or self._top[0] is not field:
            self._top = field, top_speed(field.flow)
        return self._top[1]

    def _colors(self, field: FlowField) -> npt.NDArray[np.uint32]:
        """The pixels of a flow."""
        from wholefield.flow.viz.event_pictures import flow_pixels

        if self._pixels is None or self._pixels[0] is not field:
            self._pixels = field, flow_pixels(field.flow, self._top_of(field))
        return self._pixels[1]

    def _dense(self, pixels: npt.NDArray[np.uint32], total: Counts, style: FrameStyle) -> QImage:
        shown = np.where(total > 0, pixels, np.uint32(0)) if style.only_on_events else pixels
        return to_image(shown, QImage.Format.Format_ARGB32_Premultiplied)

    def _arrows(self, field: FlowField, total: Counts, style: FrameStyle) -> Arrows:
        seen = total if style.only_on_events else None
        seconds = style.scale * style.accumulation_us / 1e6
        return make_arrows(field.flow, seen, style.step, style.threshold, seconds)


def _emptied(counts: EventCounts | None, shape: tuple[int, int]) -> EventCounts:
    """Counts of no events, the array of `counts` where its shape fits: fresh memory costs more than the counting."""
    from wholefield.flow.viz.event_pictures import EventCounts

    if counts is None or counts.counts.shape[:2] != shape:
        return EventCounts.none(shape)
    counts.clear()
    return counts


def _panes(style: FrameStyle, raw: EventCounts, sharp: EventCounts | None) -> tuple[Pane, ...]:
    if sharp is not None and style.events_view is EventsDisplay.SHARPENED:
        return (Pane(_shaded(sharp, style), "sharpened"),)
    plain = _shaded(raw, style)
    match style.events_view:
        case EventsDisplay.RAW:
            return (Pane(plain),)
        case EventsDisplay.SHARPENED:
            return (Pane(plain, NO_FLOW),)
    second = Pane(plain, NO_FLOW) if sharp is None else Pane(_shaded(sharp, style), "sharpened")
    return Pane(plain, "raw"), second


def _shaded(counts: EventCounts, style: FrameStyle) -> QImage:
    from wholefield.flow.viz.event_pictures import shade_events

    return to_image(shade_events(counts, colors_of(style.scheme), style.saturation))


def parts_of(request: FrameRequest) -> Iterator[npt.NDArray[Any]]:
    """The events of a frame, a stretch of time after the other."""
    for start in range(request.start_us, request.time_us, PART_US):
        yield request.recording.events(start, min(start + PART_US, request.time_us))


def colors_of(scheme: Scheme) -> EventColors:
    """The colors as numbers."""
    from wholefield.flow.viz.event_pictures import EventColors

    return EventColors(*(_rgb(QColor(name)) for name in (scheme.background, scheme.on, scheme.off)))


def _rgb(color: QColor) -> tuple[int, int, int]:
    return color.red(), color.green(), color.blue()


def to_image(pixels: npt.NDArray[np.uint32], kind: QImage.Format = QImage.Format.Format_RGB32) -> QImage:
    """Pixels 0xAARRGGBB, (H, W), as a picture of its own."""
    height, width = pixels.shape
    return QImage(pixels.data, width, height, pixels.strides[0], kind).copy()
