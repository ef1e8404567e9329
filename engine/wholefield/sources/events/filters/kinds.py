"""The filters of events: what each is called, its parameters, its published definition, and how it starts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from wholefield.sources.events.codec import Integers
from wholefield.sources.events.filters.values import Parameter, ValueKind

Values = Sequence[Any]
Size = tuple[int, int]
Step = Callable[[npt.NDArray[np.uint64], npt.NDArray[np.uint8]], None]
"""Marks the events that it removes, block after block; moves the others."""

TIME = ValueKind.TIME
AXES = {"horizontal": "Left and right", "vertical": "Top and bottom"}
ANGLES = {"90": "90° clockwise", "180": "180°", "270": "90° counterclockwise"}
POLARITIES = {"on": "ON only", "off": "OFF only", "invert": "Swap ON and OFF"}
TRAILS = {"keep": "Keep the trail", "cut": "Cut the trail"}


@dataclass(frozen=True)
class FilterKind:
    """A filter that can be in a chain.

    Attributes:
        name: Its name in a setting.
        title: What a form calls it.
        help: Its definition, and who published it.
        parameters: What can be set.
        start: Gives its step from the values, the size (width, height) of the sensor before it, and a mask that was
            `measured`, None otherwise.
        size: The size of the sensor behind it from the values and the size before; the same where None.
        measured: Whether it needs the pixels that fire too much, which all events before it tell.
        moves: Whether it puts events at other pixels or swaps their polarity, so that labels no longer fit them.
    """

    name: str
    title: str
    help: str
    parameters: tuple[Parameter, ...]
    start: Callable[[Values, Size, Any], Step]
    size: Callable[[Values, Size], Size] | None = None
    measured: bool = False
    moves: bool = False


def _per_pixel(size: Size, border: int = 0) -> Integers:
    from wholefield.sources.events.filters.kernels import NEVER

    return np.full((size[1] + 2 * border, size[0] + 2 * border), NEVER, np.int64)


def _masked(mask: npt.NDArray[np.uint8]) -> Step:
    from wholefield.sources.events.filters.kernels import by_mask

    return partial(_run, by_mask, (np.ascontiguousarray(mask),))


def _run(
    kernel: Callable[..., None],
    state: tuple[Any, ...],
    pairs: npt.NDArray[np.uint64],
    alive: npt.NDArray[np.uint8],
) -> None:
    kernel(pairs, alive, *state)


def _refractory(values: Values, size: Size, measured: Any) -> Step:
    from wholefield.sources.events.filters.kernels import refractory

    return partial(_run, refractory, (values[0], _per_pixel(size)))


def _background(values: Values, size: Size, measured: Any) -> Step:
    from wholefield.sources.events.filters.kernels import background

    return partial(_run, background, (*values, _per_pixel(size, border=1).ravel(), np.uint64(size[0] + 2)))


def _contrast(values: Values, size: Size, measured: Any) -> Step:
    from wholefield.sources.events.filters.kernels import contrast

    return partial(_run, contrast, (values[0], values[1] == "cut", _per_pixel(size)))


def _trail(values: Values, size: Size, measured: Any) -> Step:
    from wholefield.sources.events.filters.kernels import trail

    return partial(_run, trail, (values[0], _per_pixel(size)))


def _flicker(values: Values, size: Size, measured: Any) -> Step:
    from wholefield.sources.events.filters.kernels import flicker

    low, high, length, tolerance = values
    state = np.zeros((size[1], size[0], 2), np.int64)
    state[..., 0] = _per_pixel(size)
    return partial(_run, flicker, (int(np.ceil(1e6 / high)), int(1e6 / low), length, tolerance, state))


def _polarity(values: Values, size: Size, measured: Any) -> Step:
    from wholefield.sources.events.filters.kernels import by_polarity, invert_polarity

    if values[0] == "invert":
        return partial(_run, invert_polarity, ())
    return partial(_run, by_polarity, (int(values[0] == "on"),))


def _region(values: Values, size: Size, measured: Any) -> Step:
    from wholefield.sources.events.filters.regions import region_mask

    return _masked(region_mask(values[0], *size))


def _picture(values: Values, size: Size, measured: Any) -> Step:
    from wholefield.sources.events.filters.regions import picture_mask

    return _masked(picture_mask(values[0], *size))


def _hot(values: Values, size: Size, measured: Any) -> Step:
    return _masked((~measured).astype(np.uint8))


def _moving(matrix: Sequence[Sequence[int]], divisor: int = 1) -> Step:
    from wholefield.sources.events.filters.kernels import move

    return partial(_run, move, (np.array(matrix, np.int64), divisor))


def _flip(values: Values, size: Size, measured: Any) -> Step:
    if values[0] == "horizontal":
        return _moving([[-1, 0, size[0] - 1], [0, 1, 0]])
    return _moving([[1, 0, 0], [0, -1, size[1] - 1]])


def _rotate(values: Values, size: Size, measured: Any) -> Step:
    width, height = size
    return _moving(
        {
            "90": [[0, -1, height - 1], [1, 0, 0]],
            "180": [[-1, 0, width - 1], [0, -1, height - 1]],
            "270": [[0, 1, 0], [-1, 0, width - 1]],
        }[values[0]]
    )


def _rotated(values: Values, size: Size) -> Size:
    return size if values[0] == "180" else (size[1], size[0])


def _rectify(values: Values, size: Size, measured: Any) -> Step:
    from wholefield.sources.events.filters.kernels import by_table
    from wholefield.sources.events.filters.regions import rectify_table

    return partial(_run, by_table, (rectify_table(values[0], *size),))


def _downsample(values: Values, size: Size, measured: Any) -> Step:
    return _moving([[1, 0, 0], [0, 1, 0]], values[0])


def _downsampled(values: Values, size: Size) -> Size:
    return -(-size[0] // values[0]), -(-size[1] // values[0])


KINDS = {
    kind.name: kind
    for kind in (
        FilterKind(
            "roi", "Region",
            "Keeps the events of a box (left:top:right:bottom, right and bottom exclusive) or of a polygon "
            "(x:y:x:y:x:y…).",
            (Parameter("Region", ValueKind.POINTS),), _region,
        ),
        FilterKind(
            "mask", "Mask image", "Keeps the events of pixels where a picture of the size of the sensor is not 0.",
            (Parameter("File", ValueKind.PATH),), _picture,
        ),
        FilterKind(
            "hot", "Hot pixels",
            "Removes pixels with more than so many times the mean number of events of all pixels that have any, and "
            "than the median of the 5 x 5 pixels around them. They are counted over the whole recording first, and "
            "listed.",
            (Parameter("Times the others", ValueKind.REAL, 10.0),), _hot, measured=True,
        ),
        FilterKind(
            "refractory", "Refractory period",
            "Removes events less than this time after the last event that was kept at their pixel (Delbruck, Graca "
            "and Paluch, “Feedback control of event cameras”, 2021).",
            (Parameter("Period", TIME, 1000),), _refractory,
        ),
        FilterKind(
            "background", "Background activity",
            "Keeps events that an earlier one within this time at one of the 8 pixels around supports (Delbruck, "
            "“Frame-free dynamic digital vision”, 2008), or at several of them (Guo and Delbruck, “Low cost and "
            "latency event camera background activity denoising”, 2022).",
            (Parameter("Within", TIME, 10_000), Parameter("Supporters", ValueKind.WHOLE, 1, maximum=8)), _background,
        ),
        FilterKind(
            "stc", "Spatio-temporal contrast",
            "Keeps the second event of a burst: one of the polarity of the event before it at its pixel, at most this "
            "time after it; with the trail kept also those that follow as closely, with it cut none until the "
            "polarity changes (Prophesee, SpatioTemporalContrastAlgorithm).",
            (Parameter("Within", TIME, 10_000), Parameter("Trail", ValueKind.CHOICE, "keep", TRAILS)), _contrast,
        ),
        FilterKind(
            "trail", "Trail",
            "Keeps the first event of a burst: one of another polarity than the event before it at its pixel, or at "
            "least this time after it (Prophesee, TrailFilterAlgorithm).",
            (Parameter("Within", TIME, 10_000),), _trail,
        ),
        FilterKind(
            "antiflicker", "Anti-flicker",
            "Removes the events of a pixel while it flickers: after so many periods in a row, from one change of OFF "
            "to ON to the next, that lie in the band and differ from the one before by no more than the tolerance, "
            "until one does not or stays out (the measure of Prophesee's FrequencyEstimationConfig, as in its "
            "AntiFlickerAlgorithm).",
            (
                Parameter("From", ValueKind.FREQUENCY, 90.0, minimum=0.01, maximum=1e5),
                Parameter("To", ValueKind.FREQUENCY, 130.0, minimum=0.01, maximum=1e5),
                Parameter("Periods", ValueKind.WHOLE, 7, maximum=255),
                Parameter("Tolerance", TIME, 1500),
            ), _flicker,
        ),
        FilterKind(
            "polarity", "Polarity", "Keeps ON or OFF events only, or swaps the two.",
            (Parameter("Events", ValueKind.CHOICE, "on", POLARITIES),), _polarity,
        ),
        FilterKind(
            "flip", "Flip", "Swaps left and right, or top and bottom.",
            (Parameter("Swap", ValueKind.CHOICE, "horizontal", AXES),), _flip, moves=True,
        ),
        FilterKind(
            "rotate", "Rotate", "Turns the picture clockwise.",
            (Parameter("By", ValueKind.CHOICE, "90", ANGLES),), _rotate, _rotated, moves=True,
        ),
        FilterKind(
            "rectify", "Rectify",
            "Puts events where the map of a calibration has their pixel, to the nearest, and removes those outside: "
            "`rectify_map` (H, W, 2) of x, y in HDF5, as DSEC has it.",
            (Parameter("File", ValueKind.PATH),), _rectify, moves=True,
        ),
        FilterKind(
            "downsample", "Downsample", "Makes one pixel of squares of so many px, with all their events.",
            (Parameter("Factor", ValueKind.WHOLE, 2, minimum=2, maximum=64),), _downsample, _downsampled, moves=True,
        ),
    )
}  # fmt: skip
