"""The list of layers: which are seen, in which order, and how each looks."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFormLayout,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from wholefield_app.actions import Registry
from wholefield_app.forms.layout import choice, form_layout
from wholefield_app.viewer.colormap import Colormap
from wholefield_app.viewer.layer import Layer
from wholefield_app.viewer.slides.view import SlideView
from wholefield_app.widgets.heading import muted

# Where in the tuple of layers that of a row stands: rows move before the layers do.
PLACE = Qt.ItemDataRole.UserRole
FILLS = {True: "Filled", False: "Outlines"}
HINT = "Drag rows to change what lies on top; drop label images to add them."
EMPTY = "Open a slide to see its layers."


class LayersPanel(QWidget):
    """Follows the layers of a view; the one on top comes first.

    Signals:
        dropped: The path of a file that was dropped on the list.
    """

    dropped = Signal(object)

    def __init__(self, view: SlideView, add: str, remove: str, registry: Registry) -> None:
        """Make the list.

        Args:
            view: Whose layers are shown.
            add: Name of the action that adds a layer.
            remove: Name of the action that removes the selected one.
            registry: Where the actions are.
        """
        super().__init__()
        self._view = view
        self._layers: tuple[Layer, ...] = ()
        self.setAcceptDrops(True)
        self.list = self._make_list()
        self.hint = muted(EMPTY)
        self._look = self._make_look()
        buttons = QHBoxLayout()
        for name in (add, remove):
            button = QToolButton()
            button.setDefaultAction(registry[name])
            buttons.addWidget(button)
        buttons.addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.setSpacing(8)
        layout.addWidget(self.hint)
        layout.addWidget(self.list, 1)
        layout.addLayout(self._look)
        layout.addLayout(buttons)
        view.layers_changed.connect(self._show)
        self._show()

    @property
    def selected(self) -> Layer | None:
        """The layer whose look is shown."""
        item = self.list.currentItem()
        return self._layers[item.data(PLACE)] if item is not None else None

    def select(self, layer: Layer) -> None:
        """Show how a layer looks."""
        if layer in self._layers:
            self.list.setCurrentRow(self._layers.index(layer))

    def _make_list(self) -> QListWidget:
        made = QListWidget()
        made.setAccessibleName("Layers")
        made.setToolTip(HINT)
        made.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        made.setMinimumHeight(72)
        made.itemChanged.connect(self._toggle)
        made.currentRowChanged.connect(self._show_look)
        made.model().rowsMoved.connect(self._take_order)
        return made

    def _make_look(self) -> QFormLayout:
        self.opacity = QSlider(Qt.Orientation.Horizontal)
        self.opacity.setRange(0, 100)
        self.opacity.setToolTip("Opacity of the selected layer")
        self.opacity.setAccessibleName("Opacity")
        self.opacity.valueChanged.connect(self._set_opacity)
        self.colors = choice(
            {each: each.value.capitalize() for each in Colormap}, "Colors of the values", "Colors"
        )
        self.colors.currentIndexChanged.connect(self._set_colors)
        self.fill = choice(FILLS, "Whether areas are filled", "Areas")
        self.fill.currentIndexChanged.connect(self._set_fill)
        form = form_layout()
        form.addRow("Opacity", self.opacity)
        form.addRow("Colors", self.colors)
        form.addRow("Areas", self.fill)
        return form

    @Slot()
    def _show(self) -> None:
        layers = tuple(reversed(self._view.layers))
        if layers != self._layers:
            self._fill(layers)
        for row, layer in enumerate(self._layers):
            with QSignalBlocker(self.list):
                state = Qt.CheckState.Checked if layer.visible else Qt.CheckState.Unchecked
                self.list.item(row).setCheckState(state)
        self.hint.setVisible(not layers)
        self._show_look()

    def _fill(self, layers: Sequence[Layer]) -> None:
        before, self._layers = self.selected, tuple(layers)
        with QSignalBlocker(self.list):
            self.list.clear()
            for place, layer in enumerate(layers):
                item = QListWidgetItem(layer.title)
                item.setData(PLACE, place)
                item.setToolTip(f"{layer.title}. {HINT}")
                flags = (
                    Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable
                )
                item.setFlags(flags | Qt.ItemFlag.ItemIsDragEnabled)
                self.list.addItem(item)
            row = layers.index(before) if before in layers else 0
            self.list.setCurrentRow(row if layers else -1)

    @Slot()
    def _show_look(self) -> None:
        layer, form = self.selected, self._look
        for widget in (self.opacity, self.colors, self.fill):
            widget.blockSignals(True)
        form.setRowVisible(self.opacity, layer is not None and layer.opacity is not None)
        form.setRowVisible(self.colors, layer is not None and layer.colormap is not None)
        form.setRowVisible(self.fill, layer is not None and layer.filled is not None)
        if layer is not None:
            self.opacity.setValue(round(100 * (layer.opacity or 0)))
            self.colors.setCurrentIndex(self.colors.findData(layer.colormap))
            self.fill.setCurrentIndex(self.fill.findData(layer.filled))
        for widget in (self.opacity, self.colors, self.fill):
            widget.blockSignals(False)

    @Slot(QListWidgetItem)
    def _toggle(self, item: QListWidgetItem) -> None:
        layer = self._layers[item.data(PLACE)]
        visible = item.checkState() is Qt.CheckState.Checked
        if visible != layer.visible:
            self._view.change_layer(layer, visible=visible)

    @Slot()
    def _take_order(self) -> None:
        """A row was dragged to another place."""
        places = [self.list.item(row).data(PLACE) for row in range(self.list.count())]
        self._view.order_layers([self._layers[place] for place in reversed(places)])
        # The view may have put some elsewhere: the image stays at the bottom.
        self._fill(tuple(reversed(self._view.layers)))
        self._show()

    @Slot(int)
    def _set_opacity(self, percent: int) -> None:
        if (layer := self.selected) is not None:
            self._view.change_layer(layer, opacity=percent / 100)

    @Slot()
    def _set_colors(self) -> None:
        if (layer := self.selected) is not None:
            self._view.change_layer(layer, colormap=Colormap(self.colors.currentData()))

    @Slot()
    def _set_fill(self) -> None:
        if (layer := self.selected) is not None:
            self._view.change_layer(layer, filled=self.fill.currentData())

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Add what was dropped as layers."""
        for url in event.mimeData().urls():
            if url.isLocalFile():
                self.dropped.emit(Path(url.toLocalFile()))
        event.acceptProposedAction()
