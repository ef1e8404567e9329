"""The panel of labels of a stack: what slides have, the values to paint on, and filling between slices."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Slot
from PySide6.QtWidgets import QCheckBox, QHBoxLayout

from wholefield_app.actions import Registry
from wholefield_app.labeling.panel import LabelsPanel
from wholefield_app.labeling.stack_labels import StackLabels
from wholefield_app.panels.levels_panel import NumberField
from wholefield_app.theme.theme import Theme

ABOUT = "Paint only voxels whose value lies between these two, both included."


class StackLabelsPanel(LabelsPanel):
    """Shows the labels of the open stack and changes their classes."""

    further_tools = ("interpolate",)

    def __init__(self, labels: StackLabels, registry: Registry, theme: Theme) -> None:
        self._stack_labels = labels
        super().__init__(labels, registry, theme)
        self.limited = QCheckBox("Only values between")
        self.limited.setToolTip(ABOUT)
        self.low, self.high = (
            NumberField("Lowest value to paint on"),
            NumberField("Highest value to paint on"),
        )
        row = QHBoxLayout()
        row.setSpacing(6)
        for field in (self.low, self.high):
            row.addWidget(field, 1)
        self.column.insertWidget(2, self.limited)
        self.column.insertLayout(3, row)
        self.limited.toggled.connect(self._limit)
        for field in (self.low, self.high):
            field.valueChanged.connect(self._limit)
        self._limit()

    def offer_limits(self, low: float, high: float) -> None:
        """Put two values into the fields, as long as they do not count."""
        if not self.limited.isChecked():
            for field, value in ((self.low, low), (self.high, high)):
                with QSignalBlocker(field):
                    field.setValue(value)
                    field.setSingleStep((high - low) / 50)

    @Slot()
    def _limit(self) -> None:
        on = self.limited.isChecked()
        for field in (self.low, self.high):
            field.setVisible(on)
        self._stack_labels.set_limits((self.low.value(), self.high.value()) if on else None)
