"""Fields for numbers that read what people type by the one rule of the engine, whatever the locale.

Qt's own spin boxes read by the locale: in German `1.000` becomes a thousand without a word, in English `1,000` does,
and the other sign of decimals cannot be typed at all. Here both signs of decimals may be typed everywhere, and what can
be read as two numbers is refused with a sentence beside the field.
"""

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent, QValidator
from PySide6.QtWidgets import QAbstractSpinBox, QDoubleSpinBox, QSpinBox, QToolTip, QWidget

from wholefield.numbers import AmbiguousNumberError, clear, number_as

GROUP_SIGN = "\u00a0"
"""A no-break space between groups of three digits: no decimal sign anywhere, and every font has one."""
State = QValidator.State


def reason_against(kind: type[int] | type[float], text: str, low: float, high: float) -> str:
    """Why a text cannot be the number of a field, as a sentence; empty where it can.

    Args:
        kind: Whether the number must be whole.
        text: What was typed.
        low: Smallest number.
        high: Largest number.
    """
    try:
        value = number_as(kind, text)
    except AmbiguousNumberError as error:
        return str(error)
    except ValueError as error:
        return f"{error}.".capitalize() if text.strip() else "Type a number."
    if low <= value <= high:
        return ""
    return f"{clear(f'{value:.12g}')} is not between {clear(f'{low:.12g}')} and {clear(f'{high:.12g}')}."


class WholeValidator(QValidator):
    """Lets a line take whole numbers between two limits."""

    def __init__(self, low: int, high: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._low, self._high = low, high

    def validate(self, text: str, position: int) -> tuple[State, str, int]:
        """Accept what the engine reads as a whole number."""
        reason = reason_against(int, text, self._low, self._high)
        return (State.Intermediate if reason else State.Acceptable), text, position


if TYPE_CHECKING:
    _Box = QAbstractSpinBox
else:
    # At run time the class of Qt comes from the boxes themselves.
    _Box = object


class _AsTyped(_Box):
    """What the two kinds of boxes have in common, before the class of Qt among their parents.

    Attributes:
        problem: Why what was typed last was refused, as a sentence; empty where it was taken.
    """

    problem = ""

    def validate(self, text: str, position: int) -> tuple[State, str, int]:
        """Accept what `valueFromText` understands."""
        return (State.Intermediate if fault_of(self, text) else State.Acceptable), text, position

    def fixup(self, text: str) -> str:
        """Leave what is not taken as it is: Qt would drop the signs that its locale knows, and take what is left."""
        return text

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Say why what was typed is not taken."""
        tell(self)
        super().focusOutEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Say on Enter why what was typed is not taken."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            tell(self)
        super().keyPressEvent(event)


class WholeBox(_AsTyped, QSpinBox):
    """A whole number."""

    def textFromValue(self, value: int) -> str:
        """The digits, with no-break spaces between groups where they are shown."""
        return grouped(f"{value:d}") if self.isGroupSeparatorShown() else f"{value:d}"

    def valueFromText(self, text: str) -> int:
        """What the engine reads."""
        try:
            return int(number_as(int, typed(self, text)))
        except ValueError:
            return self.value()


class RealBox(_AsTyped, QDoubleSpinBox):
    """A number."""

    def textFromValue(self, value: float) -> str:
        """The digits with a point before the decimals; no-break spaces between groups where they are shown."""
        text = clear(f"{value:.{self.decimals()}f}")
        return grouped(text) if self.isGroupSeparatorShown() else text

    def valueFromText(self, text: str) -> float:
        """What the engine reads: any notation of a number, 1e-3 and 0,001 too."""
        try:
            return float(number_as(float, typed(self, text)))
        except ValueError:
            return self.value()


def grouped(digits: str) -> str:
    """Digits with no-break spaces between groups of three before the decimals."""
    whole, point, decimals = digits.partition(".")
    if not whole.lstrip("-").isdigit():
        return digits
    return f"{int(whole):,}".replace(",", GROUP_SIGN) + point + decimals


def typed(box: QAbstractSpinBox, text: str) -> str:
    """The number in the text of a spin box, without what stands before and behind it."""
    assert isinstance(box, QSpinBox | QDoubleSpinBox)
    text = text.removeprefix(box.prefix()).removesuffix(box.suffix())
    return text.strip().removesuffix(box.suffix().strip())


def fault_of(box: QAbstractSpinBox, text: str) -> str:
    """Why the text of a spin box cannot be taken, as a sentence; empty where it can."""
    assert isinstance(box, WholeBox | RealBox)
    if box.specialValueText() and text == box.specialValueText():
        return ""
    kind = int if isinstance(box, WholeBox) or not box.decimals() else float
    return reason_against(kind, typed(box, text), box.minimum(), box.maximum())


def tell(box: _AsTyped) -> None:
    """Say beside a spin box why the text in it is not taken; Qt then puts the last number back."""
    box.problem = fault_of(box, box.text())
    box.setAccessibleDescription(box.problem)
    if box.problem:
        QToolTip.showText(box.mapToGlobal(QPoint(0, box.height())), box.problem, box)
