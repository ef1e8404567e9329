"""Labeling of the open stack: labels, a hand and a layer for every plane, and the training that is set up with them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from wholefield.errors import SettingError
from wholefield.sources.kinds import Kind
from wholefield.tasks.stacks.output_settings import StackExportSettings
from wholefield_app.actions import Action, Menu
from wholefield_app.actions.action import Availability, requires
from wholefield_app.document import dialogs
from wholefield_app.document.commands import command_of
from wholefield_app.labeling.actions import FileWords, label_actions
from wholefield_app.labeling.stack_hand import StackHand
from wholefield_app.labeling.stack_labels import StackLabels
from wholefield_app.labeling.tools import Tool
from wholefield_app.labeling.voxel_layer import VoxelLayer
from wholefield_app.problems import Problem
from wholefield_app.workspaces.stacks.prediction import FORMATS, export

if TYPE_CHECKING:
    from wholefield.sources import StackSource
    from wholefield_app.workspaces.stacks.workspace import StacksWorkspace

WORDS = FileWords(
    take="Add a mask, NRRD segments, an export of ilastik or a label image of the same size to the labels.",
    export="Write the labels as TIFF, NIfTI or OME-Zarr.",
    train="Set up a segmentation that is trained on the labeled voxels of the open stack.",
)


class StackLabeling(QObject):
    """Draws labels on the planes of a workspace.

    Attributes:
        labels: The labels.
        hands: What mouse and keys do to them, over the large plane and the two others.
    """

    def __init__(self, space: StacksWorkspace) -> None:
        super().__init__(space)
        self._space = space
        self.labels = StackLabels(space.services, self)
        self.hands: list[StackHand] = []
        self._planes = (space.view.main, *space.view.sides)
        for plane in self._planes:
            hand = StackHand(self.labels, space.services, space.view, plane, self)
            plane.hand = hand
            plane.layers = (VoxelLayer(self.labels, hand, space.view, plane),)
            hand.changed.connect(plane.update)
            self.hands.append(hand)
        self.labels.changed.connect(self._show)

    def look_at(self, stack: StackSource | None) -> None:
        """Label another stack, or none."""
        for hand in self.hands:
            hand.drop()
        self.labels.look_at(stack)

    def actions(self) -> list[Action]:
        """What a user can do with labels."""
        return [
            *label_actions(self.labels, WORDS, self._ask_for_file, self._ask_to_export, self.set_up_training),
            Action(
                "stacks.interpolate", "Interpolate &slices", Menu.LABEL, self.interpolate, "interpolate",
                "Fill the gap between slices with the chosen class that the large view is in.",
                shortcut="Ctrl+B", group="tools", enabled_when=self._can_interpolate,
            ),
        ]  # fmt: skip

    def interpolate(self) -> None:
        """Fill the slices next to that of the large plane between those that have the chosen class."""
        view = self._space.view
        self.labels.interpolate(view.axis, view.position[view.axis])

    def set_up_training(self) -> None:
        """Choose a segmentation on the labeled voxels, and show its settings."""
        from wholefield.tasks.stacks.data.drawn import drawn_training

        labels, stack = self.labels, self._space.document.input
        if stack is None or labels.path is None:
            return
        labels.save_now()
        ignored = frozenset(each.value for each in labels.classes if each.name.startswith("Ignore"))
        try:
            planned = drawn_training(labels.voxels, ignored)
        except SettingError as error:
            self._space.services.report(Problem(str(error)))
            return
        self._space.draft.train_on_labels(labels.path, planned)
        self._space.panel_wanted.emit("stacks.training", True)

    def _can_interpolate(self) -> Availability:
        labels = self.labels
        return requires(
            (labels.ready, "Open a stack first; its labels must have been read."),
            (labels.current in labels.used, "Draw a class on two slices first."),
        )

    def _ask_for_file(self) -> None:
        path = self._space.document.path
        if path is not None:
            title, filters = f"Add labels to {path.name}", dialogs.open_filters(Kind.STACK)
            chosen = dialogs.ask_for_file(self._space.central, title, path.parent, filters)
            if chosen is not None:
                self.labels.take_over(chosen)

    def _ask_to_export(self) -> None:
        path = self._space.document.path
        if path is not None:
            suggestion = self._space.services.settings.last_folder / f"{path.name.split('.')[0]}_labels.tif"
            chosen = dialogs.ask_for_export(self._space.central, "Export the labels", suggestion, FORMATS)
            if chosen is not None and self.labels.path is not None:
                self.labels.save_now()
                settings = StackExportSettings(stack=self.labels.path, out=chosen, labels=True)
                self._space.export.begin(partial(export, settings), command_of(settings))

    @Slot()
    def _show(self) -> None:
        for hand, plane in zip(self.hands, self._planes, strict=True):
            if self.labels.tool is not Tool.POLYGON:
                hand.points = []
            plane.show_hand()
            plane.update()
