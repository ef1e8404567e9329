"""Pictures of flow: colored arrows, dense colors, grids of batches, demo videos."""

from wholefield.flow.viz.arrows import convert_to_gray, draw_arrows, get_arrows
from wholefield.flow.viz.colors import color_wheel, flow_colors

__all__ = [
    "color_wheel",
    "convert_to_gray",
    "draw_arrows",
    "flow_colors",
    "get_arrows",
]
