"""The contrast panel: the list of channels, and contrast and color of those that are selected."""

from collections.abc import Callable

from PySide6.QtCore import QItemSelectionModel, QSignalBlocker, QSize, Qt, Slot
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QAbstractItemView,
    QColorDialog,
    QHBoxLayout,
    QInputDialog,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from wholefield.sources.slides.display import ChannelDisplay
from wholefield_app.channels.channels import Channels
from wholefield_app.channels.memory import ChannelMemory
from wholefield_app.panels.levels_panel import LevelsPanel
from wholefield_app.theme.icons import icon
from wholefield_app.theme.theme import Theme
from wholefield_app.viewer.levels import Levels
from wholefield_app.widgets.elided import ElidedCombo
from wholefield_app.widgets.properties import with_properties
from wholefield_app.widgets.swatch import swatch

# So many rows of channels are seen without scrolling; a list of more can be filtered by name.
ROWS = 6
PRESETS = "Saved presets"
NO_LEVELS = Levels(0.0, 1.0)


class ChannelsPanel(QWidget):
    """Shows channels and changes how they are shown.

    Attributes:
        list: One row for each channel; hidden where there is just one.
        levels: Contrast of the selected channels.
    """

    def __init__(self, channels: Channels, memory: ChannelMemory, theme: Theme) -> None:
        super().__init__()
        self._channels, self._memory = channels, memory
        self._of_file: Levels | None = None
        self._hounsfield = False
        self.filter = with_properties(QLineEdit(), accessibleName="Filter channels by name")
        self.filter.setPlaceholderText("Filter by name")
        self.filter.setClearButtonEnabled(True)
        self.filter.textChanged.connect(self._filter)
        self.list = self._make_list()
        self.levels = LevelsPanel(theme)
        self._connect_levels()
        self._many = self._make_buttons()
        self._saved = self._make_presets()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 8)
        layout.setSpacing(6)
        for widget in (self.filter, self.list, self._many):
            margins = QVBoxLayout()
            margins.setContentsMargins(12, 4 if widget is self.filter else 0, 12, 0)
            margins.addWidget(widget)
            layout.addLayout(margins)
        layout.addWidget(self.levels)
        layout.addWidget(self._saved)
        layout.addStretch()
        channels.changed.connect(self._show)
        self.use_theme(theme)
        self._show()

    @Slot(object)
    def use_theme(self, theme: Theme) -> None:
        """Paint in the colors of `theme`."""
        self.color.setIcon(icon("palette", theme))
        self.levels.use_theme(theme)

    def offer(self, of_file: Levels | None, *, hounsfield: bool) -> None:
        """Offer the levels that the file asks for, and those of tissues where the values are Hounsfield units."""
        self._of_file, self._hounsfield = of_file, hounsfield
        self._show()

    def _make_list(self) -> QListWidget:
        made = QListWidget()
        made.setAccessibleName("Channels")
        made.setToolTip(
            "The box shows or hides a channel; contrast and color are those of the selected ones."
        )
        made.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        made.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        made.setUniformItemSizes(True)
        made.setIconSize(QSize(14, 14))
        made.itemChanged.connect(self._toggle)
        made.itemSelectionChanged.connect(self._select)
        made.itemDoubleClicked.connect(self._ask_for_color)
        return made

    def _make_buttons(self) -> QWidget:
        self.color = _button("", "Give the selected channels another color", self._ask_for_color)
        self.all = _button("All", "Show every channel of the list", self._show_all)
        self.none = _button("None", "Hide every channel of the list", self._hide_all)
        self.alone = _button("Alone", "Show the selected channel alone, in gray", self._channels.set_alone)
        self.alone.setCheckable(True)
        return _row(self.color, self.all, self.none, self.alone)

    def _make_presets(self) -> QWidget:
        self.presets = with_properties(
            ElidedCombo(), toolTip="Show the channels as saved", accessibleName=PRESETS
        )
        self.presets.activated.connect(self._take_preset)
        self.save = _button("Save…", "Save how the channels are shown as a preset", self._ask_to_save)
        self.delete = _button("Delete", "Delete the chosen preset", self._delete_preset)
        self.reset = _button(
            "Reset", "Show all channels as the file or its values suggest", self._channels.reset
        )
        holder = QWidget()
        layout = QVBoxLayout(holder)
        layout.setContentsMargins(12, 0, 12, 0)
        layout.setSpacing(4)
        layout.addWidget(self.presets)
        layout.addWidget(_row(self.save, self.delete, self.reset))
        self._list_presets("")
        return holder

    def _connect_levels(self) -> None:
        levels, channels = self.levels, self._channels
        levels.changed.connect(channels.set_levels)
        levels.gamma_changed.connect(channels.set_gamma)
        levels.inverted_changed.connect(channels.set_inverted)
        levels.automatic_wanted.connect(channels.take_automatic)
        levels.full_wanted.connect(channels.take_full)

    @Slot()
    def _show(self) -> None:
        channels = self._channels
        count = len(channels.settings)
        self.filter.setVisible(count > ROWS)
        self.list.setVisible(count > 1)
        self._many.setVisible(count > 1)
        self._saved.setVisible(count > 0)
        with QSignalBlocker(self.list):
            self._fill()
        with QSignalBlocker(self.alone):
            self.alone.setChecked(channels.alone)
        if not count:
            self.levels.show_levels(None, NO_LEVELS)
            return
        look = channels.settings[channels.current]
        self.levels.show_levels(
            channels.current_facts,
            Levels(look.low, look.high),
            self._of_file,
            hounsfield=self._hounsfield,
            look=look,
        )

    def _fill(self) -> None:
        settings = self._channels.settings
        while self.list.count() > len(settings):
            self.list.takeItem(self.list.count() - 1)
        while self.list.count() < len(settings):
            self.list.addItem(QListWidgetItem())
        for row, each in enumerate(settings):
            _show_channel(self.list.item(row), each)
            command = QItemSelectionModel.SelectionFlag
            chosen = command.Select if row in self._channels.selected else command.Deselect
            self.list.selectionModel().select(self.list.model().index(row, 0), chosen)
        rows = min(max(len(settings), 1), ROWS)
        self.list.setFixedHeight(rows * max(self.list.sizeHintForRow(0), 16) + 2 * self.list.frameWidth() + 4)
        self._filter()

    @Slot()
    def _filter(self) -> None:
        wanted = self.filter.text().strip().casefold() if self.list.count() > ROWS else ""
        for row in range(self.list.count()):
            item = self.list.item(row)
            item.setHidden(wanted not in item.text().casefold())

    def _listed(self) -> list[int]:
        return [row for row in range(self.list.count()) if not self.list.item(row).isHidden()]

    @Slot(QListWidgetItem)
    def _toggle(self, item: QListWidgetItem) -> None:
        self._channels.set_visible(item.checkState() is Qt.CheckState.Checked, [self.list.row(item)])

    @Slot()
    def _select(self) -> None:
        rows = [self.list.row(item) for item in self.list.selectedItems()]
        current = self.list.currentRow()
        self._channels.select(sorted(rows, key=lambda row: (row != current, row)))

    @Slot()
    def _show_all(self) -> None:
        self._channels.set_visible(True, self._listed())

    @Slot()
    def _hide_all(self) -> None:
        self._channels.set_visible(False, self._listed())

    @Slot()
    def _ask_for_color(self) -> None:
        each = self._channels.settings[self._channels.current]
        color = QColorDialog.getColor(QColor(*each.color), self, f"Color of {each.name}")
        if color.isValid():
            self._channels.set_color((color.red(), color.green(), color.blue()))

    def _list_presets(self, chosen: str) -> None:
        names = list(self._memory.presets)
        with QSignalBlocker(self.presets):
            self.presets.clear()
            self.presets.addItems([PRESETS, *names])
            self.presets.setCurrentIndex(names.index(chosen) + 1 if chosen in names else 0)
        for widget in (self.presets, self.delete):
            widget.setVisible(bool(names))
        self.delete.setEnabled(self.presets.currentIndex() > 0)

    @Slot(int)
    def _take_preset(self, row: int) -> None:
        self.delete.setEnabled(row > 0)
        if row > 0:
            self._channels.restore(self._memory.presets[self.presets.itemText(row)])

    @Slot()
    def _ask_to_save(self) -> None:
        name, accepted = QInputDialog.getText(self, "Save a preset", "Name of the preset:")
        if accepted and name.strip():
            self._memory.save_preset(name.strip(), self._channels.settings)
            self._list_presets(name.strip())

    @Slot()
    def _delete_preset(self) -> None:
        self._memory.delete_preset(self.presets.currentText())
        self._list_presets("")


def _show_channel(item: QListWidgetItem, channel: ChannelDisplay) -> None:
    item.setText(channel.name)
    item.setToolTip(f"{channel.name}: {channel.low:.6g} to {channel.high:.6g}")
    item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable)
    item.setCheckState(Qt.CheckState.Checked if channel.visible else Qt.CheckState.Unchecked)
    item.setIcon(swatch(channel.color))


def _button(text: str, about: str, pressed: Callable[..., None]) -> QToolButton:
    button = with_properties(QToolButton(), toolTip=about, accessibleName=about)
    button.setText(text)
    button.clicked.connect(pressed)
    return button


def _row(*buttons: QToolButton) -> QWidget:
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(4)
    for button in buttons:
        row.addWidget(button)
    row.addStretch()
    return holder
