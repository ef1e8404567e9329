"""The actions of the slides workspace."""

from typing import TYPE_CHECKING

from wholefield_app.actions import Action, Menu
from wholefield_app.runs import SessionState

if TYPE_CHECKING:
    from wholefield_app.workspaces.slides.workspace import SlidesWorkspace


def slide_actions(workspace: "SlidesWorkspace") -> list[Action]:
    """Everything that a user can do with slides."""
    return [*_files(workspace), *_looking(workspace), *_training(workspace), *_predicting(workspace)]


def _files(workspace: "SlidesWorkspace") -> list[Action]:
    def is_open() -> bool:
        return workspace.desk.source is not None

    return [
        Action(
            "slides.open", "&Open a slide…", Menu.FILE, workspace.handlers.ask_for_slide, "slide",
            "Choose a slide or another image and look at it.",
            shortcut="Ctrl+O", group="open", on_toolbar=True,
        ),
        Action(
            "slides.open_folder", "Open a &folder…", Menu.FILE, workspace.handlers.ask_for_folder, "folder",
            "Choose a folder of slides, with a labels.csv to train on.",
            shortcut="Ctrl+Shift+O", group="open", on_toolbar=True,
        ),
        Action(
            "slides.open_demo", "Open the &demo project", Menu.FILE, workspace.open_demo, "demo",
            "Open slides made by the program itself, ready to train on.", group="open",
            enabled_when=lambda: not workspace.demo.busy,
        ),
        Action(
            "slides.properties", "Slide &properties", Menu.FILE, workspace.handlers.show_properties, "info",
            "Show format, size, levels and spacing of the open slide.",
            shortcut="Ctrl+I", group="slide", enabled_when=is_open, command=workspace.handlers.info_command,
        ),
        Action(
            "slides.save_picture", "&Save the view as a picture…", Menu.FILE, workspace.handlers.ask_to_save_picture,
            "picture", "Write what the view shows, with everything over it, into a PNG file.",
            shortcut="Ctrl+S", group="slide", enabled_when=is_open,
        ),
        Action(
            "slides.close", "&Close the slide", Menu.FILE, workspace.desk.close_slide, "close",
            "Show no slide any more.", shortcut="Ctrl+W", group="slide", enabled_when=is_open,
        ),
    ]  # fmt: skip


def _looking(workspace: "SlidesWorkspace") -> list[Action]:
    def is_open() -> bool:
        return workspace.desk.source is not None

    view, prediction = workspace.desk.view, workspace.prediction
    return [
        Action(
            "slides.fit", "&Whole slide", Menu.VIEW, view.fit, "fit", "Show the whole slide.",
            shortcut="Ctrl+0", group="zoom", enabled_when=is_open, on_toolbar=True,
        ),
        Action(
            "slides.zoom_in", "Zoom &in", Menu.VIEW, view.zoom_in, "zoom-in", "Magnify the middle of the view.",
            shortcut="Ctrl++", group="zoom", enabled_when=is_open, on_toolbar=True,
        ),
        Action(
            "slides.zoom_out", "Zoom &out", Menu.VIEW, view.zoom_out, "zoom-out", "Show more of the slide.",
            shortcut="Ctrl+-", group="zoom", enabled_when=is_open, on_toolbar=True,
        ),
        Action(
            "slides.grid", "&Tile grid", Menu.VIEW, workspace.handlers.toggle_grid, "grid",
            "Draw the tiles of the chosen size over the slide.",
            shortcut="Ctrl+G", group="overlays", on_toolbar=True,
            checked_when=lambda: workspace.overlays.grid_shown,
        ),
        Action(
            "slides.map", "Prediction &map", Menu.VIEW, workspace.handlers.toggle_map, "map",
            "Lay the map of the prediction over the slide.",
            shortcut="Ctrl+M", group="overlays", on_toolbar=True,
            enabled_when=lambda: prediction.result is not None,
            checked_when=lambda: workspace.overlays.map_shown and prediction.result is not None,
        ),
        Action(
            "slides.inspector", "I&nspector", Menu.VIEW, workspace.handlers.toggle_inspector, "inspector",
            "Show the layers of the network, what each of them sees where you click, and what tiles cost.",
            shortcut="Ctrl+Shift+I", group="overlays", on_toolbar=True,
            checked_when=lambda: workspace.inspector.active, command=lambda: workspace.inspector.command(),
        ),
    ]  # fmt: skip


def _training(workspace: "SlidesWorkspace") -> list[Action]:
    session = workspace.training.session

    def is_in(*states: SessionState) -> bool:
        return session.state in states

    return [
        Action(
            "slides.start", "&Start training", Menu.RUN, workspace.handlers.start_training, "start",
            "Train the network with the settings of the training panel.",
            shortcut="F5", group="training", on_toolbar=True,
            enabled_when=lambda: is_in(SessionState.IDLE), command=workspace.handlers.train_command,
        ),
        Action(
            "slides.pause", "&Pause", Menu.RUN, session.pause, "pause", "Wait after the tile in work.",
            shortcut="F6", group="training", on_toolbar=True,
            enabled_when=lambda: is_in(SessionState.RUNNING),
        ),
        Action(
            "slides.resume", "&Resume", Menu.RUN, session.resume, "start", "Go on after the pause.",
            shortcut="F7", group="training", enabled_when=lambda: is_in(SessionState.PAUSED), on_toolbar=True,
            replaces="slides.pause",
        ),
        Action(
            "slides.stop", "Stop and &keep", Menu.RUN, session.stop_and_keep, "stop-keep",
            "End the training now and keep the model.", shortcut="F8", group="training", on_toolbar=True,
            enabled_when=lambda: is_in(SessionState.RUNNING, SessionState.PAUSED),
        ),
        Action(
            "slides.discard", "&Discard", Menu.RUN, session.discard, "discard",
            "End the training now and remove its results.", group="training",
            enabled_when=lambda: session.state.active and not is_in(SessionState.DISCARDING),
        ),
        Action(
            "slides.show_folder", "Show the run &folder", Menu.RUN, workspace.handlers.show_run_folder, "folder",
            "Open the folder with settings, metrics, checkpoints and log of the last run.", group="folder",
            enabled_when=lambda: workspace.training.folder is not None,
        ),
    ]  # fmt: skip


def _predicting(workspace: "SlidesWorkspace") -> list[Action]:
    prediction, export = workspace.prediction, workspace.class_export.session
    return [
        Action(
            "slides.predict", "Pre&dict on the open slide", Menu.RUN, workspace.handlers.predict, "predict",
            "Tell the class of the open slide and where the evidence lies, or the class of every pixel.",
            shortcut="F9", group="prediction", on_toolbar=True,
            enabled_when=workspace.handlers.can_predict, command=workspace.handlers.predict_command,
        ),
        Action(
            "slides.cancel_prediction", "Cancel the predictio&n", Menu.RUN, prediction.session.discard, "close",
            "End the prediction that is going on.", group="prediction",
            enabled_when=lambda: prediction.session.state.active,
        ),
        Action(
            "slides.export_classes", "E&xport the classes…", Menu.FILE, workspace.handlers.ask_to_export, "export",
            "Write the class of every pixel as a pyramidal image, or its outlines for QuPath.", group="slide",
            enabled_when=lambda: prediction.segmentation is not None and not export.state.active,
            command=workspace.handlers.predict_command,
        ),
        Action(
            "slides.cancel_export", "Canc&el the export", Menu.FILE, export.discard, "close",
            "End the export that is going on; nothing is left behind.", group="slide",
            enabled_when=lambda: export.state.active,
        ),
    ]  # fmt: skip
