"""The inspector's panel: settings, costs, the table of layers, and what a position sees."""

from enum import IntEnum

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from wholefield.tasks.slides.inspection import Inspection, ReceptiveField
from wholefield.tasks.slides.layer_rows import LayerChoice, LayerRow
from wholefield_app.panels.inspector_settings import InspectorSettings
from wholefield_app.panels.inspector_table import TIMES, LayerTable
from wholefield_app.theme.icons import icon
from wholefield_app.theme.theme import Theme
from wholefield_app.widgets.heading import muted
from wholefield_app.widgets.properties import with_properties

CHOICES = {
    LayerChoice.ALL: "All operations",
    LayerChoice.WINDOWS: "Layers with windows",
    LayerChoice.STAGES: "Stages",
}
NO_SLIDE = "Open a slide to inspect how a network would see it."


class _Page(IntEnum):
    MESSAGE = 0
    TABLE = 1


class InspectorPanel(QWidget):
    """Shows an Inspection and lets a layer be chosen.

    Attributes:
        settings: Network, tile size and costs.
        table: The layers.
        choice: Which layers are listed.

    Signals:
        choice_changed: Other layers are listed.
        cleared: What is marked on the slide is to go.
        zoom_wanted: What is marked on the slide is to fill the view.
    """

    choice_changed = Signal()
    cleared = Signal()
    zoom_wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._inspection: Inspection | None = None
        self.settings = InspectorSettings()
        self.table = LayerTable()
        self.table.layer_changed.connect(self._say_what_to_do)
        self.message = muted(NO_SLIDE)
        self.message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._pages = QStackedWidget()
        self._pages.addWidget(self.message)
        self._pages.addWidget(self.table)
        self._make_head()
        self._make_foot()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.settings)
        layout.addLayout(self._lay_out_head())
        layout.addWidget(self._pages, 1)
        layout.addLayout(self._lay_out_foot())
        self.use_theme(theme)
        self.show_message(NO_SLIDE)

    @property
    def layer(self) -> LayerRow | None:
        """The selected layer."""
        return self.table.layer

    @property
    def shown(self) -> LayerChoice:
        """Which layers are listed."""
        # Qt gives back the text of a text enum.
        return LayerChoice(self.choice.currentData())

    def show_message(self, text: str, *, fault: bool = False) -> None:
        """Show a sentence in place of the table."""
        self._inspection = None
        self.message.setProperty("role", "danger" if fault else "muted")
        self.message.style().polish(self.message)
        self.message.setText(text)
        self._pages.setCurrentIndex(_Page.MESSAGE)
        self.settings.set_readouts(())
        self.show_receptive_field(None)

    def show_inspection(self, inspection: Inspection) -> None:
        """Show the layers and what the pass costs."""
        self._inspection = inspection
        self.settings.set_readouts(inspection.readouts(TIMES))
        self._pages.setCurrentIndex(_Page.TABLE)
        self._fill()

    def show_receptive_field(self, seen: ReceptiveField | None) -> None:
        """Say what a position sees, or what to do to know."""
        for button in (self.zoom, self.clear):
            button.setEnabled(seen is not None)
        if seen is None:
            self._say_what_to_do()
        else:
            self.sentence.setText(f"{seen.sentence(TIMES)}.")

    def say(self, text: str) -> None:
        """Say a sentence under the table."""
        self.sentence.setText(text)

    @Slot(bool)
    def set_busy(self, busy: bool) -> None:
        """Whether the layers are being planned again."""
        self.bar.setRange(0, 0 if busy else 1)
        self.bar.setVisible(busy)
        self.table.setEnabled(not busy)

    @Slot(object)
    def use_theme(self, theme: Theme) -> None:
        """Draw the icons in the colors of `theme`."""
        self.zoom.setIcon(icon("zoom-in", theme))
        self.clear.setIcon(icon("close", theme))

    def _make_head(self) -> None:
        self.choice = with_properties(QComboBox(), accessibleName="Layers to list", toolTip="Layers to list")
        for choice, text in CHOICES.items():
            self.choice.addItem(text, choice)
        self.choice.currentIndexChanged.connect(self._fill)
        self.choice.currentIndexChanged.connect(self.choice_changed)
        self.bar = with_properties(QProgressBar(textVisible=False), accessibleName="Planning the layers")
        policy = self.bar.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.bar.setSizePolicy(policy)
        self.bar.hide()

    def _make_foot(self) -> None:
        self.sentence = QLabel(wordWrap=True)
        self.sentence.setTextFormat(Qt.TextFormat.PlainText)
        self.zoom = with_properties(
            QToolButton(), toolTip="Zoom to the marks", accessibleName="Zoom to the marks"
        )
        self.zoom.clicked.connect(self.zoom_wanted)
        self.clear = with_properties(QPushButton("Clear"), toolTip="Remove the marks from the slide")
        self.clear.clicked.connect(self.cleared)

    def _lay_out_head(self) -> QHBoxLayout:
        head = QHBoxLayout()
        head.setContentsMargins(12, 0, 12, 6)
        head.setSpacing(8)
        head.addWidget(QLabel("Show"))
        head.addWidget(self.choice)
        head.addWidget(self.bar, 1)
        return head

    def _lay_out_foot(self) -> QHBoxLayout:
        foot = QHBoxLayout()
        foot.setContentsMargins(12, 6, 12, 8)
        foot.setSpacing(6)
        foot.addWidget(self.sentence, 1)
        foot.addWidget(self.zoom)
        foot.addWidget(self.clear)
        return foot

    @Slot()
    def _fill(self) -> None:
        if self._inspection is not None:
            self.table.set_rows(self._inspection.rows_of(self.shown))

    @Slot()
    def _say_what_to_do(self) -> None:
        layer = self.layer if self._inspection is not None else None
        text = (
            "" if layer is None else f"Click on the slide to mark what a position of {layer.name} sees there."
        )
        self.sentence.setText(text)
