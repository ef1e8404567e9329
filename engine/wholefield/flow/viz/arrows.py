"""Flow as arrows on an image; the color of an arrow is its direction."""

from typing import Any

import numpy as np
import numpy.typing as npt

from wholefield.flow.viz.colors import Flow, Picture, hues, rgb_of

# Length of the head of an arrow, as a share of the arrow.
TIP = 0.3


def convert_to_gray(img: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """An image without its colors (ITU-R BT.601 luma).

    Args:
        img: uint8 RGB (H, W, 3), or gray (H, W) or (H, W, 1).

    Returns:
        uint8 RGB (H, W, 3) with three equal channels.

    Example:
        >>> import numpy as np
        >>> from wholefield.flow import convert_to_gray
        >>> convert_to_gray(np.array([[[255, 0, 0]]], np.uint8))
        array([[[76, 76, 76]]], dtype=uint8)
    """
    image = img[..., None] if img.ndim == 2 else img
    weights = np.array([0.299, 0.587, 0.114]) if image.shape[2] == 3 else np.ones(1)
    luma = np.rint(image @ weights).astype(np.uint8)
    return np.repeat(luma[..., None], 3, axis=2)


def draw_arrows(
    img: Picture,
    flow: Flow,
    step: int = 16,
    threshold_px: float = 1,
    convert_img_to_gray: bool = True,
    mask: npt.NDArray[np.bool_] | None = None,
    thickness: int = 1,
) -> Picture:
    """Draw every `step`-th vector of a flow as an arrow from its pixel to where the flow points.

    Args:
        img: uint8 RGB (H, W, 3); not modified.
        flow: float (2, H, W), x then y, in px.
        step: Distance between arrows in px, along both axes.
        threshold_px: Shorter vectors are left out.
        convert_img_to_gray: Whether the image below the arrows loses its colors.
        mask: bool (H, W), where arrows may be drawn; None allows all.
        thickness: Of the lines in px.

    Returns:
        uint8 RGB (H, W, 3).

    Example:
        >>> import numpy as np
        >>> from wholefield.flow import draw_arrows
        >>> picture = draw_arrows(np.zeros((32, 32, 3), np.uint8), np.full((2, 32, 32), 5.0))
        >>> picture.shape, bool(picture.any())
        ((32, 32, 3), True)
    """
    import cv2

    canvas = convert_to_gray(img) if convert_img_to_gray else np.array(img, order="C")
    rows, columns = arrow_places(flow, step, threshold_px, mask)
    vectors = flow[:, rows, columns]
    colors = rgb_of(hues(vectors), np.ones(len(rows)))
    ends = np.rint(np.stack([columns, rows]) + vectors).astype(int)
    for x, y, end_x, end_y, color in zip(columns, rows, *ends, colors, strict=True):
        start, end = (int(x), int(y)), (int(end_x), int(end_y))
        cv2.arrowedLine(canvas, start, end, color.tolist(), thickness, cv2.LINE_AA, tipLength=TIP)
    return canvas


def arrow_places(
    flow: Flow, step: int, threshold_px: float, mask: npt.NDArray[np.bool_] | None
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Rows and columns at which `draw_arrows` puts arrows: the middles of squares of `step` px."""
    height, width = flow.shape[1:]
    rows, columns = (
        grid.ravel()
        for grid in np.meshgrid(
            np.arange(step // 2, height, step), np.arange(step // 2, width, step), indexing="ij"
        )
    )
    shown = np.hypot(*flow[:, rows, columns]) >= threshold_px
    if mask is not None:
        shown &= mask[rows, columns]
    return rows[shown], columns[shown]


def get_arrows(
    flow: Any, base_img: Picture | None = None, step: int = 8, mask: npt.NDArray[np.bool_] | None = None
) -> Picture:
    """Draw a flow as arrows, on black unless there is an image to draw on.

    Args:
        flow: Tensor or array, float (2, H, W), x then y, in px.
        base_img: uint8 RGB (H, W, 3), best with little color; not modified.
        step: Distance between arrows in px.
        mask: bool (H, W), where arrows may be drawn.

    Returns:
        uint8 RGB (H, W, 3).

    Example:
        >>> import torch
        >>> from wholefield.flow import get_arrows
        >>> get_arrows(torch.full((2, 32, 32), 5.0)).shape
        (32, 32, 3)
    """
    values = np.asarray(flow.detach().cpu().numpy() if hasattr(flow, "detach") else flow)
    canvas = np.zeros((*values.shape[1:], 3), np.uint8) if base_img is None else base_img
    return draw_arrows(canvas, values, step=step, convert_img_to_gray=False, mask=mask)
