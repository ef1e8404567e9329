"""The link at the end of a form that unfolds the settings which are seldom changed."""

from PySide6.QtCore import QPoint, QTimer, Slot
from PySide6.QtWidgets import QPushButton, QScrollArea, QWidget


class MoreSettings(QPushButton):
    """Unfolds a section below it, and brings that into sight.

    Attributes:
        section: Takes the rows; to be placed below the link.
    """

    def __init__(self) -> None:
        super().__init__("More settings")
        self.setCheckable(True)
        self.setProperty("role", "link")
        self.section = QWidget()
        self.section.hide()
        self.toggled.connect(self._unfold)

    @Slot(bool)
    def _unfold(self, unfolded: bool) -> None:
        self.section.setVisible(unfolded)
        if unfolded:
            # The area that scrolls the form learns of its new height when control is back in the event loop.
            QTimer.singleShot(0, self._bring_up)

    @Slot()
    def _bring_up(self) -> None:
        area = self.parentWidget()
        while area is not None and not isinstance(area, QScrollArea):
            area = area.parentWidget()
        content = area.widget() if area is not None else None
        if area is not None and content is not None:
            area.verticalScrollBar().setValue(self.mapTo(content, QPoint()).y())
