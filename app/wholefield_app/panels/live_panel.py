"""The panel of a live training: its state, the confusion matrix of held-out strokes, and the places that are worst."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Slot
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QHeaderView,
    QListWidget,
    QListWidgetItem,
    QSlider,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from wholefield.runs.reports import StrokesJudged, WrongPlace
from wholefield_app.actions import Registry
from wholefield_app.actions.button import ActionButton
from wholefield_app.theme.theme import Theme
from wholefield_app.widgets.heading import heading, muted

if TYPE_CHECKING:
    from wholefield_app.workspaces.slides.live_training import LiveTraining

EMPTY = (
    "Draw a few strokes of each class, then train: the map appears over what is in view and gets better while you go "
    "on drawing. Correct it where it is wrong."
)
FEW = "No stroke is held out yet: of every class each fourth one is. The map has to be judged by eye."
TICK_MS = 1000
ROW_HEIGHT = 26
SHADE = 0.35


class LivePanel(QWidget):
    """Shows a live training."""

    def __init__(self, live: LiveTraining, registry: Registry, theme: Theme) -> None:
        super().__init__()
        self._live = live
        self._theme = theme
        self._shown: StrokesJudged | None = None
        self.state = muted(EMPTY)
        self.visible = QCheckBox("Show the map")
        self.visible.toggled.connect(live.show_map)
        self.opacity = QSlider(Qt.Orientation.Horizontal)
        self.opacity.setRange(0, 100)
        self.opacity.setToolTip("Opacity of the map")
        self.opacity.setAccessibleName("Opacity of the live map")
        self.opacity.valueChanged.connect(self._set_opacity)
        self.about = muted()
        self.table = self._make_table()
        self.places = QListWidget()
        self.places.setAccessibleName("Places where the network is wrong")
        self.places.setToolTip("Click a place to go there.")
        self.places.itemClicked.connect(self._visit)
        self.table_title, self.places_title = heading("Confusion matrix"), heading("Worst places")
        look = QHBoxLayout()
        look.addWidget(self.visible)
        look.addWidget(self.opacity, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 12)
        layout.setSpacing(8)
        buttons = QHBoxLayout()
        buttons.addWidget(ActionButton(registry["slides.train_live"], parent=self))
        buttons.addWidget(ActionButton(registry["slides.stop"], only_when_enabled=True, parent=self))
        layout.addLayout(buttons)
        layout.addWidget(self.state)
        layout.addLayout(look)
        for widget in (self.table_title, self.about, self.table, self.places_title):
            layout.addWidget(widget)
        layout.addWidget(self.places, 1)
        layout.addWidget(ActionButton(registry["slides.predict_everything"], parent=self))
        self._ticks = QTimer(self)
        self._ticks.setInterval(TICK_MS)
        self._ticks.timeout.connect(self._say_state)
        live.changed.connect(self._show)
        live.look_changed.connect(self._show_look)
        self._show()
        self._show_look()

    @Slot(object)
    def use_theme(self, theme: Theme) -> None:
        """Shade the matrix in the colors of `theme`."""
        self._theme = theme
        self._shown = None
        self._show()

    def _make_table(self) -> QTableWidget:
        table = QTableWidget()
        table.setAccessibleName("Confusion matrix of the held-out strokes")
        table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        table.setSelectionMode(QTableWidget.SelectionMode.NoSelection)
        table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        table.setCornerButtonEnabled(False)
        for header in (table.horizontalHeader(), table.verticalHeader()):
            header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
            header.setHighlightSections(False)
            header.setMinimumSectionSize(20)
            header.setTextElideMode(Qt.TextElideMode.ElideRight)
        return table

    @Slot()
    def _show(self) -> None:
        live = self._live
        if live.running != self._ticks.isActive():
            (self._ticks.start if live.running else self._ticks.stop)()
        judged = live.judged
        known = judged is not None and judged.judged > 0
        for widget in (self.table, self.places_title, self.places):
            widget.setVisible(known)
        for widget in (self.table_title, self.about):
            widget.setVisible(judged is not None)
        if judged is not None and judged is not self._shown:
            self._fill(judged)
        self._shown = judged
        self._say_state()

    @Slot()
    def _show_look(self) -> None:
        """Follow the layer, whoever changed it; the rounded opacity is not written back to it."""
        layer = self._live.layer
        with QSignalBlocker(self.visible), QSignalBlocker(self.opacity):
            self.visible.setChecked(layer.visible)
            self.opacity.setValue(round(100 * layer.opacity))

    def _fill(self, judged: StrokesJudged) -> None:
        part = "" if judged.judged == judged.held_out else f", of which {judged.judged} were looked at"
        rows = f"{judged.held_out} held-out strokes{part}. Rows: as labeled; columns: as found."
        self.about.setText(rows if judged.judged else FEW)
        names = list(judged.classes)
        self.table.setRowCount(len(names))
        self.table.setColumnCount(len(names))
        self.table.setHorizontalHeaderLabels(names)
        self.table.setVerticalHeaderLabels(names)
        self.table.setFixedHeight(ROW_HEIGHT * (len(names) + 1) + 4)
        for row, counts in enumerate(judged.table.tolist()):
            for column, count in enumerate(counts):
                self.table.setItem(row, column, self._cell(count, sum(counts), right=row == column))
        self.places.clear()
        for place in judged.places:
            x, y = int(place.box[0]), int(place.box[1])
            text = f"{names[place.label]} as {names[place.found]}, {place.wrong:.0%} wrong, at {x:,}, {y:,}"
            item = QListWidgetItem(text)
            item.setData(Qt.ItemDataRole.UserRole, place)
            self.places.addItem(item)

    def _cell(self, count: int, total: int, *, right: bool) -> QTableWidgetItem:
        item = QTableWidgetItem(f"{count / total:.1%}" if total else "–")
        item.setToolTip(f"{count:,} of {total:,} labeled pixels")
        item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
        if total:
            shade = QColor(self._theme.success if right else self._theme.danger)
            shade.setAlphaF(SHADE * count / total)
            item.setBackground(shade)
        return item

    @Slot()
    def _say_state(self) -> None:
        live = self._live
        if not live.classes:
            self.state.setText(EMPTY)
            return
        parts = [f"{epochs(live.epoch)}"]
        if live.began is not None:
            seconds = int(time.monotonic() - live.began)
            parts.insert(0, f"Training for {seconds // 60}:{seconds % 60:02}")
        if live.judged is not None:
            parts.append(f"{live.judged.training} strokes train")
        if live.dice is not None:
            parts.append(f"Dice of held-out strokes {live.dice:.3f}")
        self.state.setText(", ".join(parts) + ".")

    @Slot(int)
    def _set_opacity(self, percent: int) -> None:
        self._live.set_opacity(percent / 100)

    @Slot(QListWidgetItem)
    def _visit(self, item: QListWidgetItem) -> None:
        place: WrongPlace = item.data(Qt.ItemDataRole.UserRole)
        self._live.visit(place)


def epochs(count: int) -> str:
    """So many epochs, in words."""
    return f"{count} epoch" if count == 1 else f"{count} epochs"
