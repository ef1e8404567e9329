"""Puts the panels of a workspace into docks around its view."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QDockWidget, QFrame, QMainWindow, QMenu, QVBoxLayout, QWidget

from wholefield_app.document.workspace import Panel

SIDE_WIDTHS = {Qt.DockWidgetArea.LeftDockWidgetArea: 296, Qt.DockWidgetArea.RightDockWidgetArea: 372}


class Docks:
    """The docks of a window by panel id."""

    def __init__(self, window: QMainWindow, panels: list[Panel]) -> None:
        self._window = window
        self._panels = panels
        self._size_before = QSize()
        self._aside: list[QDockWidget] = []
        window.setDockOptions(
            QMainWindow.DockOption.AnimatedDocks
            | QMainWindow.DockOption.AllowNestedDocks
            | QMainWindow.DockOption.AllowTabbedDocks
        )
        for corner, area in (
            (Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.LeftDockWidgetArea),
            (Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.RightDockWidgetArea),
        ):
            window.setCorner(corner, area)
        self.by_id = {panel.id: _make_dock(panel, window) for panel in panels}
        self.arrange()
        for panel in panels:
            if panel.when_seen is not None:
                self.by_id[panel.id].visibilityChanged.connect(panel.when_seen)

    def arrange(self) -> None:
        """Put every panel where it stands at first."""
        for panel in self._panels:
            dock = self.by_id[panel.id]
            dock.setFloating(False)
            self._window.addDockWidget(panel.area, dock)
            dock.show()
        for panel in self._panels:
            if panel.tab_of:
                self._window.tabifyDockWidget(self.by_id[panel.tab_of], self.by_id[panel.id])
                self.by_id[panel.tab_of].raise_()
            self.by_id[panel.id].setVisible(panel.shown)
        for area, width in SIDE_WIDTHS.items():
            beside = [panel for panel in self._panels if panel.area is area and panel.shown]
            docks = [self.by_id[panel.id] for panel in beside]
            self._window.resizeDocks(docks, [width] * len(docks), Qt.Orientation.Horizontal)
            self._window.resizeDocks(docks, [panel.share for panel in beside], Qt.Orientation.Vertical)
        below = [panel for panel in self._panels if panel.area is Qt.DockWidgetArea.BottomDockWidgetArea]
        self._window.resizeDocks(
            [self.by_id[panel.id] for panel in below],
            [panel.share for panel in below],
            Qt.Orientation.Vertical,
        )

    def show_panel(self, panel_id: str, shown: bool) -> None:
        """Show a panel in front with the room that it needs, or hide it and give that room back."""
        dock = self.by_id[panel_id]
        panel = next(item for item in self._panels if item.id == panel_id)
        front = self.by_id.get(panel.tab_of, dock)
        if not shown:
            self._resize(dock, self._size_before)
            dock.hide()
            return
        if dock.isHidden():
            self._size_before = front.size()
        dock.show()
        dock.raise_()
        self._resize(dock, dock.size().expandedTo(QSize(panel.width, panel.share)))

    def set_aside(self) -> None:
        """Hide the panels that float over the window."""
        self._aside = [dock for dock in self.by_id.values() if dock.isFloating() and dock.isVisible()]
        for dock in self._aside:
            dock.hide()

    def bring_back(self) -> None:
        """Show the panels that were set aside."""
        while self._aside:
            self._aside.pop().show()

    def fill_menu(self, menu: QMenu) -> None:
        """Add an entry for each panel that shows or hides it."""
        for dock in self.by_id.values():
            menu.addAction(dock.toggleViewAction())

    def _resize(self, dock: QDockWidget, size: QSize) -> None:
        """Give a dock this size; its neighbours above and below share what is left as before."""
        if dock.isFloating() or not size.isValid():
            return
        tabs, area = self._window.tabifiedDockWidgets(dock), self._window.dockWidgetArea(dock)
        beside = [
            other
            for other in self.by_id.values()
            if other not in (dock, *tabs)
            and not (other.isHidden() or other.isFloating())
            and self._window.dockWidgetArea(other) is area
        ]
        before = [other.height() for other in beside]
        left = max(sum(before) + dock.height() - size.height(), 1)
        heights = [round(left * height / sum(before)) for height in before]
        self._window.resizeDocks([dock], [size.width()], Qt.Orientation.Horizontal)
        self._window.resizeDocks([dock, *beside], [size.height(), *heights], Qt.Orientation.Vertical)


def _make_dock(panel: Panel, window: QMainWindow) -> QDockWidget:
    dock = QDockWidget(panel.title, window)
    dock.setObjectName(panel.id)
    frame = QFrame(objectName="panel")
    inner = QVBoxLayout(frame)
    inner.setContentsMargins(1, 1, 1, 1)
    inner.addWidget(panel.widget)
    margin = QWidget()
    outer = QVBoxLayout(margin)
    left = panel.area is Qt.DockWidgetArea.LeftDockWidgetArea
    right = panel.area is Qt.DockWidgetArea.RightDockWidgetArea
    outer.setContentsMargins(8 if left else 0, 0, 8 if right else 0, 4)
    outer.addWidget(frame)
    dock.setWidget(margin)
    return dock
