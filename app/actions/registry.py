"""Holds all actions and their Qt counterparts, and keeps enabled, checked and icon up to date."""

from collections.abc import Iterable, Iterator

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from app.actions.action import Action
from app.theme.icons import icon
from app.theme.theme import Theme


class BoundAction(QAction):
    """The Qt action of an Action."""

    def __init__(self, definition: Action, parent: QObject) -> None:
        super().__init__(definition.title, parent)
        self.definition = definition
        self.setObjectName(definition.id)
        self.setShortcut(QKeySequence(definition.shortcut))
        self.setCheckable(definition.checked_when is not None)
        keys = self.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        self.setToolTip(f"{definition.about} ({keys})" if keys else definition.about)
        self.setStatusTip(definition.about)
        self.triggered.connect(self._run)

    def refresh(self) -> None:
        """Ask the definition again whether the action is enabled and on."""
        self.setEnabled(self.definition.enabled_when())
        if self.definition.checked_when is not None:
            self.setChecked(self.definition.checked_when())

    @Slot()
    def _run(self) -> None:
        self.definition.handler()
        self.refresh()


class Registry(QObject):
    """All actions of a window by id, in the order in which they were added."""

    def __init__(self, window: QWidget, theme: Theme) -> None:
        super().__init__(window)
        self._window = window
        self._theme = theme
        self._bound: dict[str, BoundAction] = {}

    def __iter__(self) -> Iterator[BoundAction]:
        return iter(self._bound.values())

    def __getitem__(self, action_id: str) -> BoundAction:
        return self._bound[action_id]

    def add(self, actions: Iterable[Action]) -> None:
        """Take in actions.

        Raises:
            ValueError: An id or a shortcut is taken already.
        """
        for action in actions:
            self._refuse_duplicate(action)
            bound = BoundAction(action, self)
            bound.setIcon(icon(action.icon, self._theme))
            self._bound[action.id] = bound
            # Shortcuts work only for actions that a widget of the window holds.
            self._window.addAction(bound)

    @Slot()
    def refresh(self) -> None:
        """Bring enabled and checked of every action up to date."""
        for bound in self:
            bound.refresh()

    @Slot(object)
    def use_theme(self, theme: Theme) -> None:
        """Draw the icons in the colours of `theme`."""
        self._theme = theme
        for bound in self:
            bound.setIcon(icon(bound.definition.icon, theme))

    def _refuse_duplicate(self, action: Action) -> None:
        if action.id in self._bound:
            raise ValueError(f"Two actions are called {action.id}")
        keys = QKeySequence(action.shortcut)
        for other in self:
            if action.shortcut and other.shortcut() == keys:
                raise ValueError(
                    f"{action.id} and {other.definition.id} share the shortcut {action.shortcut}"
                )
