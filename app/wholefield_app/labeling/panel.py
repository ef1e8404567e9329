"""The panel of labels: tools, the size of brush and wand, the classes with their counts and areas."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QColorDialog,
    QFormLayout,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QSlider,
    QTableWidget,
    QTableWidgetItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from wholefield.errors import SettingError
from wholefield.labels import LabelClass
from wholefield_app.actions import Registry
from wholefield_app.actions.button import ActionButton
from wholefield_app.forms.layout import form_layout
from wholefield_app.labeling.drawn_labels import LARGEST_RADIUS, SMALLEST_RADIUS, DrawnLabels
from wholefield_app.labeling.tools import Tool
from wholefield_app.theme.icons import icon
from wholefield_app.theme.theme import Theme
from wholefield_app.widgets.heading import muted
from wholefield_app.widgets.swatch import swatch

TOOLS_IN_ROW = 6
ICON = QSize(18, 18)
NAME, KEY, LOCK = range(3)
TITLES = ("Class", "Key", "Lock")
TIPS = (
    "The box shows or hides the labels of a class; a double click changes its name.",
    "The digit that chooses it while a tool is in hand.",
    "Labels of a locked class are neither painted over nor erased.",
)
VALUE = Qt.ItemDataRole.UserRole


class LabelsPanel(QWidget):
    """Shows the labels of what is open and changes their classes.

    Attributes:
        further_tools: Actions that have a button beside undo and redo.
    """

    further_tools: ClassVar[tuple[str, ...]] = ()

    def __init__(self, labels: DrawnLabels, registry: Registry, theme: Theme) -> None:
        super().__init__()
        self._labels = labels
        self._theme = theme
        self._filling = False
        self.hint = muted(labels.hint)
        self.table = self._make_table()
        self.column = layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.setSpacing(8)
        layout.addLayout(self._make_tools(registry))
        layout.addLayout(self._make_sizes())
        layout.addWidget(self.table, 1)
        layout.addLayout(self._make_class_buttons())
        for name in labels.trainings:
            layout.addWidget(ActionButton(registry[f"{labels.workspace}.{name}"], parent=self))
        layout.addWidget(self.hint)
        labels.changed.connect(self._show)
        self.use_theme(theme)
        self._show()

    @Slot(object)
    def use_theme(self, theme: Theme) -> None:
        """Draw the icons in the colors of `theme`."""
        self._theme = theme
        self.add.setIcon(icon("add", theme))
        self.remove.setIcon(icon("discard", theme))
        self.color.setIcon(icon("palette", theme))

    def _make_tools(self, registry: Registry) -> QGridLayout:
        grid = QGridLayout()
        grid.setSpacing(2)
        for column, name in enumerate((*self._labels.tools, "undo", "redo", *self.further_tools)):
            button = _action_button(registry, f"{self._labels.workspace}.{name}")
            grid.addWidget(button, column // TOOLS_IN_ROW, column % TOOLS_IN_ROW)
        grid.setColumnStretch(TOOLS_IN_ROW, 1)
        return grid

    def _make_sizes(self) -> QFormLayout:
        self.radius = _slider("Size of brush and eraser", int(SMALLEST_RADIUS), int(LARGEST_RADIUS))
        self.radius.valueChanged.connect(self._set_radius)
        self.tolerance = _slider("How far colors may lie apart for the wand, in percent", 1, 60)
        self.tolerance.valueChanged.connect(self._labels.set_tolerance)
        form = form_layout()
        form.addRow("Brush size", self.radius)
        form.addRow("Wand tolerance", self.tolerance)
        self._form = form
        return form

    def _make_table(self) -> QTableWidget:
        table = QTableWidget(0, len(TITLES))
        table.setAccessibleName("Classes of labels")
        for column, (title, tip) in enumerate(zip(TITLES, TIPS, strict=True)):
            item = QTableWidgetItem(title)
            item.setToolTip(tip)
            table.setHorizontalHeaderItem(column, item)
        table.verticalHeader().hide()
        table.setShowGrid(False)
        table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        table.setSelectionMode(QTableWidget.SelectionMode.SingleSelection)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        header.setMinimumSectionSize(24)
        table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        table.setMinimumHeight(96)
        table.itemChanged.connect(self._change)
        table.currentCellChanged.connect(self._choose)
        return table

    def _make_class_buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(4)
        self.add = _button("Add a class", "Add a class and draw with it.")
        self.remove = _button("Delete the class", "Delete the chosen class with all its labels.")
        self.color = _button("Color of the class", "Give the chosen class another color.")
        self.add.clicked.connect(self._add)
        self.remove.clicked.connect(self._remove)
        self.color.clicked.connect(self._ask_for_color)
        for button in (self.add, self.remove, self.color):
            row.addWidget(button)
        row.addStretch()
        return row

    @Slot()
    def _show(self) -> None:
        labels = self._labels
        self._filling = True
        hint, used = labels.hint, labels.used
        self.table.setRowCount(len(labels.classes))
        for row, each in enumerate(labels.classes):
            about = f"{each.name}: {labels.describe(each.value)}"
            self._fill(row, each, about)
            if each.value == labels.current:
                self.table.setCurrentCell(row, NAME)
                hint = f"{about}." if each.value in used else hint
        self.radius.setValue(round(labels.radius))
        self.tolerance.setValue(labels.tolerance)
        self._form.setRowVisible(self.radius, labels.tool.round)
        self._form.setRowVisible(self.tolerance, labels.tool is Tool.WAND)
        self.setEnabled(labels.ready)
        for button in (self.remove, self.color):
            button.setEnabled(labels.current in labels.classes)
        self.hint.setText(hint if labels.ready else f"Open a {labels.noun} to label it.")
        self._filling = False

    def _fill(self, row: int, each: LabelClass, about: str) -> None:
        for column, text in enumerate((each.name, each.key, "")):
            item = self._item(row, column)
            item.setText(text)
            item.setToolTip(about)
            item.setData(VALUE, each.value)
            editable = Qt.ItemFlag.ItemIsEditable if column in (NAME, KEY) else Qt.ItemFlag.NoItemFlags
            checkable = Qt.ItemFlag.ItemIsUserCheckable if column in (NAME, LOCK) else Qt.ItemFlag.NoItemFlags
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | editable | checkable)
        self._item(row, NAME).setCheckState(_state(each.visible))
        self._item(row, NAME).setIcon(swatch(each.color))
        self._item(row, LOCK).setCheckState(_state(each.locked))

    def _item(self, row: int, column: int) -> QTableWidgetItem:
        item = self.table.item(row, column)
        if item is None:
            item = QTableWidgetItem()
            self.table.setItem(row, column, item)
        return item

    @Slot(QTableWidgetItem)
    def _change(self, item: QTableWidgetItem) -> None:
        if self._filling:
            return
        value, column = item.data(VALUE), item.column()
        checked = item.checkState() is Qt.CheckState.Checked
        now = self._labels.classes[value]
        if column == NAME and item.text() != now.name:
            self._labels.change_class(value, name=item.text().strip())
        elif column == NAME:
            self._labels.change_class(value, visible=checked)
        elif column == KEY:
            self._labels.change_class(value, key=item.text().strip()[:1])
        elif column == LOCK:
            self._labels.change_class(value, locked=checked)

    @Slot(int)
    def _choose(self, row: int) -> None:
        item = self.table.item(row, NAME)
        if not self._filling and item is not None:
            self._labels.choose(item.data(VALUE))

    @Slot()
    def _add(self) -> None:
        taken, number = set(self._labels.classes.names), len(self._labels.classes) + 1
        while f"Class {number}" in taken:
            number += 1
        try:
            self._labels.add_class(f"Class {number}")
        except SettingError as error:
            self.hint.setText(str(error))
            return
        self.table.editItem(self._item(self.table.currentRow(), NAME))

    @Slot()
    def _remove(self) -> None:
        self._labels.remove_class(self._labels.current)

    @Slot()
    def _ask_for_color(self) -> None:
        each = self._labels.classes[self._labels.current]
        color = QColorDialog.getColor(QColor(*each.color), self, f"Color of {each.name}")
        if color.isValid():
            self._labels.change_class(each.value, color=(color.red(), color.green(), color.blue()))

    @Slot(int)
    def _set_radius(self, radius: int) -> None:
        if not self._filling:
            self._labels.set_radius(float(radius))


def _state(on: bool) -> Qt.CheckState:
    return Qt.CheckState.Checked if on else Qt.CheckState.Unchecked


def _button(text: str, about: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setAccessibleName(text)
    button.setToolTip(about)
    button.setIconSize(ICON)
    button.setAutoRaise(True)
    return button


def _action_button(registry: Registry, name: str) -> QToolButton:
    button = QToolButton()
    button.setDefaultAction(registry[name])
    button.setIconSize(ICON)
    button.setAutoRaise(True)
    return button


def _slider(name: str, low: int, high: int) -> QSlider:
    slider = QSlider(Qt.Orientation.Horizontal)
    slider.setRange(low, high)
    slider.setToolTip(name)
    slider.setAccessibleName(name)
    return slider
