"""The flows of a batch side by side, one picture for every time bin."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from wholefield.flow.viz.arrows import convert_to_gray, get_arrows
from wholefield.flow.viz.colors import Picture, flow_colors

MakeImage = Callable[[npt.NDArray[np.float32]], Picture]


def draw_flow_on_grid(
    input_tensor: Any,
    flows: Sequence[Any],
    grid: npt.NDArray[np.uint8],
    make_img_fun: MakeImage,
    scale: int = -1,
    step: int = 8,
    mask_by_input: bool = True,
    draw_dense: bool = False,
) -> npt.NDArray[np.uint8]:
    """Fill a grid with pictures of features in gray and their flow as colored arrows.

    Element b of the batch is in row b // n and column b % n of a grid with n columns. A flow of a coarser scale is
    upsampled to the size of the features, its vectors too.

    Args:
        input_tensor: Features, float (T, B, C, H, W).
        flows: Flows of rising resolution, each (T, B, 2, h, w), in px of their own scale.
        grid: uint8 (T, m * H, n * W, 3) with m * n >= B; drawn into.
        make_img_fun: Makes an RGB image (H, W, 3) of the features (C, H, W) of one bin.
        scale: Index of the flow to show.
        step: Distance between arrows in px.
        mask_by_input: Whether flow is shown only where features are nonzero.
        draw_dense: Whether to show the flow of every pixel as a color instead of arrows.

    Returns:
        The grid.

    Example:
        >>> import numpy as np
        >>> from wholefield.flow.representations import viz_histo
        >>> from wholefield.flow.viz import draw_flow_on_grid
        >>> features, flow = np.ones((3, 2, 2, 24, 32), np.float32), np.full((3, 2, 2, 24, 32), 5.0)
        >>> grid = np.zeros((3, 24, 64, 3), np.uint8)
        >>> bool(draw_flow_on_grid(features, [flow], grid, viz_histo)[:, :, 32:].any())
        True
    """
    features, flow = as_array(input_tensor), as_array(flows[scale])
    height, width = features.shape[3:]
    columns = grid.shape[2] // width
    for index, element in np.ndindex(features.shape[:2]):
        frame = features[index, element]
        vectors = enlarged(flow[index, element], height, width)
        mask = (frame != 0).any(0) if mask_by_input else None
        picture = convert_to_gray(make_img_fun(frame))
        top, left = element // columns * height, element % columns * width
        drawn = dense(picture, vectors, mask) if draw_dense else get_arrows(vectors, picture, step, mask)
        grid[index, top : top + height, left : left + width] = drawn
    return grid


def as_array(tensor: Any) -> npt.NDArray[np.float32]:
    """A tensor or an array as an array."""
    return np.asarray(tensor.detach().float().cpu().numpy() if hasattr(tensor, "detach") else tensor)


def enlarged(flow: npt.NDArray[np.float32], height: int, width: int) -> npt.NDArray[np.float32]:
    """A flow (2, h, w) in px of its own scale as one (2, height, width) in px of that size, nearest neighbor."""
    rows, columns = flow.shape[1:]
    if (rows, columns) == (height, width):
        return flow
    # Levels are the ceiling of halves, so the ratio is a power of two whatever the size.
    factor = 1
    while -(-height // factor) > rows:
        factor *= 2
    y, x = np.arange(height) // factor, np.arange(width) // factor
    return flow[:, y.clip(max=rows - 1)][:, :, x.clip(max=columns - 1)] * factor


def dense(picture: Picture, flow: npt.NDArray[np.float32], mask: npt.NDArray[np.bool_] | None) -> Picture:
    """The colors of a flow; the picture stays where a mask leaves flow out."""
    colors = flow_colors(flow)
    return colors if mask is None else np.where(mask[..., None], colors, picture)
