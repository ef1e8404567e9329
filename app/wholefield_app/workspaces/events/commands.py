"""The actions of the events workspace that have to do with networks, scores and exports."""

from typing import TYPE_CHECKING

from wholefield_app.actions import Action, Menu
from wholefield_app.runs import SessionState

if TYPE_CHECKING:
    from wholefield_app.workspaces.events.training import FlowWork


def flow_actions(work: "FlowWork") -> list[Action]:
    """Train, show the flow of a network, judge it, export it."""
    return [*_training(work), *_flow(work), *_exporting(work)]


def _training(work: "FlowWork") -> list[Action]:
    session = work.training.session

    def is_in(*states: SessionState) -> bool:
        return session.state in states

    return [
        Action(
            "events.start", "&Start training", Menu.RUN, work.start_training, "start",
            "Train the network with the settings of the training panel.",
            shortcut="F5", group="training", on_toolbar=True,
            enabled_when=lambda: is_in(SessionState.IDLE), command=work.train_command,
        ),
        Action(
            "events.pause", "Pa&use the training", Menu.RUN, session.pause, "pause", "Wait after the step in work.",
            shortcut="F6", group="training", on_toolbar=True, enabled_when=lambda: is_in(SessionState.RUNNING),
        ),
        Action(
            "events.resume", "&Resume the training", Menu.RUN, session.resume, "start", "Go on after the pause.",
            shortcut="F7", group="training", enabled_when=lambda: is_in(SessionState.PAUSED), on_toolbar=True,
            replaces="events.pause",
        ),
        Action(
            "events.stop", "Stop and &keep", Menu.RUN, session.stop_and_keep, "stop-keep",
            "End the training now and keep the model.", shortcut="F8", group="training", on_toolbar=True,
            enabled_when=lambda: is_in(SessionState.RUNNING, SessionState.PAUSED),
        ),
        Action(
            "events.discard", "&Discard", Menu.RUN, session.discard, "discard",
            "End the training now and remove its results.", group="training",
            enabled_when=lambda: session.state.active and not is_in(SessionState.DISCARDING),
        ),
        Action(
            "events.show_folder", "Show the run &folder", Menu.RUN, work.show_run_folder, "folder",
            "Open the folder with settings, metrics, checkpoints and log of the last run.", group="folder",
            enabled_when=lambda: work.training.folder is not None,
        ),
    ]  # fmt: skip


def _flow(work: "FlowWork") -> list[Action]:
    judging = work.judging.session
    return [
        Action(
            "events.show_flow", "Show the &network's flow", Menu.RUN, work.show_flow, "predict",
            "Let the chosen network find the flow of every moment that is shown.",
            shortcut="F9", group="prediction", on_toolbar=True,
            enabled_when=work.can_show_flow, command=work.predict_command,
        ),
        Action(
            "events.score", "&Judge the flow", Menu.RUN, work.measure, "score",
            "Compare the flow with no flow and with the best single translation.",
            shortcut="Ctrl+J", group="prediction", enabled_when=work.can_measure, command=work.score_command,
        ),
        Action(
            "events.cancel_score", "Cancel the jud&ging", Menu.RUN, judging.discard, "close",
            "End the judging of the flow that is going on; there is no score card then.", group="prediction",
            enabled_when=lambda: judging.state is SessionState.RUNNING,
        ),
    ]  # fmt: skip


def _exporting(work: "FlowWork") -> list[Action]:
    session = work.exporting.session
    return [
        Action(
            "events.export", "&Export a video or the flow…", Menu.FILE, work.ask_to_export, "export",
            "Write what the window shows as a video or pictures, or the flow as files.",
            shortcut="Ctrl+E", group="recording", on_toolbar=True,
            enabled_when=lambda: work.recording is not None and not session.state.active,
            command=work.export_command,
        ),
        Action(
            "events.cancel_export", "Ca&ncel the export", Menu.FILE, session.stop_and_keep, "close",
            "End the export that is going on; what is written of a video stays playable.", group="recording",
            enabled_when=lambda: session.state is SessionState.RUNNING,
        ),
    ]  # fmt: skip
