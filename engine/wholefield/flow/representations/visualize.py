"""Images of representations: uint8 RGB (height, width, 3), gray where nothing happens."""

import numpy as np
import numpy.typing as npt

from wholefield.flow.representations.grid import Features

Picture = npt.NDArray[np.uint8]

GRAY = 128.0
DEVIATIONS = 3.0


def filter_outliers(values: npt.NDArray[np.floating], num_std: float = DEVIATIONS) -> npt.NDArray[np.float64]:
    """Clip values to a number of standard deviations around their mean.

    Args:
        values: float array of any shape.
        num_std: The number of standard deviations.

    Returns:
        float64 array of the same shape.

    Example:
        >>> import numpy as np
        >>> from wholefield.flow.representations import filter_outliers
        >>> filter_outliers(np.array([0.0, 0.0, 0.0, 100.0]), num_std=1).round(1)
        array([ 0. ,  0. ,  0. , 68.3])
    """
    wide = np.asarray(values, np.float64)
    mean, margin = wide.mean(), num_std * wide.std()
    return np.clip(wide, mean - margin, mean + margin)


def viz_diff(features: Features) -> Picture:
    """Positive values brighter and negative ones darker than gray; the largest magnitude is white or black.

    Args:
        features: float (1, H, W) or (H, W).

    Returns:
        uint8 RGB (H, W, 3).

    Example:
        >>> import numpy as np
        >>> from wholefield.flow.representations import viz_diff
        >>> viz_diff(np.array([[[-1.0, 0.0, 1.0]]], np.float32))[0, :, 0]
        array([  1, 128, 255], dtype=uint8)
    """
    return np.repeat(_around_gray(features.reshape(features.shape[-2:]))[..., None], 3, axis=2)


def viz_histo(features: Features) -> Picture:
    """Positive events bright, negative events dark.

    Args:
        features: float (2, H, W), negative then positive.

    Returns:
        uint8 RGB (H, W, 3).

    Example:
        >>> import numpy as np
        >>> from wholefield.flow.representations import viz_histo
        >>> viz_histo(np.zeros((2, 4, 6), np.float32)).shape
        (4, 6, 3)
    """
    return viz_diff(features[1] - features[0])


def viz_timesurface(features: Features) -> Picture:
    """The latest events are the brightest: positive ones in red, negative ones in blue, on black.

    Args:
        features: float (2, H, W), negative then positive, or (1, H, W) for both.

    Returns:
        uint8 RGB (H, W, 3).

    Example:
        >>> import numpy as np
        >>> from wholefield.flow.representations import viz_timesurface
        >>> viz_timesurface(np.zeros((1, 4, 6), np.float32)).shape
        (4, 6, 3)
    """
    scaled = (features * (255 / _top(features))).astype(np.uint8)
    if len(scaled) == 1:
        return np.repeat(scaled[0][..., None], 3, axis=2)
    return np.stack([scaled[1], np.zeros_like(scaled[0]), scaled[0]], axis=2)


def viz_multichannel_timesurface(features: Features) -> Picture:
    """Like `viz_timesurface`, each part of the time bin brighter than the one before.

    Args:
        features: float (2 B, H, W), channel 2 b + p.

    Returns:
        uint8 RGB (H, W, 3).

    Example:
        >>> import numpy as np
        >>> from wholefield.flow.representations import viz_multichannel_timesurface
        >>> viz_multichannel_timesurface(np.zeros((6, 4, 6), np.float32)).shape
        (4, 6, 3)
    """
    parts = features.reshape(-1, 2, *features.shape[1:])
    steps = np.arange(len(parts), dtype=np.float32).reshape(-1, 1, 1, 1)
    return viz_timesurface(np.where(parts > 0, steps + parts / _top(parts), 0).max(axis=0).astype(np.float32))


def viz_event_cube_rgb(features: Features, split_polarity: bool | None = None) -> Picture:
    """Time as color: the first third of the micro bins in red, then green, then blue; what does not move is gray.

    Args:
        features: float (2 B, H, W), channel 2 b + p; or (B, H, W) without split polarities.
        split_polarity: Which of the two; None tells by the values, as only an unsplit cube goes below zero.

    Returns:
        uint8 RGB (H, W, 3).

    Example:
        >>> import numpy as np
        >>> from wholefield.flow.representations import viz_event_cube_rgb
        >>> viz_event_cube_rgb(np.zeros((6, 4, 6), np.float32)).shape
        (4, 6, 3)
    """
    if split_polarity is None:
        split_polarity = len(features) % 2 == 0 and not (features < 0).any()
    signed = features[1::2] - features[::2] if split_polarity else features
    thirds = [third.sum(axis=0) for third in np.array_split(signed, 3)]
    return _around_gray(np.stack(thirds, axis=2))


def _around_gray(values: npt.NDArray[np.floating]) -> Picture:
    clipped = filter_outliers(values)
    picture: Picture = np.rint(GRAY + clipped * ((255 - GRAY) / _top(clipped))).astype(np.uint8)
    return picture


def _top(values: npt.NDArray[np.floating]) -> float:
    """The largest magnitude, or 1 where all is zero."""
    return float(np.abs(values).max()) or 1.0
