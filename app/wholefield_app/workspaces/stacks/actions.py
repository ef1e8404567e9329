"""The actions of the stacks workspace."""

from functools import partial
from typing import TYPE_CHECKING

from wholefield_app.actions import Action, Menu
from wholefield_app.runs import SessionState
from wholefield_app.viewer.plane_view import Compare
from wholefield_app.viewer.planes import AXES

if TYPE_CHECKING:
    from wholefield_app.workspaces.stacks.workspace import StacksWorkspace

COMPARISONS = {
    Compare.ALONE: ("Input &alone", "Show the input alone."),
    Compare.BESIDE: ("Side &by side", "Show the second stack beside the input."),
    Compare.OVER: ("&One over the other", "Lay the second stack over the input."),
    Compare.SWIPE: (
        "S&wipe",
        "Show the input left and the second stack right of a handle that can be moved.",
    ),
}


def stack_actions(workspace: "StacksWorkspace") -> list[Action]:
    """Everything that a user can do with stacks."""
    return [
        *_files(workspace), *_looking(workspace), *_comparing(workspace), *_training(workspace),
        *_predicting(workspace),
    ]  # fmt: skip


def _files(space: "StacksWorkspace") -> list[Action]:
    def is_open() -> bool:
        return space.desk.input is not None

    return [
        Action(
            "stacks.open", "&Open a stack…", Menu.FILE, space.handlers.ask_for_stack, "stack",
            "Choose a stack: TIFF, DICOM, NIfTI, MHA, NRRD, HDF5 or OME-Zarr.",
            shortcut="Ctrl+O", group="open", on_toolbar=True,
        ),
        Action(
            "stacks.open_folder", "Open a &folder…", Menu.FILE, space.handlers.ask_for_slices, "folder",
            "Choose a folder of TIFF, PNG or DICOM slices.",
            shortcut="Ctrl+Shift+O", group="open", on_toolbar=True,
        ),
        Action(
            "stacks.open_demo", "Open the &demo stack", Menu.FILE, space.open_demo, "demo",
            "Open a noisy scan made by the program itself, paired with the truth and ready to train on.",
            group="open", enabled_when=lambda: not space.demo.busy,
        ),
        Action(
            "stacks.pair", "Pair with a &target…", Menu.FILE, space.handlers.ask_for_target, "pair",
            "Choose a clean or labelled stack of the same size for the open one.",
            shortcut="Ctrl+T", group="stack", enabled_when=is_open, on_toolbar=True,
        ),
        Action(
            "stacks.pair_folder", "Pair with a folder of s&lices…", Menu.FILE, space.handlers.ask_for_target_slices,
            "pair", "Choose a folder of clean or labelled slices for the open stack.",
            group="stack", enabled_when=is_open,
        ),
        Action(
            "stacks.properties", "Stack &properties", Menu.FILE, space.handlers.show_properties, "info",
            "Show format, size, spacing and values of the open stack.",
            shortcut="Ctrl+I", group="stack", enabled_when=is_open, command=space.handlers.info_command,
        ),
        Action(
            "stacks.export", "&Export as…", Menu.FILE, space.handlers.ask_to_export, "export",
            "Write the prediction, or the input while there is none, as TIFF, NIfTI or OME-Zarr.",
            shortcut="Ctrl+E", group="stack",
            enabled_when=lambda: is_open() and not space.exporting.session.state.active,
            command=space.handlers.export_command,
        ),
        Action(
            "stacks.cancel_export", "Ca&ncel the export", Menu.FILE, space.exporting.session.discard, "close",
            "End the export that is going on; nothing is left behind.", group="stack",
            enabled_when=lambda: space.exporting.session.state.active,
        ),
        Action(
            "stacks.save_picture", "&Save the view as a picture…", Menu.FILE, space.handlers.ask_to_save_picture,
            "picture", "Write what the large view shows into a PNG file.",
            shortcut="Ctrl+S", group="stack", enabled_when=is_open,
        ),
        Action(
            "stacks.close", "&Close the stack", Menu.FILE, space.close_stack, "close",
            "Show no stack any more.", shortcut="Ctrl+W", group="stack", enabled_when=is_open,
        ),
    ]  # fmt: skip


def _looking(space: "StacksWorkspace") -> list[Action]:
    def is_open() -> bool:
        return space.desk.input is not None

    across = [
        Action(
            f"stacks.across_{name}", f"Slices across &{name}", Menu.VIEW, partial(space.view.set_axis, axis),
            f"across-{name}", f"Show the slices across {name} large.", shortcut=f"Alt+{axis + 1}", group="axis",
            enabled_when=is_open, checked_when=lambda axis=axis: is_open() and space.view.axis == axis, on_toolbar=True,
        )
        for axis, name in enumerate(AXES)
    ]  # fmt: skip
    view = space.view
    return [
        Action(
            "stacks.fit", "Whole sl&ice", Menu.VIEW, view.main.fit, "fit", "Show the whole slice.",
            shortcut="Ctrl+0", group="zoom", enabled_when=is_open, on_toolbar=True,
        ),
        Action(
            "stacks.zoom_in", "Zoom i&n", Menu.VIEW, view.main.zoom_in, "zoom-in", "Magnify the middle of the view.",
            shortcut="Ctrl++", group="zoom", enabled_when=is_open, on_toolbar=True,
        ),
        Action(
            "stacks.zoom_out", "Zoom o&ut", Menu.VIEW, view.main.zoom_out, "zoom-out", "Show more of the slice.",
            shortcut="Ctrl+-", group="zoom", enabled_when=is_open, on_toolbar=True,
        ),
        *across,
        Action(
            "stacks.next", "Nex&t slice", Menu.VIEW, partial(view.step, 1), "next", "Go one slice further.",
            shortcut="Ctrl+Down", group="walk", enabled_when=is_open,
        ),
        Action(
            "stacks.previous", "Pre&vious slice", Menu.VIEW, partial(view.step, -1), "previous",
            "Go one slice back.", shortcut="Ctrl+Up", group="walk", enabled_when=is_open,
        ),
        Action(
            "stacks.next_channel", "Next c&hannel", Menu.VIEW, space.sight.next_channel, "next",
            "Show the next channel of a stack that has several.", shortcut="Ctrl+Right", group="walk",
            enabled_when=lambda: is_open() and space.desk.input.source.channels > 1,
        ),
        Action(
            "stacks.play", "Play the sli&ces", Menu.VIEW, view.toggle_playing, "start",
            "Play through the slices of the large view, or stop.",
            shortcut="Ctrl+Space", group="walk", enabled_when=is_open, checked_when=lambda: view.bar.playing,
        ),
    ]  # fmt: skip


def _comparing(space: "StacksWorkspace") -> list[Action]:
    def can_compare() -> bool:
        return space.sight.other is not None

    return [
        Action(
            f"stacks.compare_{compare}", title, Menu.VIEW, partial(space.sight.set_compare, compare),
            f"compare-{compare}", about, group="compare", enabled_when=can_compare, on_toolbar=True,
            checked_when=lambda compare=compare: can_compare() and space.sight.compare is compare,
        )
        for compare, (title, about) in COMPARISONS.items()
    ]  # fmt: skip


def _training(space: "StacksWorkspace") -> list[Action]:
    session = space.training.session

    def is_in(*states: SessionState) -> bool:
        return session.state in states

    return [
        Action(
            "stacks.start", "&Start training", Menu.RUN, space.handlers.start_training, "start",
            "Train the network with the settings of the training panel.",
            shortcut="F5", group="training", on_toolbar=True,
            enabled_when=lambda: is_in(SessionState.IDLE), command=space.handlers.train_command,
        ),
        Action(
            "stacks.pause", "&Pause", Menu.RUN, session.pause, "pause", "Wait after the step in work.",
            shortcut="F6", group="training", on_toolbar=True,
            enabled_when=lambda: is_in(SessionState.RUNNING),
        ),
        Action(
            "stacks.resume", "&Resume", Menu.RUN, session.resume, "start", "Go on after the pause.",
            shortcut="F7", group="training", enabled_when=lambda: is_in(SessionState.PAUSED), on_toolbar=True,
            replaces="stacks.pause",
        ),
        Action(
            "stacks.stop", "Stop and &keep", Menu.RUN, session.stop_and_keep, "stop-keep",
            "End the training now and keep the model.", shortcut="F8", group="training", on_toolbar=True,
            enabled_when=lambda: is_in(SessionState.RUNNING, SessionState.PAUSED),
        ),
        Action(
            "stacks.discard", "&Discard", Menu.RUN, session.discard, "discard",
            "End the training now and remove its results.", group="training",
            enabled_when=lambda: session.state.active and not is_in(SessionState.DISCARDING),
        ),
        Action(
            "stacks.show_folder", "Show the run &folder", Menu.RUN, space.handlers.show_run_folder, "folder",
            "Open the folder with settings, metrics, checkpoints and log of the last run.", group="folder",
            enabled_when=lambda: space.training.folder is not None,
        ),
    ]  # fmt: skip


def _predicting(space: "StacksWorkspace") -> list[Action]:
    return [
        Action(
            "stacks.predict", "Pre&dict the open stack", Menu.RUN, space.handlers.predict, "predict",
            "Run the chosen network over every slice of the open stack.",
            shortcut="F9", group="prediction", on_toolbar=True,
            enabled_when=space.handlers.can_predict, command=space.handlers.predict_command,
        ),
        Action(
            "stacks.cancel_prediction", "Cancel the predictio&n", Menu.RUN, space.prediction.session.discard,
            "close", "End the prediction that is going on.", group="prediction",
            enabled_when=lambda: space.prediction.session.state.active,
        ),
    ]  # fmt: skip
