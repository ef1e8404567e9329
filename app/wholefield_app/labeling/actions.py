"""What a user can do with labels: tools, undo, files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from wholefield_app.actions import Action, Menu
from wholefield_app.actions.action import Availability, requires
from wholefield_app.labeling.drawn_labels import DrawnLabels
from wholefield_app.labeling.tools import Tool


@dataclass(frozen=True)
class FileWords:
    """What the tool tips of label files and of the training say.

    Attributes:
        take: What can be added.
        export: What is written.
        train: What is set up.
    """

    take: str
    export: str
    train: str


def label_actions(
    labels: DrawnLabels,
    words: FileWords,
    take: Callable[[], None],
    export: Callable[[], None],
    train: Callable[[], None],
) -> list[Action]:
    """The actions of labeling.

    Args:
        labels: The labels of what is open.
        words: What is said of files and training.
        take: Lets the user choose a file of labels to add.
        export: Lets the user choose where labels are written.
        train: Sets up a training on the labels.
    """
    name, closed = labels.workspace, f"Open a {labels.noun} first; its labels must have been read."

    def ready() -> Availability:
        return requires((labels.ready, closed))

    def after(holds: Callable[[], bool], reason: str) -> Callable[[], Availability]:
        return lambda: requires((labels.ready, closed), (holds(), reason))

    return [
        Action(
            f"{name}.undo", "&Undo", Menu.LABEL, labels.undo, "undo", "Undo the last change of the labels.",
            shortcut="Ctrl+Z", group="history",
            enabled_when=after(lambda: labels.history.can_undo, "There is nothing to undo."),
        ),
        Action(
            f"{name}.redo", "&Redo", Menu.LABEL, labels.redo, "redo", "Make the change again that was undone last.",
            shortcut="Ctrl+Y", group="history",
            enabled_when=after(lambda: labels.history.can_redo, "There is nothing to redo."),
        ),
        *(
            Action(
                f"{name}.{tool.value}", tool.label, Menu.LABEL, partial(labels.take_tool, tool), tool.value,
                tool.about, shortcut=tool.key, group="tools", enabled_when=ready,
                checked_when=partial(_in_hand, labels, tool),
            )
            for tool in labels.tools
        ),
        Action(
            f"{name}.take_labels", "&Add labels from a file…", Menu.LABEL, take, "folder", words.take,
            group="files", enabled_when=ready,
        ),
        Action(
            f"{name}.export_labels", "E&xport the labels…", Menu.LABEL, export, "export", words.export,
            group="files", enabled_when=after(lambda: bool(labels.used), "Draw a label first."),
        ),
        Action(
            f"{name}.train_on_labels", "Train on the &labels", Menu.LABEL, train, "start", words.train,
            group="training",
            enabled_when=after(
                lambda: len(labels.used - {0}) > 1,
                "Label areas of at least two classes first, such as cells and background.",
            ),
        ),
    ]  # fmt: skip


def _in_hand(labels: DrawnLabels, tool: Tool) -> bool:
    return labels.tool is tool
