"""Flow as colors: the hue is the direction, the brightness the speed."""

import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]
Flow = npt.NDArray[np.floating]

# The fastest pixels of a flow are often outliers: they would leave the rest without color.
TOP_PERCENTILE = 99.0
SMALLEST_TOP = 1e-6


def hues(flow: Flow) -> npt.NDArray[np.float64]:
    """Directions (...) in 0..1 of vectors (2, ...), x then y: right is 0 (red), and down, as y points, a quarter."""
    return (np.arctan2(flow[1], flow[0]) / (2 * np.pi)) % 1.0


def flow_colors(flow: Flow, top: float | None = None) -> Picture:
    """A dense flow as colors on black; the brightness is the speed.

    Args:
        flow: float (2, H, W), x then y.
        top: Speed of full brightness; None takes the 99th percentile.

    Returns:
        uint8 RGB (H, W, 3).

    Example:
        >>> import numpy as np
        >>> from wholefield.flow.viz import flow_colors
        >>> flow_colors(np.array([[[1.0]], [[0.0]]]))  # to the right
        array([[[255,   0,   0]]], dtype=uint8)
    """
    speed = np.hypot(flow[0], flow[1])
    largest = float(np.percentile(speed, TOP_PERCENTILE)) if top is None and speed.size else top or 0.0
    return rgb_of(hues(flow), np.clip(speed / max(largest, SMALLEST_TOP), 0, 1))


def rgb_of(hue: npt.NDArray[np.floating], value: npt.NDArray[np.floating]) -> Picture:
    """Fully saturated colors of hues and values in 0..1, uint8 RGB (..., 3) (Smith 1978, hexcone model)."""
    shift = np.array([5.0, 3.0, 1.0])
    place = (shift + np.asarray(hue, np.float64)[..., None] * 6) % 6
    share = np.clip(np.minimum(place, 4 - place), 0, 1)
    return np.rint(255 * np.asarray(value, np.float64)[..., None] * (1 - share)).astype(np.uint8)


def color_wheel(size: int) -> Picture:
    """The legend of flow colors: a disc in which every point has the color of the flow from the center to it.

    Args:
        size: Side in px.

    Returns:
        uint8 RGB (size, size, 3), black around the disc.

    Example:
        >>> from wholefield.flow.viz import color_wheel
        >>> color_wheel(16).shape
        (16, 16, 3)
    """
    axis = (np.arange(size) + 0.5) * 2 / size - 1
    flow = np.stack(np.meshgrid(axis, axis))
    wheel = flow_colors(flow, top=1.0)
    wheel[np.hypot(*flow) > 1] = 0
    return wheel
