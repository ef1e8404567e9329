"""The list of keyboard shortcuts, built from the registry."""

from collections.abc import Iterable

from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QHeaderView, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from wholefield_app.actions.action import Menu
from wholefield_app.actions.registry import BoundAction, Registry
from wholefield_app.widgets.properties import with_properties


class ShortcutHelp(QDialog):
    """Shows what each key does, menu by menu, and what the mouse does."""

    def __init__(self, registry: Registry, hints: Iterable[tuple[str, str]], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard shortcuts")
        self.list = with_properties(QTreeWidget(columnCount=2), rootIsDecorated=False, headerHidden=True)
        self.list.header().setStretchLastSection(False)
        self.list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.list.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        for menu in Menu:
            rows = [_row(bound) for bound in registry if bound.definition.menu is menu and _keys(bound)]
            self._add_section(menu.plain_title, rows)
        self._add_section("With the mouse", [QTreeWidgetItem(list(hint)) for hint in hints])
        self.list.expandAll()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.addWidget(self.list)
        self.resize(480, 560)

    def _add_section(self, title: str, rows: list[QTreeWidgetItem]) -> None:
        section = QTreeWidgetItem([title])
        font = section.font(0)
        font.setBold(True)
        section.setFont(0, font)
        section.addChildren(rows)
        self.list.addTopLevelItem(section)


def _keys(bound: BoundAction) -> str:
    return bound.shortcut().toString(QKeySequence.SequenceFormat.NativeText)


def _row(bound: BoundAction) -> QTreeWidgetItem:
    return QTreeWidgetItem([bound.definition.plain_title, _keys(bound)])
