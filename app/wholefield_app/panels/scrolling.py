"""Lets a panel be lower than what is in it."""

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget


class UpAndDown(QScrollArea):
    """Scrolls up and down, never sideways: it is always wide enough for what is in it."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widgetResizable=True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(widget)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Get wider with the content; Qt itself asks for its width only once."""
        if event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().eventFilter(watched, event)

    def minimumSizeHint(self) -> QSize:
        """As wide as its content and the scroll bar."""
        content = self.widget()
        width = content.minimumSizeHint().width() if content is not None else 0
        width += self.verticalScrollBar().sizeHint().width()
        return QSize(width, super().minimumSizeHint().height())


def scrolling(widget: QWidget) -> UpAndDown:
    """An area that scrolls `widget` up and down where it is too low for it."""
    widget.setObjectName(widget.objectName() or "scrolled")
    return UpAndDown(widget)
