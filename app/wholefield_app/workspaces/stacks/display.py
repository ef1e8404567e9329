"""How the open stacks are shown: levels, and which two are compared."""

from PySide6.QtCore import QObject, Signal, Slot

from wholefield_app.document.document import Role
from wholefield_app.viewer.stacks.levels import Levels, ValueFacts
from wholefield_app.viewer.stacks.plane_images import PlaneLook
from wholefield_app.viewer.stacks.plane_view import Compare
from wholefield_app.viewer.stacks.stack_scene import StackScene
from wholefield_app.viewer.stacks.stack_view import StackView
from wholefield_app.workspaces.stacks.document import StackDocument
from wholefield_app.workspaces.stacks.opening import OpenStack

OPACITY = 0.5
NO_LEVELS = Levels(0.0, 1.0)
COLOR_LEVELS = Levels(0.0, 255.0)


class StackDisplay(QObject):
    """Keeps the view up to date with the document.

    Attributes:
        channel: The channel of the input that is shown; None shows all of them as colors.
        with_role: The stack that the input is compared with, where it is open.
        compare: How it is compared.
        opacity: Of a stack that lies over the input, 0 to 1.

    Signals:
        changed: Something is shown in another way.
    """

    changed = Signal()

    def __init__(self, document: StackDocument, view: StackView, parent: QObject) -> None:
        super().__init__(parent)
        self._document = document
        self._view = view
        self.channel: int | None = None
        self._levels: dict[int | None, Levels] = {}
        self.with_role = Role.TARGET
        self.compare = Compare.ALONE
        self.opacity = OPACITY
        document.changed.connect(self._follow_document)
        document.time_changed.connect(self._show)
        view.levels_dragged.connect(self._drag_levels)

    @property
    def other(self) -> OpenStack | None:
        """The second stack, where one is open."""
        return self._document.things.get(self.with_role)

    @property
    def facts(self) -> ValueFacts | None:
        """What is known of the values that are shown; None without an input."""
        stack = self._document.input
        return stack.channel_facts[self.channel or 0] if stack is not None else None

    @property
    def levels(self) -> Levels:
        """What is black and white in the input; every channel has levels of its own."""
        stack = self._document.input
        if stack is None:
            return NO_LEVELS
        facts = stack.channel_facts[self.channel or 0]
        first = stack.of_file or (COLOR_LEVELS if self.channel is None else facts.automatic)
        return self._levels.get(self.channel, first)

    def set_levels(self, levels: Levels) -> None:
        """Show other values as black and white."""
        if levels != self.levels:
            self._levels[self.channel] = levels
            self._show()

    def set_channel(self, channel: int | None) -> None:
        """Show another channel of the input, or all of them as colors."""
        if channel != self.channel:
            self.channel = channel
            self._show()

    def next_channel(self) -> None:
        """Show the channel after the one in sight; after the last comes the first."""
        if (stack := self._document.input) is not None:
            before = -1 if self.channel is None else self.channel
            self.set_channel((before + 1) % stack.source.channels)

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
        if role is Role.INPUT and stack is not None:
            self.channel, self._levels = None if stack.colored else 0, {}
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

    @Slot(float, float)
    def _drag_levels(self, dx: float, dy: float) -> None:
        if (facts := self.facts) is not None:
            self.set_levels(self.levels.dragged(dx, dy, facts.full.window))

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
            PlaneLook(first.source, self.levels, self.channel),
            second.look_beside(facts, self.levels) if second is not None else None,
            (self._caption(first), self._other_caption(second)),
        )

    def _caption(self, stack: OpenStack) -> str:
        name = stack.source.name + _time_of(stack)
        if stack.source.channels == 1 or self.channel is None:
            return name
        return f"{name}, {stack.channel_names[self.channel]}"

    def _other_caption(self, second: OpenStack | None) -> str:
        if second is None:
            return ""
        at = self._document.predicted_at if self.with_role is Role.PREDICTION else None
        of_time = f" of time {at}" if at is not None and second.source.times == 1 else _time_of(second)
        return f"{self.with_role}: {second.source.name}{of_time}"


def _time_of(stack: OpenStack) -> str:
    """Which time is shown; empty where there is just one."""
    return f", time {stack.source.time}" if stack.source.times > 1 else ""
