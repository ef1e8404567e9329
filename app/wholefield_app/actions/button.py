"""A push button that shows an action of the registry: same text, icon, tool tip and state."""

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Slot
from PySide6.QtGui import QAction, QPaintEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QStyle, QStyleOptionButton, QStylePainter, QWidget

NARROWEST = 64
BESIDE_ICON = 6


class ActionButton(QPushButton):
    """Follows `action`; with `only_when_enabled` it is visible only while the action is enabled."""

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
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setObjectName(f"button:{action.objectName()}")
        self.setProperty("role", "primary" if primary else "plain")
        self.setCheckable(action.isCheckable())
        self.clicked.connect(action.trigger)
        action.changed.connect(self._follow)
        self._follow()

    def sizeHint(self) -> QSize:
        """Wide enough for icon and text: some styles leave no room between them."""
        whole = super().sizeHint()
        missing = self.fontMetrics().horizontalAdvance(self.text()) - self._room(whole)
        return QSize(whole.width() + max(missing, 0), whole.height())

    def minimumSizeHint(self) -> QSize:
        """Narrower than its text, if need be: the tool tip says what the button does."""
        whole = super().minimumSizeHint()
        return QSize(min(whole.width(), NARROWEST), whole.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the button; a text that is too long ends with an ellipsis."""
        option = QStyleOptionButton()
        self.initStyleOption(option)
        room = self._room(self.size())
        option.text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, room)
        painter = QStylePainter(self)
        painter.drawControl(QStyle.ControlElement.CE_PushButton, option)

    def _room(self, size: QSize) -> int:
        """The width that is left for the text in a button of a size."""
        option = QStyleOptionButton()
        self.initStyleOption(option)
        option.rect = QRect(QPoint(), size)
        room = self.style().subElementRect(QStyle.SubElement.SE_PushButtonContents, option, self).width()
        return room if option.icon.isNull() else room - option.iconSize.width() - BESIDE_ICON

    @Slot()
    def _follow(self) -> None:
        action = self._action
        self.setText(action.text().removesuffix("…").replace("&", ""))
        self.setToolTip(action.toolTip())
        self.setEnabled(action.isEnabled())
        self.setChecked(action.isChecked())
        if self.property("role") != "primary":
            self.setIcon(action.icon())
        if self._only_when_enabled:
            self.setVisible(action.isEnabled())
