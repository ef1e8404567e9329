"""metavision_ml.flow.viz: pictures of flow."""

from wholefield.flow.viz.arrows import convert_to_gray, draw_arrows, get_arrows
from wholefield.flow.viz.grid import draw_flow_on_grid

__all__ = ["convert_to_gray", "draw_arrows", "draw_flow_on_grid", "get_arrows"]
