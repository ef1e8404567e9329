"""The settings of a video: what the export dialog asks for and what `wholefield video` takes are the same."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, ClassVar

from annotated_types import Ge, Gt, Le

from wholefield.errors import SettingError
from wholefield.runs.settings import Former, PathKind, RunSettings, Setting, renamed
from wholefield.tasks.events.filtering import EventFilters, check_filters
from wholefield.tasks.events.provider import FlowSource
from wholefield.tasks.reading import FileReading, check_readings
from wholefield.training.settings import Device, DeviceSetting
from wholefield_app.video.frames import (
    Framing,
    Moments,
    framing_of_size,
    framing_within,
)
from wholefield_app.viewer.events.style import (
    DEFAULT_SCHEME,
    SCHEMES,
    EventsDisplay,
    FlowMode,
    FrameStyle,
    Scheme,
)

SCHEME = SCHEMES[DEFAULT_SCHEME]
STYLE = FrameStyle()
# Settings of a style that have the same name here; the scheme and the flow have their own.
SHARED = tuple(field.name for field in fields(FrameStyle) if field.name not in ("scheme", "flow"))
COLOR = re.compile("#[0-9a-fA-F]{6}")
NUMBER = r"-?\d+(?:\.\d+)?(?:e\+?\d+)?"
SIZE, VIEWPORT = re.compile(r"([1-9]\d*)x([1-9]\d*)"), re.compile(",".join([f"({NUMBER})"] * 4))


class Pictures(StrEnum):
    """What the pictures become."""

    VIDEO = "video"
    FRAMES = "frames"


@dataclass(frozen=True, kw_only=True)
class VideoSettings(RunSettings):
    """Write a recording, with its flow, as a video or as pictures: what the window shows."""

    command: ClassVar[tuple[str, ...]] = ("video",)
    former: ClassVar[Mapping[str, Former]] = MappingProxyType(
        {
            "around": renamed("margin_color", str),
            "place": renamed("viewport", str),
            "sight": renamed("events_view", EventsDisplay),
            "on": renamed("on_color", str),
            "off": renamed("off_color", str),
            "full_at": renamed("saturation", int),
        }
    )

    recording: Annotated[Path, Setting("The recording.", positional=True)]
    reading: FileReading = None
    filters: EventFilters = None
    out: Annotated[
        Path, Setting("The video file, or the folder of the frames.", path=PathKind.NEW, short="o")
    ]
    what: Annotated[Pictures, Setting("A video, or a folder with one PNG file per frame.")] = Pictures.VIDEO
    start_us: Annotated[int, Ge(0), Setting("Time of the first frame in us.")] = 0
    end_us: Annotated[
        int | None, Ge(1), Setting("End time in us, exclusive; none goes to the end of the recording.")
    ] = None
    fps: Annotated[float, Gt(0), Le(1000), Setting("Frames per second of the video.")] = 30.0
    speed: Annotated[float, Gt(0), Setting("Seconds of the recording per second of the video.")] = 1.0
    zoom: Annotated[float, Gt(0), Le(64), Setting("Output pixels per sensor pixel, if no size is given.")] = (
        1.0
    )
    size: Annotated[str | None, Setting("Size of the frames in px, such as 1280x720.")] = None
    viewport: Annotated[
        str | None,
        Setting("Left,top,width,height of the whole frame in a picture of that size; none centers it."),
    ] = None
    margin_color: Annotated[
        str | None, Setting("Color around the frame, as #rrggbb; none takes the background color.")
    ] = None
    flow: Annotated[
        Path | None,
        Setting(
            "Flow: shipped:fast, a checkpoint of a flow training, HDF5 labels, a .flo file or a DSEC 16-bit PNG."
        ),
    ] = None
    span_us: Annotated[
        float | None, Gt(0), Setting("Time in us that the displacements of a .flo or PNG file span.")
    ] = None
    device: DeviceSetting = Device.AUTO
    events_view: Annotated[
        EventsDisplay, Setting("Events as they are, sharpened along the flow, or both side by side.")
    ] = STYLE.events_view
    show: Annotated[FlowMode, Setting("How the flow is shown.")] = FlowMode.ARROWS
    accumulation_us: Annotated[
        int | None,
        Ge(1),
        Setting("Accumulation time of a frame in us; none takes as long as needed to see shapes."),
    ] = None
    saturation: Annotated[int, Ge(1), Setting("Events per pixel for the full color.")] = STYLE.saturation
    background: Annotated[str, Setting("Background color of the events, as #rrggbb.")] = SCHEME.background
    on_color: Annotated[str, Setting("Color of positive events, as #rrggbb.")] = SCHEME.on
    off_color: Annotated[str, Setting("Color of negative events, as #rrggbb.")] = SCHEME.off
    opacity: Annotated[float, Ge(0), Le(1), Setting("Opacity of the dense flow.")] = STYLE.opacity
    step: Annotated[int, Ge(1), Setting("Spacing of the arrows in sensor px.")] = STYLE.step
    threshold: Annotated[float, Ge(0), Setting("Speed in px/s below which flow has no arrow.")] = (
        STYLE.threshold
    )
    scale: Annotated[
        float,
        Gt(0),
        Setting("Length of an arrow, as a multiple of the displacement within the accumulation time."),
    ] = STYLE.scale
    only_on_events: Annotated[bool, Setting("Show flow only where events are.")] = STYLE.only_on_events
    legend: Annotated[bool, Setting("Show the color wheel of the flow.")] = STYLE.legend
    time_stamp: Annotated[bool, Setting("Show the time.")] = STYLE.time_stamp

    @property
    def source(self) -> FlowSource | None:
        """Where the flow comes from."""
        return FlowSource(self.flow, self.span_us, self.device) if self.flow is not None else None

    def style(self, accumulation_us: int) -> FrameStyle:
        """How frames look; the accumulation time counts where none is set."""
        values = {name: getattr(self, name) for name in SHARED}
        values["accumulation_us"] = self.accumulation_us or accumulation_us
        return FrameStyle(
            scheme=Scheme(self.background, self.on_color, self.off_color), flow=self.show, **values
        )

    def moments(self, duration_us: int) -> Moments:
        """The moments of the frames of a recording of the given length in us."""
        end_us = duration_us if self.end_us is None else min(self.end_us, duration_us)
        return Moments(self.start_us, end_us, self.fps, self.speed)

    def framing(self, frame: tuple[int, int]) -> Framing:
        """How large pictures are and where in them a frame of a size in px of the sensor lies."""
        margin = self.margin_color or self.background
        if self.size is None:
            return framing_of_size(frame, self.zoom, margin)
        width, height = map(int, self.size.split("x"))
        if self.viewport is None:
            return framing_within(frame, width, height, margin)
        left, top, frame_width, frame_height = map(float, self.viewport.split(","))
        return Framing(width, height, (left, top, frame_width, frame_height), margin)

    def validate(self) -> None:
        """Check limits, the range, colors and sizes.

        Raises:
            SettingError: names the setting and what it must be.
        """
        super().validate()
        check_readings(self.reading)
        check_filters(self.filters)
        self.require_above("end_us", "start_us")
        for name in ("background", "on_color", "off_color", "margin_color"):
            _check(name, getattr(self, name), COLOR, "a color such as #14181f")
        _check("size", self.size, SIZE, "width x height in px, such as 1280x720")
        _check("viewport", self.viewport, VIEWPORT, "left,top,width,height in px, such as 0,0,1280,720")
        if self.viewport is not None and self.size is None:
            raise SettingError("The setting viewport needs the size of the frames; set size, too.")


def style_values(style: FrameStyle) -> dict[str, Any]:
    """A style as settings of a video."""
    scheme = style.scheme
    colors = {"background": scheme.background, "on_color": scheme.on, "off_color": scheme.off}
    return {name: getattr(style, name) for name in SHARED} | colors | {"show": style.flow}


def framing_values(framing: Framing) -> dict[str, Any]:
    """A framing as settings of a video."""
    viewport = ",".join(f"{value:.10g}" for value in framing.target)
    return {
        "size": f"{framing.width}x{framing.height}",
        "viewport": viewport,
        "margin_color": framing.background,
    }


def _check(name: str, value: str | None, pattern: re.Pattern[str], wanted: str) -> None:
    if value is not None and not pattern.fullmatch(value):
        raise SettingError(f"The setting {name} is {value!r} but must be {wanted}.")
