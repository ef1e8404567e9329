"""Holds all actions and their Qt counterparts, and keeps enabled, checked and icon up to date."""

from collections.abc import Iterable, Iterator

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from wholefield_app.actions.action import Action
from wholefield_app.theme.icons import icon
from wholefield_app.theme.theme import Theme

EVERYWHERE = ""


class BoundAction(QAction):
    """The Qt action of an Action.

    Attributes:
        definition: The action.
        scope: Name of the workspace that it belongs to, or `EVERYWHERE`.
        usable: Whether it can be used; what is not in sight is not enabled either.
        reason: A sentence on why it cannot be used now; empty where it can, or where the definition does not say.
    """

    def __init__(self, definition: Action, scope: str, parent: QObject) -> None:
        super().__init__(definition.title, parent)
        self.definition = definition
        self.scope = scope
        self.reason = ""
        self.usable = True
        self.setObjectName(definition.id)
        self.setShortcut(QKeySequence(definition.shortcut))
        self.setCheckable(definition.checked_when is not None)
        self._describe()
        self.triggered.connect(self._run)

    def refresh(self) -> None:
        """Ask the definition again whether the action is enabled, and on."""
        answer = self.definition.enabled_when()
        reason = answer if isinstance(answer, str) else ""
        if reason != self.reason:
            self.reason = reason
            self._describe()
        self.usable = not reason and bool(answer)
        self.setEnabled(self.usable)
        if self.definition.checked_when is not None:
            self.setChecked(self.definition.checked_when())

    def _describe(self) -> None:
        """Say what it does and with which key, and why it cannot be used where that is so."""
        about = self.definition.about
        keys = self.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        tip = f"{about} ({keys})" if keys else about
        self.setToolTip(f"{tip}\n{self.reason}" if self.reason else tip)
        self.setStatusTip(self.reason or about)

    @Slot()
    def _run(self) -> None:
        self.definition.handler()
        self.refresh()


class Registry(QObject):
    """All actions of a window by id; iterating gives those in sight, in the order in which they were added.

    Visible are the actions of the current workspace, followed by the global ones.

    Attributes:
        scope: Name of the workspace that was entered.
    """

    def __init__(self, window: QWidget, theme: Theme) -> None:
        super().__init__(window)
        self.scope = EVERYWHERE
        self._window = window
        self._theme = theme
        self._bound: dict[str, BoundAction] = {}

    def __iter__(self) -> Iterator[BoundAction]:
        for scope in dict.fromkeys((self.scope, EVERYWHERE)):
            yield from (bound for bound in self._bound.values() if bound.scope == scope)

    def __getitem__(self, action_id: str) -> BoundAction:
        return self._bound[action_id]

    def add(self, actions: Iterable[Action], scope: str = EVERYWHERE) -> None:
        """Add actions of a workspace, or global ones.

        Raises:
            ValueError: An id is taken already, or a shortcut by an action that can be in sight at the same time.
        """
        for action in actions:
            self._refuse_duplicate(action, scope)
            bound = BoundAction(action, scope, self)
            bound.setIcon(icon(action.icon, self._theme))
            self._bound[action.id] = bound
            self._share_place(bound)
            if scope in (EVERYWHERE, self.scope):
                # Shortcuts work only for actions that a widget of the window holds.
                self._window.addAction(bound)

    def enter(self, scope: str) -> None:
        """Bring the actions of another workspace into sight, in place of those of the one before."""
        for bound in self._bound.values():
            if bound.scope != EVERYWHERE and bound.scope != scope:
                self._window.removeAction(bound)
            elif bound.scope == scope:
                self._window.addAction(bound)
        self.scope = scope
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Bring enabled and checked of every action in sight up to date."""
        for bound in self:
            bound.refresh()
            self._share_place(bound)

    @Slot(object)
    def use_theme(self, theme: Theme) -> None:
        """Draw the icons in the colors of `theme`."""
        self._theme = theme
        for bound in self._bound.values():
            bound.setIcon(icon(bound.definition.icon, theme))

    def _share_place(self, bound: BoundAction) -> None:
        """Of two actions with one place show the one that can be used, or else the replaced one."""
        if replaced := self._bound.get(bound.definition.replaces):
            bound.setVisible(bound.usable)
            replaced.setVisible(not bound.usable)

    def _refuse_duplicate(self, action: Action, scope: str) -> None:
        if action.id in self._bound:
            raise ValueError(f"Two actions are called {action.id}")
        keys = QKeySequence(action.shortcut)
        for other in self._bound.values():
            meet = scope == other.scope or EVERYWHERE in (scope, other.scope)
            if action.shortcut and meet and other.shortcut() == keys:
                raise ValueError(
                    f"{action.id} and {other.definition.id} share the shortcut {action.shortcut}"
                )
