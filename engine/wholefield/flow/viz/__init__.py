"""Pictures of flow: colored arrows, dense colors, grids of batches, counted events."""

from wholefield.flow.viz.arrows import convert_to_gray, draw_arrows, get_arrows
from wholefield.flow.viz.colors import color_wheel, flow_colors
from wholefield.flow.viz.grid import draw_flow_on_grid

__all__ = [
    "color_wheel",
    "convert_to_gray",
    "draw_arrows",
    "draw_flow_on_grid",
    "flow_colors",
    "get_arrows",
]
