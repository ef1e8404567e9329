"""The actions that only recordings have: playing, their flow, how it is shown and how good it is."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from wholefield_app.actions import Action, Menu
from wholefield_app.actions.action import Availability, requires
from wholefield_app.runs import SessionState
from wholefield_app.viewer.events.event_view import EventView
from wholefield_app.viewer.events.region_hand import RegionTool
from wholefield_app.viewer.events.style import EventsDisplay, FlowMode
from wholefield_app.workspaces.events.filtering import Filtering
from wholefield_app.workspaces.events.regions import clear_region, regions_in_sight
from wholefield_app.workspaces.events.score import ScoreSession

DISPLAYS = {
    EventsDisplay.RAW: ("Raw &events", "compare-alone", "Show the events as they are."),
    EventsDisplay.SHARPENED: (
        "&Sharpened events",
        "compare-over",
        "Show the events warped along the flow to one moment.",
    ),
    EventsDisplay.BESIDE: ("Raw &beside sharpened", "compare-beside", "Show both side by side."),
}
NO_FLOW = "Open a flow file or show a network's flow first."
IsOpen = Callable[[], Availability]


def has_flow(view: EventView) -> Callable[[], Availability]:
    """The condition that there is flow over the recording."""
    return lambda: requires((view.flow.provider is not None, NO_FLOW))


def flow_file_actions(
    is_open: IsOpen, view: EventView, ask_for_flow: Callable[[], None], close_flow: Callable[[], None]
) -> list[Action]:
    """Open and close the flow over the recording."""
    return [
        Action(
            "events.open_flow", "Open a &flow file…", Menu.FILE, ask_for_flow, "flow",
            "Show flow from HDF5 labels, a .flo file or a DSEC 16-bit PNG over the events.",
            shortcut="Ctrl+Shift+O", group="file", enabled_when=is_open, on_toolbar=True,
        ),
        Action(
            "events.close_flow", "Close the f&low", Menu.FILE, close_flow, "close", "Remove the flow from the view.",
            group="file", enabled_when=has_flow(view),
        ),
    ]  # fmt: skip


def display_actions(view: EventView) -> list[Action]:
    """Choose how events and flow are shown."""

    def switch(display: EventsDisplay) -> None:
        view.set_style(replace(view.style_of_frames, events_view=display))

    def is_shown(display: EventsDisplay) -> bool:
        return view.flow.provider is not None and view.style_of_frames.events_view is display

    def toggle_arrows() -> None:
        mode = FlowMode.NONE if view.style_of_frames.flow.arrows else FlowMode.ARROWS
        view.set_style(replace(view.style_of_frames, flow=mode))

    def shows_arrows() -> bool:
        return view.flow.provider is not None and view.style_of_frames.flow.arrows

    return [
        *(
            Action(
                f"events.{display}", title, Menu.VIEW, partial(switch, display), icon, about, group="display",
                enabled_when=has_flow(view), on_toolbar=True, checked_when=partial(is_shown, display),
            )
            for display, (title, icon, about) in DISPLAYS.items()
        ),
        Action(
            "events.arrows", "Flow as &arrows", Menu.VIEW, toggle_arrows, "flow", "Show or hide the flow arrows.",
            shortcut="A", group="flow", enabled_when=has_flow(view), checked_when=shows_arrows,
        ),
    ]  # fmt: skip


def playing_actions(is_open: IsOpen, view: EventView) -> list[Action]:
    """Play, step and loop."""
    player = view.player
    return [
        Action(
            "events.play", "&Play", Menu.RUN, player.toggle, "start", "Play or pause the recording.",
            shortcut="Space", group="play", enabled_when=is_open, checked_when=lambda: player.playing,
        ),
        Action(
            "events.step_on", "Step f&orward", Menu.RUN, partial(view.step, 1), "step-on",
            "Step forward by the accumulation time.", shortcut="Right", group="play", enabled_when=is_open,
        ),
        Action(
            "events.step_back", "Step &back", Menu.RUN, partial(view.step, -1), "step-back",
            "Step back by the accumulation time.", shortcut="Left", group="play", enabled_when=is_open,
        ),
        Action(
            "events.loop", "&Loop", Menu.RUN, lambda: player.set_loops(not player.loops), "loop",
            "Start again when the end is reached.", shortcut="L", group="play", enabled_when=is_open,
            checked_when=lambda: player.loops,
        ),
        Action(
            "events.play_all", "Play &everything", Menu.RUN, partial(player.choose, None), "reset",
            "Play the whole recording instead of the selected range.", group="play",
            enabled_when=lambda: requires(
                (player.chosen is not None, "Select a range first: Shift-drag over the event rate.")
            ),
        ),
    ]  # fmt: skip


def range_actions(is_open: IsOpen, view: EventView) -> list[Action]:
    """Mark a range and play it either way."""
    player = view.player
    return [
        Action(
            "events.mark_in", "R&ange from here", Menu.RUN, partial(player.mark, end=False), "previous",
            "Begin the range that is played and exported at the playhead.", shortcut="I", group="range",
            enabled_when=is_open,
        ),
        Action(
            "events.mark_out", "Ra&nge to here", Menu.RUN, partial(player.mark, end=True), "next",
            "End the range that is played and exported at the playhead.", shortcut="O", group="range",
            enabled_when=is_open,
        ),
        Action(
            "events.backwards", "Play backwar&ds", Menu.RUN, player.toggle_backwards, "undo",
            "Let time run backwards while playing.", shortcut="Shift+Space", group="play", enabled_when=is_open,
            checked_when=lambda: player.backwards,
        ),
    ]  # fmt: skip


def region_actions(is_open: IsOpen, view: EventView, filtering: Filtering) -> list[Action]:
    """Draw the region whose events are kept, and remove it."""
    hand = view.canvas.region_hand

    def toggle(tool: RegionTool) -> None:
        hand.take(None if hand.tool is tool else tool)

    def in_hand(tool: RegionTool) -> bool:
        return hand.tool is tool

    return [
        *(
            Action(
                f"events.region_{tool}", title, Menu.VIEW, partial(toggle, tool), f"tool-{icon}", about, shortcut=key,
                group="region", enabled_when=is_open, checked_when=partial(in_hand, tool),
            )
            for tool, title, icon, key, about in (
                (RegionTool.BOX, "Bo&x region", "rectangle", "R", "Drag a box: only its events are kept."),
                (
                    RegionTool.POLYGON, "Pol&ygon region", "polygon", "P",
                    "Click corner after corner; a double click or Enter ends the polygon whose events are kept.",
                ),
            )
        ),
        Action(
            "events.region_clear", "Wh&ole sensor", Menu.VIEW, partial(clear_region, filtering), "fit",
            "Keep the events of the whole sensor again.", group="region",
            enabled_when=lambda: requires((bool(regions_in_sight(filtering.chain)), "Draw a region first.")),
        ),
    ]  # fmt: skip


def export_events_action(
    is_open: IsOpen, export: Callable[[], None], command: Callable[[], str | None]
) -> Action:
    """Write the events that are left."""
    return Action(
        "events.export_events", "Export e&vents…", Menu.FILE, export, "export",
        "Write the events of the range, through the filters, as RAW, DAT, HDF5, CSV or npz.",
        shortcut="Ctrl+Shift+E", group="file", enabled_when=is_open, command=command,
    )  # fmt: skip


def score_actions(
    view: EventView, score: ScoreSession, evaluate: Callable[[], None], command: Callable[[], str | None]
) -> list[Action]:
    """Evaluate the flow that is shown."""

    def can_score() -> Availability:
        return requires(
            (view.flow.provider is not None, NO_FLOW),
            (not score.state.active, "The flow is already being evaluated."),
        )

    return [
        Action(
            "events.score", "E&valuate the flow", Menu.RUN, evaluate, "score",
            "Compare the flow with zero flow and with the best single translation.",
            shortcut="Ctrl+J", group="prediction", enabled_when=can_score, command=command,
        ),
        Action(
            "events.cancel_score", "Cancel the evalua&tion", Menu.RUN, score.discard, "close",
            "Cancel the current evaluation without a score card.", group="prediction",
            enabled_when=lambda: requires((score.state is SessionState.RUNNING, "No evaluation is running.")),
        ),
    ]  # fmt: skip
