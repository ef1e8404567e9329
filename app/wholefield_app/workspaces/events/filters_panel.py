"""The panel of filters: the chain with what each leaves, the parameters of one, and the hot pixels that were found."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from wholefield.errors import SettingError
from wholefield.sources.events.filters.chain import EventFilter, FilterChain
from wholefield.sources.events.filters.kinds import KINDS
from wholefield.sources.events.filters.values import Parameter, ValueKind
from wholefield_app.actions import Registry
from wholefield_app.actions.button import ActionButton
from wholefield_app.document.dialogs import ask_for_file
from wholefield_app.forms.layout import choice, form_layout
from wholefield_app.theme.icons import icon
from wholefield_app.theme.theme import Theme
from wholefield_app.viewer.events.rate_strip import rate_text
from wholefield_app.widgets.heading import heading, muted
from wholefield_app.widgets.properties import with_properties
from wholefield_app.workspaces.events.filtering import Filtering

NONE = "Add a filter to remove noise. What the view, the flow, the score, trainings and exports see is what is left."
ICON = QSize(18, 18)
MOST_LISTED = 12
# Filters in sight at once; the list scrolls through more.
MOST_ROWS = 5
# A region is drawn in the view.
DRAWN = "roi"
# Filters that are made of a file, and how its name ends.
FILES = {"mask": "Pictures (*.png *.tif *.tiff *.bmp)", "rectify": "HDF5 (*.h5 *.hdf5)"}
HOT = "Hot pixels (x, y: events): {listed}{more}"


class FiltersPanel(QWidget):
    """Shows the filters of a recording and changes them.

    Signals:
        problem_told: A sentence on a value that cannot be.
    """

    problem_told = Signal(str)

    def __init__(self, filtering: Filtering, registry: Registry, theme: Theme) -> None:
        super().__init__()
        self._filtering = filtering
        self._shown_form: tuple[int, str] | None = None
        self.list = with_properties(QListWidget(), accessibleName="Filters")
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.add = _button("Add a filter")
        self.add.setText("Add")
        self.add.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.add.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.remove, self.up, self.down = _button("Remove the filter"), _button("Earlier"), _button("Later")
        self.effect = muted()
        self.about = muted()
        self.hot = muted()
        self.fields: list[QWidget] = []
        self._form_place = QVBoxLayout()
        self._lay_out(registry)
        self._connect()
        self.use_theme(theme)
        self._show()

    @property
    def chosen(self) -> int:
        """The number of the filter that is chosen, -1 for none."""
        return self.list.currentRow()

    @Slot(object)
    def use_theme(self, theme: Theme) -> None:
        """Draw the icons in the colors of `theme`."""
        for button, name in (
            (self.add, "add"), (self.remove, "discard"), (self.up, "chevron-up"), (self.down, "chevron-down"),
        ):  # fmt: skip
            button.setIcon(icon(name, theme))

    def add_filter(self, name: str) -> None:
        """Add a filter with its usual values; a file is asked for."""
        if (source := self._filtering.source) is None:
            return
        if name in FILES:
            kinds = f"{FILES[name]};;All files (*)"
            path = ask_for_file(self, KINDS[name].title, source.path.parent, kinds)
            if path is None:
                return
            added = EventFilter(name, (str(path),))
        else:
            added = EventFilter.default(name)
        filters = self._filtering.chain.filters
        self._set((*filters, added), len(filters))

    def show_progress(self, share: float) -> None:
        """Tell how far the pass is."""
        self.effect.setText(f"Filtering: {share:.0%}")

    def _lay_out(self, registry: Registry) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 12)
        column.setSpacing(6)
        buttons = QHBoxLayout()
        buttons.setSpacing(4)
        for button in (self.add, self.remove, self.up, self.down):
            buttons.addWidget(button)
        buttons.addStretch()
        region = QHBoxLayout()
        region.setSpacing(4)
        region.addWidget(heading("Region"))
        region.addStretch()
        for name in ("events.region_box", "events.region_polygon", "events.region_clear"):
            tool = _button(registry[name].definition.title.replace("&", ""))
            tool.setDefaultAction(registry[name])
            region.addWidget(tool)
        for part in (buttons, self.list, self.effect, self._form_place, self.about, self.hot, region):
            column.addLayout(part) if isinstance(part, QHBoxLayout | QVBoxLayout) else column.addWidget(part)
        column.addWidget(ActionButton(registry["events.export_events"], parent=self))
        column.addStretch()

    def _connect(self) -> None:
        menu = QMenu(self.add)
        for name, kind in KINDS.items():
            if name != DRAWN:
                action = menu.addAction(kind.title)
                action.setToolTip(kind.help)
                action.triggered.connect(partial(self.add_filter, name))
        menu.setToolTipsVisible(True)
        self.add.setMenu(menu)
        self.remove.clicked.connect(self._remove)
        self.up.clicked.connect(partial(self._move, -1))
        self.down.clicked.connect(partial(self._move, 1))
        self.list.currentRowChanged.connect(self._choose)
        self.list.itemChanged.connect(self._switch)
        self._filtering.changed.connect(self._show)
        self._filtering.progressed.connect(self.show_progress)

    def _set(self, filters: tuple[EventFilter, ...], chosen: int) -> None:
        self._filtering.set_chain(FilterChain(filters))
        self.list.setCurrentRow(min(chosen, len(filters) - 1))

    @Slot()
    def _show(self) -> None:
        filters, row = self._filtering.chain.filters, self.chosen
        with QSignalBlocker(self.list):
            self.list.clear()
            for each, left in zip(filters, self._shares(), strict=True):
                parameters = each.text.partition("=")[2]
                item = QListWidgetItem("   ".join(filter(None, (each.kind.title, left, parameters))))
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
                item.setCheckState(Qt.CheckState.Checked if each.enabled else Qt.CheckState.Unchecked)
                item.setToolTip(each.kind.help)
                self.list.addItem(item)
            self.list.setCurrentRow(min(max(row, 0), len(filters) - 1))
        self._fit_list(len(filters))
        self.setEnabled(self._filtering.source is not None)
        self.effect.setText(self._effect())
        self.hot.setText(self._hot_pixels())
        self.hot.setVisible(bool(self.hot.text()))
        self._choose(self.chosen)

    def _fit_list(self, rows: int) -> None:
        """Give the list the room that its filters need, and none without them."""
        self.list.ensurePolished()
        height = min(rows, MOST_ROWS) * self.list.sizeHintForRow(0) + 2 * self.list.frameWidth()
        self.list.setFixedHeight(max(height, 0))
        self.list.setVisible(rows > 0)

    def _shares(self) -> list[str]:
        """What is left behind each filter, once the chain that is shown has been applied."""
        filters, filtered = self._filtering.chain.filters, self._filtering.filtered
        if filtered is None or filtered.recording.chain.text != self._filtering.chain.text:
            return ["" for _ in filters]
        effects = iter(zip(filtered.recording.effects, filtered.recording.effects[1:], strict=False))
        found = []
        for each in filters:
            before, after = next(effects) if each.enabled else (0, 0)
            found.append(f"→ {after / before:.1%}" if before else "")
        return found

    def _effect(self) -> str:
        filtered = self._filtering.filtered
        if self._filtering.busy:
            return "Filtering…"
        if filtered is None:
            return NONE
        recording = filtered.recording
        seconds = max(recording.duration_us, 1) / 1e6
        before, after = recording.effects[0], recording.effects[-1]
        return (
            f"{after:,} of {before:,} events are left ({after / max(before, 1):.1%}): "
            f"{rate_text(before / seconds)} before, {rate_text(after / seconds)} after."
        )

    def _hot_pixels(self) -> str:
        filtered = self._filtering.filtered
        if filtered is None or not any(each.kind.measured for each in filtered.recording.chain.active):
            return ""
        hot = filtered.recording.hot
        if not hot:
            return "No hot pixels were found."
        listed = "; ".join(f"{pixel.x}, {pixel.y}: {pixel.count:,}" for pixel in hot[:MOST_LISTED])
        more = f"; and {len(hot) - MOST_LISTED} more" if len(hot) > MOST_LISTED else ""
        return HOT.format(listed=listed, more=more)

    @Slot(int)
    def _choose(self, row: int) -> None:
        """Show the parameters of a filter; those that are being edited stay as they are."""
        filters = self._filtering.chain.filters
        there = 0 <= row < len(filters)
        self.remove.setEnabled(there)
        self.up.setEnabled(there and row > 0)
        self.down.setEnabled(there and row + 1 < len(filters))
        self.about.setText(filters[row].kind.help if there else "")
        self.about.setVisible(there)
        wanted = (row, filters[row].name) if there else None
        if wanted == self._shown_form:
            return
        self._shown_form = wanted
        while (item := self._form_place.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        self.fields = []
        if there:
            self._form_place.addWidget(self._form(row, filters[row]))

    def _form(self, row: int, each: EventFilter) -> QWidget:
        page = QWidget()
        form: QFormLayout = form_layout(page)
        for number, (parameter, value) in enumerate(zip(each.kind.parameters, each.values, strict=True)):
            field = _field(parameter, value)
            if isinstance(field, QComboBox):
                field.currentIndexChanged.connect(partial(self._edit, row, number, field))
            else:
                assert isinstance(field, QLineEdit)
                field.editingFinished.connect(partial(self._edit, row, number, field))
            form.addRow(parameter.label, field)
            self.fields.append(field)
        return page

    def _edit(self, row: int, number: int, field: QComboBox | QLineEdit, *_: Any) -> None:
        filters = list(self._filtering.chain.filters)
        if row >= len(filters):
            return
        each = filters[row]
        parameter = each.kind.parameters[number]
        try:
            value = parameter.parse(
                str(field.currentData()) if isinstance(field, QComboBox) else field.text()
            )
            changed = replace(each, values=(*each.values[:number], value, *each.values[number + 1 :]))
            EventFilter.parse(changed.text)
        except SettingError as error:
            self.problem_told.emit(f"{parameter.label} of the filter {each.kind.title}: {error}")
            assert isinstance(field, QLineEdit)
            field.setText(parameter.text(each.values[number]))
            return
        if changed != each:
            filters[row] = changed
            self._set(tuple(filters), row)

    @Slot()
    def _remove(self) -> None:
        row, filters = self.chosen, self._filtering.chain.filters
        self._set((*filters[:row], *filters[row + 1 :]), max(row - 1, 0))

    def _move(self, by: int, *_: Any) -> None:
        row, filters = self.chosen, list(self._filtering.chain.filters)
        filters[row], filters[row + by] = filters[row + by], filters[row]
        self._set(tuple(filters), row + by)

    @Slot(QListWidgetItem)
    def _switch(self, item: QListWidgetItem) -> None:
        row, filters = self.list.row(item), list(self._filtering.chain.filters)
        filters[row] = replace(filters[row], enabled=item.checkState() is Qt.CheckState.Checked)
        self._set(tuple(filters), row)


def _field(parameter: Parameter, value: Any) -> QWidget:
    if parameter.kind is ValueKind.CHOICE:
        assert parameter.choices is not None
        box = choice(parameter.choices, parameter.label, parameter.label)
        box.setCurrentIndex(box.findData(value))
        return box
    return with_properties(QLineEdit(parameter.text(value)), accessibleName=parameter.label)


def _button(text: str) -> QToolButton:
    button = with_properties(QToolButton(), toolTip=text, accessibleName=text)
    button.setIconSize(ICON)
    return button
