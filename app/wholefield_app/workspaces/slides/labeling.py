"""Labeling of the open slide: labels, hand and layer put together, and the trainings that are set up with them."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from wholefield_app.actions import Action
from wholefield_app.document import dialogs
from wholefield_app.labeling.actions import FileWords, label_actions
from wholefield_app.labeling.shape_layer import ShapeLayer
from wholefield_app.labeling.slide_hand import SlideHand
from wholefield_app.labeling.slide_labels import SlideLabels
from wholefield_app.labeling.tools import Tool

if TYPE_CHECKING:
    from wholefield.sources import ImageSource
    from wholefield_app.workspaces.slides.workspace import SlidesWorkspace

FILTERS = "Annotations (*.geojson *.json *.geojson.gz);;All files (*)"
FORMATS = {"GeoJSON (*.geojson)": (".geojson",), "Compressed GeoJSON (*.geojson.gz)": (".geojson.gz",)}
WORDS = FileWords(
    take="Add the shapes of a GeoJSON file, as QuPath exports it, to the labels.",
    export="Write the labels as GeoJSON, which QuPath opens.",
    train="Set up a segmentation that is trained on the labels of this slide and of the others in its folder.",
)


class Labeling(QObject):
    """Draws labels on the slide of a workspace.

    Attributes:
        labels: The labels.
        hand: What mouse and keys do to them.
        layer: How they are shown.
    """

    def __init__(self, space: SlidesWorkspace) -> None:
        super().__init__(space)
        self._space = space
        self.labels = SlideLabels(space.services, self)
        self.hand = SlideHand(self.labels, space.services, self)
        self.layer = ShapeLayer(self.labels, self.hand)
        space.view.add_layer(self.layer)
        space.view.hand = self.hand
        self.labels.changed.connect(self._show)
        self.hand.changed.connect(space.view.update)

    def look_at(self, slide: ImageSource | None) -> None:
        """Label another slide, or none."""
        self.hand.drop()
        self.hand.source = slide
        self.labels.look_at(slide)

    def actions(self) -> list[Action]:
        """What a user can do with labels."""
        return label_actions(
            self.labels, WORDS, self._ask_for_file, self._ask_to_export, self.set_up_training
        )

    def set_up_training(self) -> None:
        """Choose a segmentation on the labeled slides of the folder, and show its settings."""
        from wholefield.tasks.slides.labels.drawn_table import write_drawn_table

        slide, path = self.hand.source, self.labels.path
        if slide is None or path is None:
            return
        self.labels.save_now()
        services = self._space.services
        services.background.run(
            write_drawn_table,
            slide.path,
            path,
            then=partial(self._take_table, slide.path.parent),
            failed=services.report,
        )

    def _take_table(self, folder: Path, table: Path) -> None:
        self._space.draft.train_on_masks(folder, table)
        self._space.panel_wanted.emit("slides.training", True)

    def _ask_for_file(self) -> None:
        slide = self._space.document.path
        if slide is not None:
            path = dialogs.ask_for_file(
                self._space.central, f"Add labels to {slide.name}", slide.parent, FILTERS
            )
            if path is not None:
                self.labels.take_over(path)

    def _ask_to_export(self) -> None:
        slide = self._space.document.path
        if slide is not None:
            suggestion = self._space.services.settings.last_folder / f"{slide.stem}.geojson"
            path = dialogs.ask_for_export(self._space.central, "Export the labels", suggestion, FORMATS)
            if path is not None:
                self.labels.export(path)

    @Slot()
    def _show(self) -> None:
        if self.labels.tool is not Tool.POLYGON:
            self.hand.points = []
        self._space.view.show_hand()
        self._space.view.update()
