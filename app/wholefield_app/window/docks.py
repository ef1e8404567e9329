"""Puts the panels of a workspace into docks around its view, and folds those that have nothing to show."""

from typing import Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QAction, QCloseEvent
from PySide6.QtWidgets import QDockWidget, QFrame, QMainWindow, QMenu, QVBoxLayout, QWidget

from wholefield_app.document.workspace import Panel
from wholefield_app.panels.foldable import Foldable, has_content
from wholefield_app.widgets.properties import with_properties

LEFT, RIGHT = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
BOTTOM = Qt.DockWidgetArea.BottomDockWidgetArea
HORIZONTAL, VERTICAL = Qt.Orientation.Horizontal, Qt.Orientation.Vertical
# Share of the window's width that the panels of a side take, and their least and greatest width in px: at 1280 px the
# image keeps more than half of the width, and above 1560 px all that is added.
SIDES = {LEFT: (0.19, 200, 296), RIGHT: (0.25, 250, 372)}
# A panel that unfolds, or asks for a width of its own, leaves the image the rest.
GREATEST_HEIGHT, GREATEST_WIDTH = 0.3, 0.45
# A separator that Qt moved by less than this was not dragged by anyone.
SLACK = 3


class Dock(QDockWidget):
    """A dock that signals when the user opens or closes it.

    Signals:
        chosen: Its id, and whether the user wants to see it.
    """

    chosen = Signal(str, bool)

    def __init__(self, panel: Panel, parent: QWidget) -> None:
        super().__init__(panel.title, parent)
        self.setObjectName(panel.id)
        self.toggleViewAction().setToolTip(f"Show or hide the panel “{panel.title}”")
        self.toggleViewAction().triggered.connect(self._tell)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Close, and tell of it."""
        super().closeEvent(event)
        self._tell(False)

    @Slot(bool)
    def _tell(self, shown: bool) -> None:
        self.chosen.emit(self.objectName(), shown)


class Docks:
    """The docks of a window by panel id.

    Attributes:
        by_id: The docks.
        chosen: Whether the user wants to see a panel, for each that the user has opened or closed.
        dragged: How wide the user has dragged a side, in px, by its name.
    """

    def __init__(self, window: QMainWindow, panels: list[Panel]) -> None:
        self._window = window
        self._panels = {panel.id: panel for panel in panels}
        self._aside: list[QDockWidget] = []
        self.chosen: dict[str, bool] = {}
        self.dragged: dict[str, int] = {}
        window.setDockOptions(
            QMainWindow.DockOption.AnimatedDocks
            | QMainWindow.DockOption.AllowNestedDocks
            | QMainWindow.DockOption.AllowTabbedDocks
        )
        for corner, area in ((Qt.Corner.BottomLeftCorner, LEFT), (Qt.Corner.BottomRightCorner, RIGHT)):
            window.setCorner(corner, area)
        self.by_id = {panel.id: _make_dock(panel, window) for panel in panels}
        self.arrange()
        for panel in panels:
            self._connect(panel, self.by_id[panel.id])

    @property
    def switches(self) -> list[QAction]:
        """Shows or hides a panel each, for those that are out of sight at first."""
        return [
            self.by_id[panel.id].toggleViewAction()
            for panel in self._panels.values()
            if isinstance(panel.widget, Foldable) or panel.area is BOTTOM
        ]

    def state(self) -> dict[str, Any]:
        """What the user has chosen, to be remembered."""
        return {"chosen": self.chosen, "dragged": self.dragged}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up what the user chose at the last start."""
        self.chosen = {name: bool(shown) for name, shown in dict(state.get("chosen", {})).items()}
        self.dragged = {name: int(width) for name, width in dict(state.get("dragged", {})).items()}
        self.fold()

    def arrange(self) -> None:
        """Put every panel where it stands at first."""
        self.chosen.clear()
        self.dragged.clear()
        for panel in self._panels.values():
            dock = self.by_id[panel.id]
            dock.setFloating(False)
            self._window.addDockWidget(panel.area, dock)
            dock.show()
        for panel in self._panels.values():
            if panel.tab_of:
                self._window.tabifyDockWidget(self.by_id[panel.tab_of], self.by_id[panel.id])
                self.by_id[panel.tab_of].raise_()
            self.by_id[panel.id].setVisible(panel.shown and has_content(panel.widget))
        for area in SIDES:
            beside = [panel for panel in self._panels.values() if panel.area is area and panel.shown]
            docks = [self.by_id[panel.id] for panel in beside]
            self._window.resizeDocks(docks, [panel.share for panel in beside], VERTICAL)
        below = [panel for panel in self._panels.values() if panel.area is BOTTOM]
        docks = [self.by_id[panel.id] for panel in below]
        self._window.resizeDocks(docks, [panel.share for panel in below], VERTICAL)
        self.fit()

    def fit(self) -> None:
        """Give the sides the width that suits the window, or that they were dragged to; what is below gives way."""
        width = self._window.width()
        for area, (share, least, greatest) in SIDES.items():
            docks = [dock for dock in self._standing(area) if not dock.isHidden()]
            if docks:
                usual = min(max(round(share * width), least), greatest)
                asked = max(usual, *(self._panels[dock.objectName()].width for dock in docks))
                side = min(self.dragged.get(str(area.name), asked), max(usual, round(GREATEST_WIDTH * width)))
                self._window.resizeDocks(docks, [side] * len(docks), HORIZONTAL)
        greatest_height = round(GREATEST_HEIGHT * self._window.height())
        below = [
            dock for dock in self._standing(BOTTOM) if dock.isVisible() and dock.height() > greatest_height
        ]
        self._window.resizeDocks(below, [greatest_height] * len(below), VERTICAL)

    def note_drag(self, before: dict[str, int]) -> None:
        """Keep the width of the sides that are not as wide as `before` a press of the mouse."""
        for name, width in self.widths().items():
            if abs(width - before.get(name, width)) > SLACK:
                self.dragged[name] = width

    def widths(self) -> dict[str, int]:
        """How wide each side is, in px, by its name; without those on which nothing stands."""
        return {
            str(area.name): docks[0].width()
            for area in SIDES
            if (docks := [dock for dock in self._standing(area) if dock.isVisible()])
        }

    def fold(self) -> None:
        """Show the panels that have something to show, hide the others; what the user chose stays."""
        for panel in self._panels.values():
            dock = self.by_id[panel.id]
            if not isinstance(panel.widget, Foldable) and panel.id not in self.chosen:
                continue
            wanted = self.chosen.get(
                panel.id, panel.widget.has_content if isinstance(panel.widget, Foldable) else True
            )
            if wanted and dock.isHidden():
                self._unfold(panel)
            elif not wanted:
                dock.hide()

    def show_panel(self, panel_id: str, shown: bool) -> None:
        """Show a panel in front with the room that it needs, or hide it and give that room back."""
        dock, panel = self.by_id[panel_id], self._panels[panel_id]
        if not shown:
            dock.hide()
            # What it stood in front of comes back, not what happens to be the next tab.
            dock = self.by_id[panel.tab_of] if panel.tab_of else dock
        elif dock.isHidden():
            self._unfold(panel)
        dock.raise_()
        self.fit()

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

    def _connect(self, panel: Panel, dock: Dock) -> None:
        dock.chosen.connect(self._choose)
        if isinstance(panel.widget, Foldable):
            panel.widget.content_changed.connect(self.fold)
        if panel.when_seen is not None:
            dock.visibilityChanged.connect(panel.when_seen)

    def _choose(self, panel_id: str, shown: bool) -> None:
        """Remember what the user wants; Qt has shown or hidden the dock already."""
        self.chosen[panel_id] = shown
        if shown:
            panel = self._panels[panel_id]
            self._make_room(panel, self._beside(panel))
            self.by_id[panel_id].raise_()
        self.fit()

    def _unfold(self, panel: Panel) -> None:
        beside = self._beside(panel)
        self.by_id[panel.id].show()
        self._make_room(panel, beside)
        self.by_id[panel.id].raise_()

    def _make_room(self, panel: Panel, beside: list[QDockWidget]) -> None:
        """Give a panel that came into sight its share of the height; those `beside` it share what is left as before."""
        dock = self.by_id[panel.id]
        if dock.isFloating():
            return
        if panel.area is BOTTOM:
            height, beside = min(panel.share, round(GREATEST_HEIGHT * self._window.height())), []
        else:
            shares = sum(self._panels[other.objectName()].share for other in beside)
            height = round(sum(other.height() for other in beside) * panel.share / (panel.share + shares))
        before = [other.height() for other in beside]
        left = max(sum(before) - height, 1)
        heights = [round(left * other / max(sum(before), 1)) for other in before]
        self._window.resizeDocks([dock, *beside], [height, *heights], VERTICAL)

    def _beside(self, panel: Panel) -> list[QDockWidget]:
        """The docks in sight above and below a panel, without those that share its place as tabs."""
        dock = self.by_id[panel.id]
        tabs = self._window.tabifiedDockWidgets(dock)
        area = self._window.dockWidgetArea(dock)
        return [other for other in self._standing(area) if other not in (dock, *tabs) and other.isVisible()]

    def _standing(self, area: Qt.DockWidgetArea) -> list[QDockWidget]:
        return [
            dock
            for dock in self.by_id.values()
            if not dock.isFloating() and self._window.dockWidgetArea(dock) is area
        ]


def _make_dock(panel: Panel, window: QMainWindow) -> Dock:
    dock = Dock(panel, window)
    frame = with_properties(QFrame(), objectName="panel")
    inner = QVBoxLayout(frame)
    inner.setContentsMargins(1, 1, 1, 1)
    inner.addWidget(panel.widget)
    margin = QWidget()
    outer = QVBoxLayout(margin)
    outer.setContentsMargins(8 if panel.area is LEFT else 0, 0, 8 if panel.area is RIGHT else 0, 4)
    outer.addWidget(frame)
    dock.setWidget(margin)
    return dock
