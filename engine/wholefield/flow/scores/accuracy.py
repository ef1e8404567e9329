"""Errors of a flow against the true one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from wholefield.errors import SettingError

OUTLIER_PX = 3.0


@dataclass(frozen=True)
class FlowErrors:
    """Errors of a flow against the true one, over all pixels where that is known.

    Attributes:
        aee: Average endpoint error in px.
        outliers: Share of pixels whose endpoint error is above 3 px (%3PE / 100).
        aae: Average angle between (u, v, 1) and the true one in degrees (Barron et al. 1994).
        of_zero: aee over that of a flow of zero.
        pixels: Number of pixels that were compared.

    Example:
        >>> from wholefield.flow import FlowErrors
        >>> FlowErrors(aee=0.5, outliers=0.0, aae=3.0, of_zero=0.1, pixels=100).aee
        0.5
    """

    aee: float
    outliers: float
    aae: float
    of_zero: float
    pixels: int


def flow_errors(
    flow: npt.NDArray[np.floating[Any]],
    truth: npt.NDArray[np.floating[Any]],
    valid: npt.NDArray[np.bool_] | None = None,
) -> FlowErrors:
    """Compare displacements.

    Args:
        flow: float (2, H, W) in px, x first.
        truth: float (2, H, W) in px, x first.
        valid: bool (H, W), where to compare; everywhere if None.

    Returns:
        The errors.

    Raises:
        SettingError: The shapes differ, or there is no pixel to compare.

    Example:
        >>> import numpy as np
        >>> from wholefield.flow import flow_errors
        >>> errors = flow_errors(np.full((2, 4, 4), 3.0), np.full((2, 4, 4), 2.0))
        >>> round(errors.aee, 3), errors.of_zero, errors.pixels
        (1.414, 0.5, 16)
    """
    if flow.shape != truth.shape:
        raise SettingError(
            f"The flow is {flow.shape} but the true one is {truth.shape}; give both at the same size."
        )
    known = np.ones(flow.shape[1:], bool) if valid is None else valid
    if not known.any():
        raise SettingError("There is no pixel with a known flow to compare.")
    ours, true = flow[:, known].astype(np.float64), truth[:, known].astype(np.float64)
    distance, length = np.hypot(*(ours - true)), np.hypot(*true)
    cosine = ((ours * true).sum(0) + 1) / np.sqrt(((ours**2).sum(0) + 1) * ((true**2).sum(0) + 1))
    still = length.mean()
    return FlowErrors(
        aee=float(distance.mean()),
        outliers=float((distance > OUTLIER_PX).mean()),
        aae=float(np.degrees(np.arccos(np.clip(cosine, -1, 1))).mean()),
        of_zero=float(distance.mean() / still) if still > 0 else float("inf") if distance.any() else 1.0,
        pixels=int(known.sum()),
    )
