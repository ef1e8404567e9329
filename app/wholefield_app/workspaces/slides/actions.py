"""The actions that only slides have: what is laid over them, where the view goes, layers and the inspector."""

from __future__ import annotations

from functools import partial
from shlex import quote
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QInputDialog

from wholefield_app.actions import Action, Menu
from wholefield_app.actions.action import requires
from wholefield_app.document import dialogs
from wholefield_app.document.actions import is_open
from wholefield_app.workspaces.slides.go_to import QUESTION

if TYPE_CHECKING:
    from wholefield_app.workspaces.slides.workspace import SlidesWorkspace

INSPECTOR = "slides.inspector"
ADD_LAYER, REMOVE_LAYER = "slides.add_layer", "slides.remove_layer"


def overlay_actions(space: SlidesWorkspace) -> list[Action]:
    """Show and hide what lies over the slide, go to a position, add and remove layers."""
    overlays, prediction = space.overlays, space.prediction

    def toggle_grid() -> None:
        overlays.show_grid(not overlays.grid_shown)

    def toggle_map() -> None:
        overlays.show_map(not overlays.map_shown)

    def toggle_inspector() -> None:
        space.panel_wanted.emit(INSPECTOR, not space.inspector.active)

    def can_remove_layer() -> bool:
        layer = space.layers_panel.selected
        return layer is not None and layer.removable

    def remove_layer() -> None:
        if (layer := space.layers_panel.selected) is not None:
            space.view.remove_layer(layer)

    return [
        Action(
            "slides.grid", "&Tile grid", Menu.VIEW, toggle_grid, "grid",
            "Draw the tiles of the selected size over the slide.",
            shortcut="Ctrl+G", group="overlays", on_toolbar=True, checked_when=lambda: overlays.grid_shown,
        ),
        Action(
            "slides.map", "Prediction &map", Menu.VIEW, toggle_map, "map",
            "Overlay the prediction map on the slide.", shortcut="Ctrl+M", group="overlays", on_toolbar=True,
            enabled_when=lambda: requires((prediction.result is not None, "Predict on the open slide first.")),
            checked_when=lambda: overlays.map_shown and prediction.result is not None,
        ),
        Action(
            "slides.actual_size", "Actual size (1:1)", Menu.VIEW, partial(space.view.zoom_to, 1.0), "zoom-in",
            "Show one pixel of the full resolution on one of the screen.", shortcut="Ctrl+Alt+1", group="zoom",
            enabled_when=is_open(space),
        ),
        Action(
            "slides.go_to", "Go to a position…", Menu.VIEW, partial(ask_where_to, space), "search",
            "Bring a position, in pixels or µm, to the middle of the view.", shortcut="Ctrl+Shift+G",
            group="zoom", enabled_when=is_open(space),
        ),
        Action(
            ADD_LAYER, "Add &layer…", Menu.FILE, partial(ask_for_layer, space), "labels",
            "Show a label image, a DICOM segmentation or a map of values of the open slide over it.",
            shortcut="Ctrl+L", group="file", enabled_when=is_open(space),
        ),
        Action(
            "slides.find_tissue", "Find tissue", Menu.VIEW, space.find_tissue, "labels",
            "Show where the slide has tissue, by its color at low resolution, as a layer.", group="overlays",
            enabled_when=is_open(space), command=partial(tissue_command, space),
        ),
        Action(
            REMOVE_LAYER, "Remove the layer", Menu.VIEW, remove_layer, "close",
            "Take the selected layer away, if it was added.", group="overlays",
            enabled_when=lambda: requires((can_remove_layer(), "Select a layer that was added.")),
        ),
        Action(
            INSPECTOR, "&Inspector", Menu.VIEW, toggle_inspector, "inspector",
            "Show the layers of the network, the receptive field of each where you click, and the cost of tiles.",
            shortcut="Ctrl+Shift+I", group="overlays", on_toolbar=True,
            checked_when=lambda: space.inspector.active, command=lambda: space.inspector.command(),
        ),
    ]  # fmt: skip


def ask_for_layer(space: SlidesWorkspace) -> None:
    """Let the user choose a label image or map for the open slide."""
    if (slide := space.document.path) is not None:
        filters = dialogs.open_filters(space.entry.kind)
        path = dialogs.ask_for_file(space.central, f"Add a layer to {slide.name}", slide.parent, filters)
        if path is not None:
            space.add_layer(path)


def ask_where_to(space: SlidesWorkspace) -> None:
    """Let the user name a position."""
    text, accepted = QInputDialog.getText(space.central, "Go to a position", QUESTION)
    if accepted and text.strip():
        space.go_to(text)


def tissue_command(space: SlidesWorkspace) -> str | None:
    """The command line that finds the tissue of the open slide."""
    slide = space.document.path
    return f"wholefield tissue {quote(str(slide))} tissue.geojson" if slide is not None else None
