"""What a user can do with labels: tools, undo, files."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from wholefield_app.actions import Action, Menu
from wholefield_app.actions.action import Availability, requires
from wholefield_app.labeling.slide_labels import SlideLabels
from wholefield_app.labeling.tools import Tool

NO_SLIDE = "Open a slide first; its labels must have been read."


def label_actions(
    labels: SlideLabels, take: Callable[[], None], export: Callable[[], None], train: Callable[[], None]
) -> list[Action]:
    """The actions of labeling.

    Args:
        labels: The labels of the open slide.
        take: Lets the user choose a file of labels to add.
        export: Lets the user choose where labels are written.
        train: Sets up a training on the labels.
    """

    def ready() -> Availability:
        return requires((labels.ready, NO_SLIDE))

    def after(holds: Callable[[], bool], reason: str) -> Callable[[], Availability]:
        return lambda: requires((labels.ready, NO_SLIDE), (holds(), reason))

    return [
        Action(
            "slides.undo", "&Undo", Menu.LABEL, labels.undo, "undo", "Undo the last change of the labels.",
            shortcut="Ctrl+Z", group="history",
            enabled_when=after(lambda: labels.annotations.history.can_undo, "There is nothing to undo."),
        ),
        Action(
            "slides.redo", "&Redo", Menu.LABEL, labels.redo, "redo", "Make the change again that was undone last.",
            shortcut="Ctrl+Y", group="history",
            enabled_when=after(lambda: labels.annotations.history.can_redo, "There is nothing to redo."),
        ),
        *(
            Action(
                f"slides.{tool.value}", tool.label, Menu.LABEL, partial(labels.take_tool, tool), tool.value,
                tool.about, shortcut=tool.key, group="tools", enabled_when=ready,
                checked_when=partial(_in_hand, labels, tool),
            )
            for tool in Tool
        ),
        Action(
            "slides.take_labels", "&Add labels from a file…", Menu.LABEL, take, "folder",
            "Add the shapes of a GeoJSON file, as QuPath exports it, to the labels.", group="files",
            enabled_when=ready,
        ),
        Action(
            "slides.export_labels", "E&xport the labels…", Menu.LABEL, export, "export",
            "Write the labels as GeoJSON, which QuPath opens.", group="files",
            enabled_when=after(lambda: len(labels.annotations) > 0, "Draw a label first."),
        ),
        Action(
            "slides.train_on_labels", "Train on the &labels", Menu.LABEL, train, "start",
            "Set up a segmentation that is trained on the labels of this slide and of the others in its folder.",
            group="training",
            enabled_when=after(
                lambda: len([n for n in labels.annotations.counts() if n]) > 1,
                "Label areas of at least two classes first, such as cells and background.",
            ),
        ),
    ]  # fmt: skip


def _in_hand(labels: SlideLabels, tool: Tool) -> bool:
    return labels.tool is tool
