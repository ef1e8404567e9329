"""Sizes of sensors: from the header of a recording, from the camera's name, or from the events."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from wholefield.errors import SourceError
from wholefield.sources.events.recording import Events

# Sizes (width, height) in px by what the name of a camera, plugin or sensor contains; the first that fits counts.
SIZES_BY_NAME = (
    ("genx320", (320, 320)),
    ("imx636", (1280, 720)),
    ("imx646", (1280, 720)),
    ("gen41", (1280, 720)),
    ("gen4.1", (1280, 720)),
    ("gen4.2", (1280, 720)),
    ("gen4", (1280, 720)),
    ("gen31", (640, 480)),
    ("gen3.1", (640, 480)),
    ("gen3", (640, 480)),
    ("evk4", (1280, 720)),
    ("evk3", (1280, 720)),
    ("dvxplorer_lite", (320, 240)),
    ("dvxplorer lite", (320, 240)),
    ("dvxplorer", (640, 480)),
    ("davis640", (640, 480)),
    ("davis346", (346, 260)),
    ("davis240", (240, 180)),
    ("sbret10", (240, 180)),
    ("davis208", (208, 192)),
    ("davis128", (128, 128)),
    ("dvs128", (128, 128)),
)
NAME_KEYS = ("plugin_name", "sensor_name", "camera", "camera_name", "sensor", "source")
PAIR_KEYS = ("geometry", "sensor_resolution", "resolution", "sensor_size", "size")
WIDTH_FIRST = ("geometry",)
GENERATION_SIZES = {"3": (640, 480), "4": (1280, 720)}
# Of the usual sensors, smallest first.
USUAL_SIZES = (
    (128, 128), (240, 180), (304, 240), (320, 240), (320, 320), (346, 260), (640, 480), (1280, 720),
)  # fmt: skip
LARGEST_SIDE = 1 << 14
# Places from here on are no places of a sensor in use today, but marks of missing values and damage.
LARGEST_LIKELY_SIDE = 1 << 12
# A sensor of fewer rows, or so much longer than wide, is a column of something else taken for a coordinate.
SMALLEST_SIDE, LONGEST_ASPECT = 4, 16


def size_from(metadata: Mapping[str, str]) -> tuple[int, int] | None:
    """(width, height) in px that a header states or that its camera is known to have, or None."""
    return _stated(metadata) or _by_name(metadata)


def likely_sensor(samples: Sequence[Events], whole: bool) -> tuple[int, int]:
    """A size (width, height) in px that holds all events.

    Args:
        samples: Events, at least one of them.
        whole: Whether these are all: then the size is as small as can be. Otherwise it is that of the smallest usual
            sensor that holds them.
    """
    width = max(int(events["x"].max()) for events in samples if events.size) + 1
    height = max(int(events["y"].max()) for events in samples if events.size) + 1
    if whole:
        return width, height
    return next(
        ((w, h) for w, h in USUAL_SIZES if w >= width and h >= height), (max(width, 1280), max(height, 720))
    )


def possible_sensor(width: int, height: int) -> bool:
    """Whether a sensor of that size in px can exist."""
    short, long = min(width, height), max(width, height)
    return short >= SMALLEST_SIDE and long <= LONGEST_ASPECT * short and long <= LARGEST_SIDE


def check_stated(path: Path, size: tuple[int, int]) -> None:
    """Refuse a file that states a (width, height) in px which no sensor has.

    Raises:
        SourceError: It does.
    """
    if not possible_sensor(*size):
        raise SourceError(
            f"{path} says that its sensor has {size[0]} x {size[1]} px, which no camera has; "
            "it is damaged, so copy it again."
        )


def guessed_size(size: tuple[int, int]) -> str:
    """The warning for a size (width, height) in px that is not in the file."""
    width, height = size
    return f"The size of the sensor is not in the file; {width} x {height} px was taken from the events."


def outside_sensor(count: int, size: tuple[int, int]) -> str:
    """The warning for events that lie outside a sensor of (width, height) px."""
    sensor = f"outside the {size[0]} x {size[1]} px of the sensor"
    if count == 1:
        return f"1 event lies {sensor} and is left out."
    return f"{count} events lie {sensor} and are left out."


def size_in(text: str) -> tuple[int, int] | None:
    """(width, height) in px that a text such as "640,480", "640x480" or "[640 480]" says, or None."""
    pair = _pair_in(text)
    return pair if pair is not None and all(0 < side <= LARGEST_SIDE for side in pair) else None


def _pair_in(text: str) -> tuple[int, int] | None:
    pair = re.fullmatch(r"\W*(\d{1,9})\s*(?:[x×,; ]|by)\s*(\d{1,9})\W*", text.strip(), re.IGNORECASE)
    return None if pair is None else (int(pair[1]), int(pair[2]))


def stated_sides(metadata: Mapping[str, str]) -> tuple[int, int] | None:
    """(width, height) in px that a header states, be they possible or not, or None."""
    fields = {name.lower(): value for name, value in metadata.items()}
    for option in fields.get("format", "").split(";")[1:]:
        name, _, value = option.partition("=")
        fields.setdefault(name.strip().lower(), value.strip())
    for name in PAIR_KEYS:
        pair = _pair_in(fields.get(name, ""))
        if pair is not None:
            # Software in Python writes (height, width) there; sensors are wider than they are high.
            return pair if name in WIDTH_FIRST else (max(pair), min(pair))
    texts = (fields.get("width", ""), fields.get("height", ""))
    if not all(text.isdecimal() and len(text) < 10 for text in texts):
        return None
    return int(texts[0]), int(texts[1])


def _stated(metadata: Mapping[str, str]) -> tuple[int, int] | None:
    sides = stated_sides(metadata)
    return sides if sides is not None and all(0 < side <= LARGEST_SIDE for side in sides) else None


def _by_name(metadata: Mapping[str, str]) -> tuple[int, int] | None:
    names = " ".join(metadata.get(key, "") for key in NAME_KEYS).lower()
    for part, size in SIZES_BY_NAME:
        if part in names:
            return size
    return GENERATION_SIZES.get(metadata.get("sensor_generation", "")[:1])
