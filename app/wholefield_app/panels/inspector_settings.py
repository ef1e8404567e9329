"""What the inspector looks at: network, tile size, a suggestion for the tile size, and what it all costs."""

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from wholefield.machine import free_memory
from wholefield.numbers import whole_of
from wholefield.tasks.slides.inspection import Purpose
from wholefield_app.forms.draft import Draft
from wholefield_app.forms.layout import TEXT_MARGINS
from wholefield_app.widgets.heading import muted
from wholefield_app.widgets.number_boxes import RealBox, WholeValidator
from wholefield_app.widgets.properties import with_properties

TILE_SIZES = (64, 128, 256, 512, 1024, 2048, 4096)
GB = 10**9
# Half of what is free leaves room for the image, for other programs and for what the prediction misses.
SHARE_OF_FREE_MEMORY = 0.5
FIXED_NETWORK = "U-Net"
COLUMNS = 3
GAP = 4
PURPOSES = {Purpose.TRAINING: "training", Purpose.INFERENCE: "inference"}


class InspectorSettings(QWidget):
    """Choosers and read-outs.

    Signals:
        tile_size_chosen: The tile size that the user chose, in px.
        network_chosen: Name of the network that the user chose.
        suggestion_wanted: A tile size is wanted for this many bytes and this Purpose.
    """

    tile_size_chosen = Signal(int)
    suggestion_wanted = Signal(object, object)

    network_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._locked = self._looking = self._image_known = False
        self.network = with_properties(QComboBox(), accessibleName="Network")
        self.network.activated.connect(self._choose_network)
        self.tile_size = _tile_sizes()
        self.tile_size.activated.connect(self._choose_tile_size)
        typed = self.tile_size.lineEdit()
        assert typed is not None, "the list is editable"
        self._typed_size = typed
        typed.editingFinished.connect(self._choose_tile_size)
        self._make_suggestion()
        self.readouts: dict[str, QLabel] = {}
        self._values = QWidget()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.setSpacing(8)
        layout.addLayout(_row(QLabel("Network"), (self.network, 3), QLabel("Tile size"), (self.tile_size, 2)))
        layout.addLayout(_row(self.suggest, (self.memory, 1), (self.purpose, 1)))
        layout.addWidget(self._values)

    def show_draft(self, draft: Draft) -> None:
        """Show network and tile size of the draft of a training; a task with one network offers no other."""
        declared = draft.declarations.get("model")
        choices = declared.choices if declared is not None else {"": FIXED_NETWORK}
        if [self.network.itemData(index) for index in range(self.network.count())] != list(choices):
            self.network.clear()
            for name, title in choices.items():
                self.network.addItem(title, name)
        self.network.setCurrentIndex(self.network.findData(draft.value("model") or ""))
        self.network.setEnabled(not self._locked and declared is not None)
        with QSignalBlocker(self.tile_size):
            self.tile_size.setCurrentText(str(draft.value("tile_size")))

    def set_readouts(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Show names and values; none where nothing is known."""
        if [name for name, _ in pairs] != list(self.readouts):
            self._make_readouts([name for name, _ in pairs])
        for name, value in pairs:
            self.readouts[name].setText(value)
            self.readouts[name].setToolTip(value)

    def set_locked(self, locked: bool) -> None:
        """Let nothing be chosen while a run uses the settings."""
        self._locked = locked
        self.tile_size.setEnabled(not locked)
        self.network.setEnabled(not locked and self.network.count() > 1)
        self._enable_suggestion()

    def set_image(self, known: bool) -> None:
        """Whether there is an image that a tile size can be suggested for."""
        self._image_known = known
        self._enable_suggestion()

    @Slot(bool)
    def set_looking(self, looking: bool) -> None:
        """Whether a tile size is being looked for."""
        self._looking = looking
        self.suggest.setText("Searching…" if looking else "Suggest for")
        self._enable_suggestion()

    def _enable_suggestion(self) -> None:
        self.suggest.setEnabled(self._image_known and not self._locked and not self._looking)

    def _make_suggestion(self) -> None:
        self.suggest = with_properties(
            QPushButton("Suggest for"),
            enabled=False,
            toolTip="Find the largest tile size whose predicted memory fits",
        )
        self.suggest.clicked.connect(self._want_suggestion)
        self.memory = with_properties(RealBox(suffix=" GB"), accessibleName="Memory for the suggestion")
        self.memory.setToolTip("Memory besides network and image; half of the free memory by default")
        self.memory.setDecimals(1)
        self.memory.setRange(0.1, 9999)
        self.memory.lineEdit().setTextMargins(*TEXT_MARGINS)
        self.memory.setValue(SHARE_OF_FREE_MEMORY * free_memory() / GB)
        self.purpose = with_properties(QComboBox(), accessibleName="Purpose of the memory")
        for purpose, text in PURPOSES.items():
            self.purpose.addItem(text, purpose)

    def _make_readouts(self, names: Sequence[str]) -> None:
        if (old := self._values.layout()) is not None:
            for place in range(old.count()):
                item = old.itemAt(place)
                widget = item.widget() if item is not None else None
                if widget is not None:
                    widget.deleteLater()
            # A widget keeps its layout until another widget takes it over.
            QWidget().setLayout(old)
        grid = QGridLayout(self._values)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(1)
        self.readouts = {name: QLabel(wordWrap=True) for name in names}
        for place, (name, label) in enumerate(self.readouts.items()):
            row, column = divmod(place, COLUMNS)
            span = COLUMNS - column if place == len(names) - 1 else 1
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            title = muted(name)
            title.setWordWrap(False)
            grid.addWidget(title, 3 * row, column, 1, span)
            grid.addWidget(label, 3 * row + 1, column, 1, span, Qt.AlignmentFlag.AlignTop)
            grid.setRowMinimumHeight(3 * row + 2, GAP)

    @Slot()
    def _choose_network(self) -> None:
        self.network_chosen.emit(self.network.currentData())

    @Slot()
    def _choose_tile_size(self) -> None:
        if self._typed_size.hasAcceptableInput():
            self.tile_size_chosen.emit(whole_of(self.tile_size.currentText()))

    @Slot()
    def _want_suggestion(self) -> None:
        # Qt gives back the text of a text enum.
        self.suggestion_wanted.emit(round(self.memory.value() * GB), Purpose(self.purpose.currentData()))


def _tile_sizes() -> QComboBox:
    box = with_properties(QComboBox(editable=True), accessibleName="Tile size of the inspector")
    box.setToolTip("Side of a tile in px: choose one or type your own")
    box.addItems([str(size) for size in TILE_SIZES])
    box.setValidator(WholeValidator(1, 1_000_000, box))
    box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
    return box


def _row(*items: QWidget | tuple[QWidget, int]) -> QHBoxLayout:
    """Widgets side by side; those with a number share the room that is left in that proportion."""
    row = QHBoxLayout()
    row.setSpacing(8)
    for item in items:
        widget, stretch = item if isinstance(item, tuple) else (item, 0)
        row.addWidget(widget, stretch)
    return row
