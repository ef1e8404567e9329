"""How the open stacks are shown: levels, and which two are compared."""

from PySide6.QtCore import QObject, Signal, Slot

from wholefield_app.viewer.levels import Levels, ValueFacts
from wholefield_app.viewer.plane_images import PlaneLook
from wholefield_app.viewer.plane_view import Compare
from wholefield_app.viewer.stack_scene import StackScene
from wholefield_app.viewer.stack_view import StackView
from wholefield_app.workspaces.stacks.desk import Desk
from wholefield_app.workspaces.stacks.opening import OpenStack, Role

OPACITY = 0.5
NO_LEVELS = Levels(0.0, 1.0)
COLOUR_LEVELS = Levels(0.0, 255.0)


class Sight(QObject):
    """Keeps the view up to date with the desk.

    Attributes:
        channel: The channel of the input that is shown; None shows all of them as colours.
        with_role: The stack that the input is compared with, where it is open.
        compare: How it is compared.
        opacity: How much is seen of a stack that lies over the input.

    Signals:
        changed: Something is shown in another way.
    """

    changed = Signal()

    def __init__(self, desk: Desk, view: StackView, parent: QObject) -> None:
        super().__init__(parent)
        self._desk = desk
        self._view = view
        self.channel: int | None = None
        self._levels: dict[int | None, Levels] = {}
        self.with_role = Role.TARGET
        self.compare = Compare.ALONE
        self.opacity = OPACITY
        desk.changed.connect(self._follow_desk)
        view.levels_dragged.connect(self._drag_levels)

    @property
    def other(self) -> OpenStack | None:
        """The second stack, where one is open."""
        return self._desk.stacks.get(self.with_role)

    @property
    def facts(self) -> ValueFacts | None:
        """What is known of the values that are shown; None without an input."""
        stack = self._desk.input
        return stack.channel_facts[self.channel or 0] if stack is not None else None

    @property
    def levels(self) -> Levels:
        """What is black and white in the input; every channel has levels of its own."""
        stack = self._desk.input
        if stack is None:
            return NO_LEVELS
        first = stack.of_file or (COLOUR_LEVELS if self.channel is None else self.facts.automatic)
        return self._levels.get(self.channel, first)

    def set_levels(self, levels: Levels) -> None:
        """Show other values as black and white."""
        if levels != self.levels:
            self._levels[self.channel] = levels
            self._show()

    def set_channel(self, channel: int | None) -> None:
        """Show another channel of the input, or all of them as colours."""
        if channel != self.channel:
            self.channel = channel
            self._show()

    def next_channel(self) -> None:
        """Show the channel after the one in sight; after the last comes the first."""
        if (stack := self._desk.input) is not None:
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
        """Let more or less be seen of what lies over the input."""
        self.opacity = opacity
        self._show()

    @Slot(object)
    def _follow_desk(self, role: Role) -> None:
        stack = self._desk.stacks.get(role)
        if role is Role.INPUT and stack is not None:
            self.channel, self._levels = None if stack.coloured else 0, {}
        elif stack is not None:
            self.with_role = role
            if self.compare is Compare.ALONE:
                alike = Compare.SWIPE if role is Role.PREDICTION else Compare.BESIDE
                self.compare = Compare.OVER if stack.facts.labels else alike
        if self.other is None:
            others = [each for each in (Role.PREDICTION, Role.TARGET) if each in self._desk.stacks]
            self.with_role = others[0] if others else self.with_role
            self.compare = self.compare if others else Compare.ALONE
        self._show()

    @Slot(float, float)
    def _drag_levels(self, dx: float, dy: float) -> None:
        if self._desk.input is not None:
            self.set_levels(self.levels.dragged(dx, dy, self.facts.full.window))

    def _show(self) -> None:
        self._view.set_scene(self._scene())
        self._view.set_compare(self.compare, self.opacity)
        self.changed.emit()

    def _scene(self) -> StackScene | None:
        first = self._desk.input
        if first is None:
            return None
        second = self.other if self.compare is not Compare.ALONE else None
        return StackScene(
            PlaneLook(first.source, self.levels, self.channel),
            second.look_beside(self.facts, self.levels) if second is not None else None,
            (self._caption(first), f"{self.with_role}: {second.source.name}" if second is not None else ""),
        )

    def _caption(self, stack: OpenStack) -> str:
        name = stack.source.name
        if stack.source.channels == 1 or self.channel is None:
            return name
        return f"{name}, {stack.channel_names[self.channel]}"
