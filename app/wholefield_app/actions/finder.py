"""The command finder: type a few letters of what you want to do, press Enter."""

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QObject, Qt, Slot
from PySide6.QtGui import QGuiApplication, QIcon, QKeyEvent, QKeySequence, QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHeaderView,
    QLabel,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from wholefield_app.actions.action import Action
from wholefield_app.actions.registry import BoundAction, Registry
from wholefield_app.widgets.properties import with_properties

ACTION = Qt.ItemDataRole.UserRole


def find_actions(words: str, actions: Iterable[Action]) -> list[Action]:
    """Actions whose menu, title or sentence hold every word of `words`; those with it in the title first."""
    wanted = words.casefold().split()

    def text(action: Action) -> str:
        return f"{action.menu.plain_title} {action.plain_title} {action.about}".casefold()

    found = [action for action in actions if all(word in text(action) for word in wanted)]
    return sorted(found, key=lambda action: not all(word in action.plain_title.casefold() for word in wanted))


class CommandFinder(QDialog):
    """A list of all actions that narrows down while typing."""

    def __init__(self, registry: Registry, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("finder")
        self._registry = registry
        self._window = parent
        self.search = with_properties(
            QLineEdit(placeholderText="What do you want to do?"), objectName="search"
        )
        self.search.textChanged.connect(self._narrow)
        self.search.installEventFilter(self)
        self.list = _make_list()
        self.list.itemActivated.connect(self._run_item)
        self.list.itemClicked.connect(self._run_item)
        self.list.currentItemChanged.connect(self._show_command)
        self._command = QLabel(wordWrap=True, textInteractionFlags=Qt.TextInteractionFlag.NoTextInteraction)
        self._command.setProperty("role", "muted")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        for widget in (self.search, self.list, self._command):
            layout.addWidget(widget)
        self.resize(560, 420)

    def appear(self) -> None:
        """Open over the upper middle of the window with an empty search."""
        self._registry.refresh()
        self.search.clear()
        self._narrow("")
        window = self._window
        corner = window.mapToGlobal(window.rect().topLeft())
        self.move(corner.x() + (window.width() - self.width()) // 2, corner.y() + 64)
        self.show()
        self.search.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrow keys move in the list, Enter runs, Ctrl+C copies as command, while the search keeps the focus."""
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return False
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._move(1 if event.key() == Qt.Key.Key_Down else -1)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._run_item(self.list.currentItem())
        elif event.matches(QKeySequence.StandardKey.Copy) and self._command_line():
            QGuiApplication.clipboard().setText(self._command_line())
        else:
            return False
        return True

    @Slot(str)
    def _narrow(self, words: str) -> None:
        bound = {action.definition.id: action for action in self._registry if action.isVisible()}
        self.list.clear()
        for action in find_actions(words, [item.definition for item in bound.values()]):
            self.list.addTopLevelItem(_row(bound[action.id]))
        self._choose(0)

    def _move(self, step: int) -> None:
        count = self.list.topLevelItemCount()
        if count:
            self._choose((self.list.currentIndex().row() + step) % count)

    def _choose(self, row: int) -> None:
        item = self.list.topLevelItem(row)
        if item is not None:
            self.list.setCurrentItem(item)

    @Slot(QTreeWidgetItem)
    def _run_item(self, item: QTreeWidgetItem | None) -> None:
        bound = self._registry[item.data(0, ACTION)] if item is not None else None
        if bound is not None and bound.isEnabled():
            self.hide()
            bound.trigger()

    def _command_line(self) -> str:
        item = self.list.currentItem()
        command = self._registry[item.data(0, ACTION)].definition.command if item is not None else None
        return (command() if command is not None else None) or ""

    @Slot()
    def _show_command(self) -> None:
        line = self._command_line()
        item = self.list.currentItem()
        reason = self._registry[item.data(0, ACTION)].reason if item is not None else ""
        if reason:
            text = reason
        elif line:
            text = f"Ctrl+C copies:  {line}"
        else:
            text = "Enter runs it, Esc closes this list"
        self._command.setText(text)


def _make_list() -> QTreeWidget:
    tree = with_properties(
        QTreeWidget(columnCount=2), rootIsDecorated=False, headerHidden=True, uniformRowHeights=True
    )
    tree.header().setStretchLastSection(False)
    tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
    tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
    tree.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    tree.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    return tree


def _row(bound: BoundAction) -> QTreeWidgetItem:
    keys = bound.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
    row = QTreeWidgetItem([f"{bound.definition.menu.plain_title}:  {bound.definition.plain_title}", keys])
    row.setData(0, ACTION, bound.definition.id)
    row.setIcon(0, bound.icon())
    row.setToolTip(0, bound.toolTip())
    if not bound.isEnabled():
        # An item that is disabled could not be reached with the arrow keys.
        gray = QGuiApplication.palette().brush(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Text)
        row.setForeground(0, gray)
        row.setIcon(0, QIcon(bound.icon().pixmap(20, QIcon.Mode.Disabled)))
    return row
