"""Pictures of flow: coloured arrows, dense colours, grids of batches, demo videos."""

from wholefield.flow.viz.arrows import convert_to_gray, draw_arrows, get_arrows
from wholefield.flow.viz.colors import colour_wheel, flow_colours

__all__ = [
    "colour_wheel",
    "convert_to_gray",
    "draw_arrows",
    "flow_colours",
    "get_arrows",
]
