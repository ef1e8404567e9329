"""The rail at the left edge: one button for each workspace, the one in sight marked."""

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolBar, QWidget

from wholefield_app.actions.registry import BoundAction

ICON = 24
BUTTON_WIDTH = 64


class Rail(QToolBar):
    """Shows the actions that enter the workspaces, with their short names under the icons."""

    def __init__(self, entries: Iterable[tuple[str, BoundAction]], parent: QWidget) -> None:
        """Take the label and the action of each workspace."""
        super().__init__("Workspaces", parent)
        self.setObjectName("rail")
        self.setMovable(False)
        self.setOrientation(Qt.Orientation.Vertical)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        self.setIconSize(self.iconSize().scaled(ICON, ICON, Qt.AspectRatioMode.KeepAspectRatio))
        # The window could not be used without it.
        self.toggleViewAction().setVisible(False)
        for label, action in entries:
            action.setIconText(label)
            self.addAction(action)
            self.widgetForAction(action).setFixedWidth(BUTTON_WIDTH)
