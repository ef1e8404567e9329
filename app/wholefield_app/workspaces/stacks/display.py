"""How the open stacks are shown: their channels, and which two are compared."""

from PySide6.QtCore import QObject, Signal, Slot

from wholefield_app.channels.memory import RememberedChannels
from wholefield_app.document.document import Role
from wholefield_app.settings import Settings
from wholefield_app.viewer.levels import Levels, ValueFacts
from wholefield_app.viewer.stacks.plane_images import PlaneLook
from wholefield_app.viewer.stacks.plane_view import Compare
from wholefield_app.viewer.stacks.stack_scene import StackScene
from wholefield_app.viewer.stacks.stack_view import StackView
from wholefield_app.workspaces.stacks.document import StackDocument
from wholefield_app.workspaces.stacks.opening import OpenStack

OPACITY = 0.5
NO_LEVELS = Levels(0.0, 1.0)


class StackDisplay(QObject):
    """Keeps the view up to date with the document.

    Attributes:
        remembered: The channels of the input, shown as they were left.
        channels: The channels themselves.
        with_role: The stack that the input is compared with, where it is open.
        compare: How it is compared.
        opacity: Of a stack that lies over the input, 0 to 1.

    Signals:
        changed: Something is shown in another way.
    """

    changed = Signal()

    def __init__(self, document: StackDocument, view: StackView, settings: Settings, parent: QObject) -> None:
        super().__init__(parent)
        self._document = document
        self._view = view
        self.remembered = RememberedChannels(settings, self)
        self.channels = self.remembered.channels
        self.with_role = Role.TARGET
        self.compare = Compare.ALONE
        self.opacity = OPACITY
        document.changed.connect(self._follow_document)
        document.time_changed.connect(self._show)
        view.levels_dragged.connect(self._drag_levels)
        self.channels.changed.connect(self._show)

    @property
    def other(self) -> OpenStack | None:
        """The second stack, where one is open."""
        return self._document.things.get(self.with_role)

    @property
    def facts(self) -> ValueFacts | None:
        """What is known of the values that are shown; None without an input."""
        return self.channels.current_facts

    @property
    def levels(self) -> Levels:
        """What is black and white in the selected channel of the input."""
        return self.channels.levels or NO_LEVELS

    def next_channel(self) -> None:
        """Show the channel after the one in sight by itself; after the last comes the first."""
        channels, count = self.channels, len(self.channels.settings)
        if count:
            channels.select([(channels.current + 1) % count if channels.alone else 0])
            channels.set_alone(True)

    def set_compare(self, compare: Compare) -> None:
        """Compare in another way."""
        self.compare = compare
        self._show()

    def set_with(self, role: Role) -> None:
        """Compare with another stack."""
        self.with_role = role
        self._show()

    def set_opacity(self, opacity: float) -> None:
        """Set the opacity of what lies over the input."""
        self.opacity = opacity
        self._show()

    @Slot(object)
    def _follow_document(self, role: Role) -> None:
        stack = self._document.things.get(role)
        if role is Role.INPUT:
            self._begin(stack)
        elif stack is not None:
            self.with_role = role
            if self.compare is Compare.ALONE:
                alike = Compare.SWIPE if role is Role.PREDICTION else Compare.BESIDE
                self.compare = Compare.OVER if stack.facts.labels else alike
        if self.other is None:
            others = [each for each in (Role.PREDICTION, Role.TARGET) if each in self._document.things]
            self.with_role = others[0] if others else self.with_role
            self.compare = self.compare if others else Compare.ALONE
        self._show()

    def _begin(self, stack: OpenStack | None) -> None:
        if stack is None:
            self.remembered.end()
            return
        source, facts = stack.source, stack.channel_facts
        name = f"{source.path.absolute()}{f'#{source.dataset}' if source.dataset is not None else ''}"
        selected = range(source.channels) if stack.colored else (0,)
        self.remembered.begin(
            name, stack.channels, facts, selected=selected, alone=source.channels > 1 and not stack.colored
        )

    @Slot(float, float)
    def _drag_levels(self, dx: float, dy: float) -> None:
        if (facts := self.facts) is not None:
            self.channels.set_levels(self.levels.dragged(dx, dy, facts.full.window))

    @Slot()
    def _show(self) -> None:
        self._view.set_scene(self._scene())
        self._view.set_compare(self.compare, self.opacity)
        self.changed.emit()

    def _scene(self) -> StackScene | None:
        first, facts = self._document.input, self.facts
        if first is None or facts is None:
            return None
        second = self.other if self.compare is not Compare.ALONE else None
        return StackScene(
            PlaneLook(first.source, self.channels.shown),
            second.look_beside(facts, self.levels) if second is not None else None,
            (self._caption(first), self._other_caption(second)),
        )

    def _caption(self, stack: OpenStack) -> str:
        name = stack.source.name + _time_of(stack)
        alone = self.channels.alone and stack.source.channels > 1
        return f"{name}, {self.channels.settings[self.channels.current].name}" if alone else name

    def _other_caption(self, second: OpenStack | None) -> str:
        if second is None:
            return ""
        at = self._document.predicted_at if self.with_role is Role.PREDICTION else None
        of_time = f" of time {at}" if at is not None and second.source.times == 1 else _time_of(second)
        return f"{self.with_role}: {second.source.name}{of_time}"


def _time_of(stack: OpenStack) -> str:
    """Which time is shown; empty where there is just one."""
    return f", time {stack.source.time}" if stack.source.times > 1 else ""
