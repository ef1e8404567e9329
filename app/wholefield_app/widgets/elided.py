"""Texts that may be longer than their place: the middle is left out, the tool tip has the whole."""

from PySide6.QtCore import QRect, QSize, Qt, Slot
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QStyle,
    QStyleOptionComboBox,
    QStyleOptionFrame,
    QStylePainter,
    QWidget,
)

NARROWEST = 24


def elided(text: str, font: QFont, width: int) -> str:
    """What of a text fits into `width` px: both ends of it, and of a path its last part whole, where there is room."""
    metrics = QFontMetrics(font)
    folder, slash, name = text.rpartition("/")
    room = width - metrics.horizontalAdvance(f"{slash}{name}")
    if folder and metrics.horizontalAdvance(text) > width and room >= metrics.horizontalAdvance("…"):
        return f"{metrics.elidedText(folder, Qt.TextElideMode.ElideRight, room)}{slash}{name}"
    return metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, width)


class ElidedLabel(QLabel):
    """A label of one line that never makes its panel wider.

    Attributes:
        about: Stands in the tool tip before the text; without it there is a tool tip only where the text is cut.
    """

    def __init__(self, text: str = "", about: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.about = about
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    @property
    def shown(self) -> str:
        """What of the text can be read."""
        return elided(self.text(), self.font(), self.contentsRect().width())

    def minimumSizeHint(self) -> QSize:
        """As narrow as may be."""
        return QSize(NARROWEST, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Offer the whole text where it is cut now."""
        super().resizeEvent(event)
        self._describe()

    def setText(self, text: str) -> None:
        """Show another text."""
        super().setText(text)
        self._describe()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the text without its middle where it is too long."""
        with QPainter(self) as painter:
            painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
            painter.drawText(
                self.contentsRect(), self.alignment() | Qt.AlignmentFlag.AlignVCenter, self.shown
            )

    def _describe(self) -> None:
        cut = self.shown != self.text()
        self.setToolTip("\n".join(part for part in (self.about, self.text() if cut else "") if part))


class ElidedLine(QLineEdit):
    """A line for a path: both of its ends are in sight until it is edited."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.textChanged.connect(self._describe)

    @property
    def shown(self) -> str:
        """What of the text can be read while it is not edited."""
        return elided(self.text(), self.font(), self._room().width())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the frame, and the text without its middle; Qt paints a line that is edited or is short enough."""
        if self.hasFocus() or self.shown == self.text():
            super().paintEvent(event)
            return
        option = QStyleOptionFrame()
        self.initStyleOption(option)
        group = QPalette.ColorGroup.Active if self.isEnabled() else QPalette.ColorGroup.Disabled
        with QPainter(self) as painter:
            self.style().drawPrimitive(QStyle.PrimitiveElement.PE_PanelLineEdit, option, painter, self)
            painter.setPen(option.palette.color(group, QPalette.ColorRole.Text))
            painter.drawText(
                self._room(), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self.shown
            )

    def _room(self) -> QRect:
        """Where the text stands."""
        option = QStyleOptionFrame()
        self.initStyleOption(option)
        room = self.style().subElementRect(QStyle.SubElement.SE_LineEditContents, option, self)
        margins = self.textMargins()
        # Qt itself keeps two pixels on each side of the text.
        return room.adjusted(margins.left() + 2, 0, -margins.right() - 2, 0)

    @Slot(str)
    def _describe(self, text: str) -> None:
        self.setToolTip(text)


class ElidedCombo(QComboBox):
    """A list whose entry loses its middle where it is too long; Qt would cut off its end."""

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint frame, arrow and text."""
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        field = QStyle.SubControl.SC_ComboBoxEditField
        room = self.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, field, self)
        text = self.currentText() or self.placeholderText()
        option.currentText = elided(text, self.font(), room.width() - 2)
        painter = QStylePainter(self)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
