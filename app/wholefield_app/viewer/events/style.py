"""How a moment of a recording is shown; the screen and every export go by it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from typing import Any

SHORTEST_US = 10
LONGEST_US = 10_000_000


class EventsDisplay(StrEnum):
    """What is done with the events."""

    RAW = "raw"
    SHARPENED = "sharpened"
    BESIDE = "beside"

    @property
    def needs_flow(self) -> bool:
        """Whether it shows sharpened events."""
        return self is not EventsDisplay.RAW


class FlowMode(StrEnum):
    """How a flow is shown over the events."""

    NONE = "none"
    ARROWS = "arrows"
    DENSE = "dense"
    BOTH = "both"

    @property
    def arrows(self) -> bool:
        """Whether there are arrows."""
        return self in (FlowMode.ARROWS, FlowMode.BOTH)

    @property
    def dense(self) -> bool:
        """Whether there are colors on every pixel."""
        return self in (FlowMode.DENSE, FlowMode.BOTH)


@dataclass(frozen=True)
class Scheme:
    """Colors as #rrggbb: behind the events, of positive and of negative ones."""

    background: str
    on: str
    off: str


SCHEMES = {
    "Dark": Scheme("#14181f", "#f4f6fa", "#3f8ae0"),
    "White": Scheme("#ffffff", "#1f6bd1", "#1b1f26"),
    "Red and green on black": Scheme("#000000", "#35d07f", "#ff5a4d"),
    "Red and blue on white": Scheme("#ffffff", "#d7263d", "#1b5fd0"),
}
DEFAULT_SCHEME = "Dark"
# What a style was written with before.
FORMER = {"full_at": "saturation", "sight": "events_view"}


@dataclass(frozen=True)
class FrameStyle:
    """How a frame looks.

    Attributes:
        scheme: The colors.
        accumulation_us: A frame shows the events of that many us before its moment.
        saturation: Events per pixel for the full color; 1 turns shading off.
        events_view: Raw or sharpened events.
        flow: How the flow is shown.
        opacity: Of the dense flow, 0 to 1.
        step: Spacing of the arrows in sensor px.
        threshold: Speed in px/s below which flow has no arrow.
        scale: Length of an arrow as a multiple of the way within the accumulation time.
        only_on_events: Whether flow is shown only where events are.
        legend: Whether the color wheel is shown with the flow.
        time_stamp: Whether the time is shown.
    """

    scheme: Scheme = SCHEMES[DEFAULT_SCHEME]
    accumulation_us: int = 10_000
    saturation: int = 2
    events_view: EventsDisplay = EventsDisplay.RAW
    flow: FlowMode = FlowMode.NONE
    opacity: float = 0.7
    step: int = 16
    threshold: float = 10.0
    scale: float = 1.0
    only_on_events: bool = True
    legend: bool = True
    time_stamp: bool = True

    def to_json(self) -> dict[str, Any]:
        """As values that JSON has."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> FrameStyle:
        """What `to_json` wrote; what is missing, unknown or not valid is as in a new style."""
        style, values = cls(), {FORMER.get(name, name): value for name, value in values.items()}
        for field in fields(cls):
            if field.name in values:
                try:
                    value = _revived(getattr(style, field.name), values[field.name])
                except (TypeError, ValueError):
                    continue
                style = replace(style, **{field.name: value})
        return style


def _revived(like: Any, value: Any) -> Any:
    """A value from JSON as the type of another."""
    return Scheme(**value) if isinstance(like, Scheme) else type(like)(value)
