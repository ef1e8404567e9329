"""The frames of an export: their moments, their place, their pixels. Painted by the painter of the screen."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from wholefield_app.viewer.events.frames import FrameMaker, FrameRequest
from wholefield_app.viewer.events.painter import fitted_rect, paint_frame
from wholefield_app.viewer.events.style import FrameStyle

if TYPE_CHECKING:
    from wholefield.sources import Recording
    from wholefield.tasks.events.flow_field import FlowProvider
    from wholefield_app.viewer.events.frame_view import FrameView
    from wholefield_app.viewer.events.frames import Frame

SECOND = 1e6
# A frame begins to show shapes when about this share of the pixels have an event.
ENOUGH = 0.08
SHORTEST_US, LONGEST_US = 500, 33_000

Picture = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Framing:
    """Where in a picture a frame lies.

    Attributes:
        width: Of the picture in px.
        height: Of the picture in px.
        target: Left, top, width and height of the whole frame in px; parts of it may lie outside the picture.
        background: What lies around it, as #rrggbb.
    """

    width: int
    height: int
    target: tuple[float, float, float, float]
    background: str


def framing_of_view(view: FrameView) -> Framing:
    """The frame as the view shows it now: its zoom, its place, its surroundings."""
    rect = view.frame_rect
    return Framing(
        view.width(), view.height(), (rect.x(), rect.y(), rect.width(), rect.height()), view.canvas.name()
    )


def framing_of_size(size: tuple[int, int], factor: float, background: str) -> Framing:
    """The whole frame at a number of px per sensor px, and nothing around it."""
    width, height = (max(round(side * factor), 1) for side in size)
    return Framing(width, height, (0.0, 0.0, float(width), float(height)), background)


def framing_within(size: tuple[int, int], width: int, height: int, background: str) -> Framing:
    """The whole frame as large as it can be in the middle of a picture."""
    rect = fitted_rect(size, QRectF(0, 0, width, height))
    return Framing(width, height, (rect.x(), rect.y(), rect.width(), rect.height()), background)


@dataclass(frozen=True)
class Moments:
    """The moments of the frames of a video.

    Attributes:
        start_us: The first one.
        end_us: All are before it.
        fps: Frames per second.
        speed: Seconds of the recording per second of the video.
    """

    start_us: int
    end_us: int
    fps: float
    speed: float

    def __len__(self) -> int:
        """How many there are."""
        return max(math.ceil((self.end_us - self.start_us) / self._step), 1)

    def __iter__(self) -> Iterator[int]:
        """One after the other, in us."""
        return (self.start_us + round(index * self._step) for index in range(len(self)))

    @property
    def seconds(self) -> float:
        """Length of the video."""
        return len(self) / self.fps

    @property
    def _step(self) -> float:
        return SECOND * self.speed / self.fps


def draw_frames(
    recording: Recording,
    flow: FlowProvider | None,
    moments: Moments,
    style: FrameStyle,
    framing: Framing,
) -> Iterator[QImage]:
    """The pictures of a video, one after the other; in a worker thread.

    Raises:
        WholefieldError: The recording or the flow cannot be read.
    """
    maker = FrameMaker()
    wants_flow = style.flow.arrows or style.flow.dense or style.events_view.needs_flow
    for time_us in moments:
        field = flow.flow_at(time_us) if flow is not None and wants_flow else None
        yield draw(maker.make(FrameRequest(recording, time_us, style, field)), framing)


def draw(frame: Frame, framing: Framing) -> QImage:
    """A frame as a picture."""
    image = QImage(framing.width, framing.height, QImage.Format.Format_RGB32)
    image.fill(QColor(framing.background))
    with QPainter(image) as painter:
        target = QRectF(*framing.target)
        paint_frame(painter, frame, target, target.intersected(QRectF(image.rect())))
    return image


def pixels_of(image: QImage) -> Picture:
    """RGB, uint8 (height, width, 3)."""
    plain = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(plain.constBits(), np.uint8).reshape(plain.height(), plain.bytesPerLine())
    return rows[:, : 3 * plain.width()].reshape(plain.height(), plain.width(), 3).copy()


def first_accumulation(recording: Recording) -> int:
    """The first of 0.5, 1, 2, 5 ... ms in the middle of the recording that holds enough events, at most 33 ms."""
    wanted = ENOUGH * recording.width * recording.height
    middle = recording.duration_us // 2
    length = SHORTEST_US
    for factor in (2.0, 2.5, 2.0, 2.0, 2.5, 2.0):
        if recording.events(middle, middle + length).size >= wanted:
            return length
        length = int(length * factor)
    return LONGEST_US
