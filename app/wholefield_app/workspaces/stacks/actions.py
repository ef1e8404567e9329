"""The actions that only stacks have: pairing, walking through slices and channels, comparing."""

from collections.abc import Callable
from functools import partial

from wholefield_app.actions import Action, Menu
from wholefield_app.actions.action import Availability, requires
from wholefield_app.viewer.stacks.plane_view import Compare
from wholefield_app.viewer.stacks.planes import AXES
from wholefield_app.viewer.stacks.stack_view import StackView
from wholefield_app.workspaces.stacks.display import StackDisplay
from wholefield_app.workspaces.stacks.document import StackDocument

COMPARISONS = {
    Compare.ALONE: ("Input &alone", "Show only the input."),
    Compare.BESIDE: ("Side &by side", "Show the second stack beside the input."),
    Compare.OVER: ("&Overlay", "Overlay the second stack on the input."),
    Compare.SWIPE: (
        "S&wipe",
        "Show the input to the left and the second stack to the right of a movable handle.",
    ),
}
IsOpen = Callable[[], Availability]


def pairing_actions(
    is_open: IsOpen, ask_file: Callable[[], None], ask_folder: Callable[[], None]
) -> list[Action]:
    """Choose a target for the open stack."""
    return [
        Action(
            "stacks.pair", "Pair with a &target…", Menu.FILE, ask_file, "pair",
            "Pair the open stack with a clean or labeled stack of the same size.",
            shortcut="Ctrl+T", group="file", enabled_when=is_open, on_toolbar=True,
        ),
        Action(
            "stacks.pair_folder", "Pair with a folder of s&lices…", Menu.FILE, ask_folder, "pair",
            "Pair the open stack with a folder of clean or labeled slices.", group="file", enabled_when=is_open,
        ),
    ]  # fmt: skip


def walking_actions(
    is_open: IsOpen, document: StackDocument, view: StackView, display: StackDisplay
) -> list[Action]:
    """Choose the axis, the slice and the channel."""

    def is_across(axis: int) -> bool:
        return document.input is not None and view.axis == axis

    def has_channels() -> Availability:
        stack = document.input
        return requires(
            (stack is not None, "Open a stack first."),
            (stack is not None and stack.source.channels > 1, "The open stack has one channel."),
        )

    def has_times() -> Availability:
        return requires(
            (document.input is not None, "Open a stack first."),
            (document.times > 1, "The open stack has one time."),
        )

    def go_in_time(by: int) -> None:
        document.set_time(document.time + by)

    across = [
        Action(
            f"stacks.across_{name}", f"Slices across &{name}", Menu.VIEW, partial(view.set_axis, axis),
            f"across-{name}", f"Show the slices across {name} large.", shortcut=f"Alt+{axis + 1}", group="axis",
            enabled_when=is_open, checked_when=partial(is_across, axis), on_toolbar=True,
        )
        for axis, name in enumerate(AXES)
    ]  # fmt: skip
    return [
        *across,
        Action(
            "stacks.next", "Nex&t slice", Menu.VIEW, partial(view.step, 1), "next", "Go to the next slice.",
            shortcut="Ctrl+Down", group="walk", enabled_when=is_open,
        ),
        Action(
            "stacks.previous", "Pre&vious slice", Menu.VIEW, partial(view.step, -1), "previous",
            "Go to the previous slice.", shortcut="Ctrl+Up", group="walk", enabled_when=is_open,
        ),
        Action(
            "stacks.next_channel", "Next c&hannel", Menu.VIEW, display.next_channel, "next",
            "Show the next channel of a stack that has several.", shortcut="Ctrl+Right", group="walk",
            enabled_when=has_channels,
        ),
        Action(
            "stacks.play", "Play the sli&ces", Menu.VIEW, view.toggle_playing, "start",
            "Play or pause the slices of the large view.",
            shortcut="Ctrl+Space", group="walk", enabled_when=is_open, checked_when=lambda: view.bar.playing,
        ),
        Action(
            "stacks.next_time", "Next ti&me", Menu.VIEW, partial(go_in_time, 1), "step-on", "Show the next time.",
            shortcut="Ctrl+Shift+Right", group="time", enabled_when=has_times,
        ),
        Action(
            "stacks.previous_time", "Previous time", Menu.VIEW, partial(go_in_time, -1), "step-back",
            "Show the previous time.", shortcut="Ctrl+Shift+Left", group="time", enabled_when=has_times,
        ),
        Action(
            "stacks.play_times", "Play the times", Menu.VIEW, view.toggle_playing_times, "start",
            "Play or pause the times of the open stack.", shortcut="Ctrl+Shift+Space", group="time",
            enabled_when=has_times, checked_when=lambda: view.time_bar.playing,
        ),
    ]  # fmt: skip


def comparing_actions(display: StackDisplay) -> list[Action]:
    """Choose how a second stack is shown."""

    def can_compare() -> Availability:
        return requires(
            (display.other is not None, "Pair the stack with a target or run a prediction first.")
        )

    def is_compared(compare: Compare) -> bool:
        return display.other is not None and display.compare is compare

    return [
        Action(
            f"stacks.compare_{compare}", title, Menu.VIEW, partial(display.set_compare, compare),
            f"compare-{compare}", about, group="compare", enabled_when=can_compare, on_toolbar=True,
            checked_when=partial(is_compared, compare),
        )
        for compare, (title, about) in COMPARISONS.items()
    ]  # fmt: skip
