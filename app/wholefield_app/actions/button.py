"""A push button that shows an action of the registry: same text, icon, tool tip and state."""

from PySide6.QtCore import Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QPushButton, QWidget


class ActionButton(QPushButton):
    """Follows `action`; with `only_when_enabled` it is there only while the action can be used."""

    def __init__(
        self,
        action: QAction,
        *,
        primary: bool = False,
        only_when_enabled: bool = False,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._action = action
        self._only_when_enabled = only_when_enabled
        self.setObjectName(f"button:{action.objectName()}")
        self.setProperty("role", "primary" if primary else "plain")
        self.clicked.connect(action.trigger)
        action.changed.connect(self._follow)
        self._follow()

    @Slot()
    def _follow(self) -> None:
        action = self._action
        self.setText(action.text().removesuffix("…").replace("&", ""))
        self.setToolTip(action.toolTip())
        self.setEnabled(action.isEnabled())
        if self.property("role") != "primary":
            self.setIcon(action.icon())
        if self._only_when_enabled:
            self.setVisible(action.isEnabled())
