"""The actions of the events workspace."""

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from wholefield_app.actions import Action, Menu
from wholefield_app.viewer.events.style import FlowMode, Sight

if TYPE_CHECKING:
    from wholefield_app.workspaces.events.workspace import EventsWorkspace

SIGHTS = {
    Sight.RAW: ("Raw &events", "compare-alone", "Show the events as they are."),
    Sight.SHARPENED: (
        "&Sharpened events",
        "compare-over",
        "Show the events carried along the flow to one moment.",
    ),
    Sight.BESIDE: ("Raw &beside sharpened", "compare-beside", "Show both side by side."),
}


def event_actions(workspace: "EventsWorkspace") -> list[Action]:
    """Everything that a user can do with recordings."""
    return [*_files(workspace), *_looking(workspace), *_sights(workspace), *_playing(workspace)]


def _files(space: "EventsWorkspace") -> list[Action]:
    handlers = space.handlers

    def is_open() -> bool:
        return space.desk.recording is not None

    return [
        Action(
            "events.open", "&Open a recording…", Menu.FILE, handlers.ask_for_recording, "folder",
            "Choose a recording: Prophesee RAW, DAT or HDF5, DSEC or MVSEC HDF5, AEDAT4, text or npz.",
            shortcut="Ctrl+O", group="open", on_toolbar=True,
        ),
        Action(
            "events.open_demo", "Open the &demo recording", Menu.FILE, space.open_demo, "demo",
            "Open a recording simulated by the program itself, with its exact flow.",
            group="open", enabled_when=lambda: not space.demo.busy,
        ),
        Action(
            "events.open_flow", "Open a &flow file…", Menu.FILE, handlers.ask_for_flow, "flow",
            "Show flow from HDF5 labels, a .flo file or a 16-bit PNG of DSEC over the events.",
            shortcut="Ctrl+Shift+O", group="recording", enabled_when=is_open, on_toolbar=True,
        ),
        Action(
            "events.close_flow", "Close the f&low", Menu.FILE, space.close_flow, "close",
            "Show no flow any more.", group="recording", enabled_when=lambda: space.view.flow.provider is not None,
        ),
        Action(
            "events.properties", "Recording &properties", Menu.FILE, handlers.show_properties, "info",
            "Show format, sensor, length and event rate of the open recording.",
            shortcut="Ctrl+I", group="recording", enabled_when=is_open, command=handlers.info_command,
        ),
        Action(
            "events.save_picture", "&Save the frame as a picture…", Menu.FILE, handlers.ask_to_save_picture,
            "picture", "Write what the view shows into a PNG file.",
            shortcut="Ctrl+S", group="recording", enabled_when=is_open, command=space.work.picture_command,
        ),
        Action(
            "events.close", "&Close the recording", Menu.FILE, space.close_recording, "close",
            "Show no recording any more.", shortcut="Ctrl+W", group="recording", enabled_when=is_open,
        ),
    ]  # fmt: skip


def _looking(space: "EventsWorkspace") -> list[Action]:
    canvas = space.view.canvas

    def is_open() -> bool:
        return space.desk.recording is not None

    return [
        Action(
            "events.fit", "&Whole frame", Menu.VIEW, canvas.fit, "fit", "Show the whole frame.",
            shortcut="Ctrl+0", group="zoom", enabled_when=is_open, on_toolbar=True,
        ),
        Action(
            "events.zoom_in", "Zoom i&n", Menu.VIEW, canvas.zoom_in, "zoom-in", "Magnify the middle of the view.",
            shortcut="Ctrl++", group="zoom", enabled_when=is_open, on_toolbar=True,
        ),
        Action(
            "events.zoom_out", "Zoom o&ut", Menu.VIEW, canvas.zoom_out, "zoom-out", "Show more of the frame.",
            shortcut="Ctrl+-", group="zoom", enabled_when=is_open, on_toolbar=True,
        ),
    ]  # fmt: skip


def _sights(space: "EventsWorkspace") -> list[Action]:
    view = space.view

    def has_flow() -> bool:
        return view.flow.provider is not None

    def switch(sight: Sight) -> None:
        view.set_style(replace(view.style_of_frames, sight=sight))

    def toggle_arrows() -> None:
        mode = FlowMode.NONE if view.style_of_frames.flow.arrows else FlowMode.ARROWS
        view.set_style(replace(view.style_of_frames, flow=mode))

    return [
        *(
            Action(
                f"events.{sight}", title, Menu.VIEW, partial(switch, sight), icon, about, group="sight",
                enabled_when=has_flow, on_toolbar=True,
                checked_when=lambda sight=sight: has_flow() and view.style_of_frames.sight is sight,
            )
            for sight, (title, icon, about) in SIGHTS.items()
        ),
        Action(
            "events.arrows", "Flow as &arrows", Menu.VIEW, toggle_arrows, "flow", "Show the flow as arrows, or not.",
            shortcut="A", group="flow", enabled_when=has_flow,
            checked_when=lambda: has_flow() and view.style_of_frames.flow.arrows,
        ),
    ]  # fmt: skip


def _playing(space: "EventsWorkspace") -> list[Action]:
    view, player = space.view, space.view.player

    def is_open() -> bool:
        return space.desk.recording is not None

    return [
        Action(
            "events.play", "&Play", Menu.RUN, player.toggle, "start", "Play the recording, or stop.",
            shortcut="Space", group="play", enabled_when=is_open, checked_when=lambda: player.playing,
        ),
        Action(
            "events.step_on", "Step &on", Menu.RUN, partial(view.step, 1), "step-on",
            "Go on by the accumulation time.", shortcut="Right", group="play", enabled_when=is_open,
        ),
        Action(
            "events.step_back", "Step &back", Menu.RUN, partial(view.step, -1), "step-back",
            "Go back by the accumulation time.", shortcut="Left", group="play", enabled_when=is_open,
        ),
        Action(
            "events.loop", "&Loop", Menu.RUN, lambda: player.set_loops(not player.loops), "loop",
            "Begin anew at the end, or stop there.", shortcut="L", group="play", enabled_when=is_open,
            checked_when=lambda: player.loops,
        ),
        Action(
            "events.play_all", "Play &everything", Menu.RUN, partial(player.choose, None), "reset",
            "Play the whole recording again instead of the chosen stretch.", group="play",
            enabled_when=lambda: player.chosen is not None,
        ),
    ]  # fmt: skip
