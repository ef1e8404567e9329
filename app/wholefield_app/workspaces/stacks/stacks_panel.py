"""The stacks panel: what is open for which purpose, and how two of them are compared."""

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from wholefield_app.actions import Registry
from wholefield_app.actions.button import ActionButton
from wholefield_app.document.document import Role
from wholefield_app.forms.layout import choice
from wholefield_app.theme.icons import icon
from wholefield_app.theme.theme import Theme
from wholefield_app.viewer.stacks.plane_view import Compare
from wholefield_app.widgets.heading import heading, muted
from wholefield_app.workspaces.stacks.display import OPACITY, StackDisplay
from wholefield_app.workspaces.stacks.document import StackDocument, spacing_text
from wholefield_app.workspaces.stacks.opening import OpenStack, size_text

EMPTY = {
    Role.INPUT: "Open a stack to begin.",
    Role.TARGET: "None. A clean or labeled stack of the same size, to train on or to compare with.",
    Role.PREDICTION: "None yet. Train a network, then predict.",
}
COMPARISONS = {
    Compare.ALONE: "Input alone",
    Compare.BESIDE: "Side by side",
    Compare.OVER: "Overlay",
    Compare.SWIPE: "With a swipe handle",
}


class StackRow(QWidget):
    """One role: the name of its stack, its size, and a button that closes it.

    Signals:
        closed: The Role whose stack is to be closed.
    """

    closed = Signal(object)

    def __init__(self, role: Role, theme: Theme) -> None:
        super().__init__()
        self.role = role
        self.name = QLabel(textFormat=Qt.TextFormat.PlainText)
        self.facts = muted(EMPTY[role])
        self.close_button = QToolButton()
        self.close_button.setToolTip(f"Close the {role.lower()}")
        self.close_button.setAccessibleName(f"Close the {role.lower()}")
        self.close_button.clicked.connect(self._close)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(heading(role.value))
        head.addWidget(self.name, 1)
        head.addWidget(self.close_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(self.facts)
        self.use_theme(theme)
        self.show_stack(None)

    def show_stack(self, stack: OpenStack | None, first: OpenStack | None = None) -> None:
        """Show what is open, or what could be; what it shares with the `first` stack is not said again."""
        self.close_button.setVisible(stack is not None)
        self.name.setText(stack.source.name if stack is not None else "")
        self.name.setToolTip(str(stack.source.path) if stack is not None else "")
        self.facts.setText(facts_of(stack, first) if stack is not None else EMPTY[self.role])

    def use_theme(self, theme: Theme) -> None:
        """Draw the icons in the colors of `theme`."""
        self.close_button.setIcon(icon("close", theme))

    @Slot()
    def _close(self) -> None:
        self.closed.emit(self.role)


class StacksPanel(QWidget):
    """Follows the document and how it is shown."""

    def __init__(
        self, document: StackDocument, display: StackDisplay, registry: Registry, theme: Theme
    ) -> None:
        super().__init__()
        self._document = document
        self._display = display
        self.rows = {role: StackRow(role, theme) for role in Role}
        self.read_anew = ActionButton(registry["stacks.read_anew"], only_when_enabled=True, parent=self)
        self.pair = ActionButton(registry["stacks.pair"], parent=self)
        self.compare = choice(COMPARISONS, "How the second stack is shown", "Comparison")
        self.compare.currentIndexChanged.connect(self._set_compare)
        self.other = choice({}, "The second stack", "Second stack")
        self.other.currentIndexChanged.connect(self._set_other)
        self.opacity = QSlider(Qt.Orientation.Horizontal)
        self.opacity.setToolTip("Opacity of the stack on top")
        self.opacity.setAccessibleName("Opacity")
        self.opacity.setRange(0, 100)
        self.opacity.setValue(round(100 * OPACITY))
        self.opacity.valueChanged.connect(self._set_opacity)
        self._look = self._make_look()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 12)
        layout.setSpacing(10)
        for role, row in self.rows.items():
            row.closed.connect(document.remove)
            layout.addWidget(row)
            if role is Role.INPUT:
                layout.addWidget(self.read_anew)
            if role is Role.TARGET:
                layout.addWidget(self.pair)
        layout.addWidget(self._look)
        layout.addStretch()
        document.changed.connect(self._follow_document)
        display.changed.connect(self._follow_display)
        self._follow_display()

    @Slot(object)
    def use_theme(self, theme: Theme) -> None:
        """Draw the icons in the colors of `theme`."""
        for row in self.rows.values():
            row.use_theme(theme)

    def _make_look(self) -> QWidget:
        section = QWidget()
        form = QFormLayout(section)
        form.setContentsMargins(0, 4, 0, 0)
        form.setHorizontalSpacing(12)
        form.setVerticalSpacing(6)
        form.addRow("Show", self.compare)
        form.addRow("Compare with", self.other)
        form.addRow("Opacity", self.opacity)
        self._form = form
        return section

    @Slot(object)
    def _follow_document(self, role: Role) -> None:
        first = None if role is Role.INPUT else self._document.input
        self.rows[role].show_stack(self._document.things.get(role), first)

    @Slot()
    def _follow_display(self) -> None:
        others = [role for role in (Role.TARGET, Role.PREDICTION) if role in self._document.things]
        self._look.setVisible(bool(others))
        with QSignalBlocker(self.other):
            self.other.clear()
            for role in others:
                self.other.addItem(role.value, role)
            if self._display.with_role in others:
                self.other.setCurrentIndex(others.index(self._display.with_role))
        with QSignalBlocker(self.compare):
            self.compare.setCurrentIndex(self.compare.findData(self._display.compare))
        self._form.setRowVisible(self.other, self._display.compare is not Compare.ALONE and len(others) > 1)
        seen_through = self._display.compare in (Compare.OVER, Compare.SWIPE)
        self._form.setRowVisible(self.opacity, seen_through)

    @Slot()
    def _set_compare(self) -> None:
        # Qt gives members of a text enumeration back as plain texts.
        self._display.set_compare(Compare(self.compare.currentData()))

    @Slot()
    def _set_other(self) -> None:
        self._display.set_with(Role(self.other.currentData()))

    @Slot(int)
    def _set_opacity(self, percent: int) -> None:
        self._display.set_opacity(percent / 100)


def facts_of(stack: OpenStack, first: OpenStack | None = None) -> str:
    """Size, type and voxel of a stack, and its labels where it has some.

    Args:
        stack: The stack.
        first: One of the same size whose facts are told already; what is the same is left out.
    """
    source = stack.source
    several = f"{source.channels} channels of " if source.channels > 1 else ""
    facts = [f"{several}{source.dtype}"] if first else [f"{size_text(source.shape)}, {several}{source.dtype}"]
    if stack.facts.labels:
        facts.append(f"{len(stack.facts.labels)} labels")
    text = ", ".join(facts)
    known = first is not None and spacing_text(first.source.geometry) == spacing_text(source.geometry)
    if source.geometry.spacing is None or known:
        return text
    return f"{text}\n{spacing_text(source.geometry)} per voxel"
