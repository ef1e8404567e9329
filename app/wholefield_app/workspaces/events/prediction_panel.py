"""The flow panel of the events workspace: which network finds the flow, how good it is, and what becomes of it."""

from pathlib import Path

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from wholefield_app.actions import Registry
from wholefield_app.actions.button import ActionButton
from wholefield_app.forms.layout import choice
from wholefield_app.panels.heading import heading, muted
from wholefield_app.panels.model_field import ModelField
from wholefield_app.panels.progress import RunProgress
from wholefield_app.panels.score_panel import ScoreTable
from wholefield_app.runs import RunSession, SessionState
from wholefield_app.theme.theme import Theme
from wholefield_app.workspaces.events.judging import Window

NO_MODEL = "Train a network first, or choose a checkpoint file; then show its flow over the open recording."
READY = "The network finds the flow of every moment that is shown."
SHOWN = "Shown: the flow of {name}."
NO_SCORE = (
    "Show a flow, then judge it: how much sharper does it make the events than a single translation does?"
)
MEASURING = "Judging the flow"
CANCELLING = "Ending the judging"
STOPPING = "Finishing the file"
WINDOWS = {
    Window.ENOUGH: "Around the playhead, as long as it takes",
    Window.FRAME: "The events of the frame",
    Window.CHOSEN: "The chosen stretch",
}
WINDOWS_ABOUT = "Which events the flow is judged by: things should move by 5 px or more in the window"


class FlowPanel(QWidget):
    """Asks for flow, scores and exports, and shows how far they are.

    Signals:
        checkpoint_changed: Another checkpoint is chosen.
    """

    checkpoint_changed = Signal()

    def __init__(self, exporting: RunSession, judging: RunSession, registry: Registry, theme: Theme) -> None:
        super().__init__()
        self.models = ModelField("Checkpoints (*.ckpt)")
        self.models.changed.connect(self.checkpoint_changed)
        self.show_flow = ActionButton(registry["events.show_flow"], primary=True, parent=self)
        self.hint = muted(NO_MODEL)
        self.window_choice = choice(WINDOWS, WINDOWS_ABOUT, "Window")
        self.measure = ActionButton(registry["events.score"], parent=self)
        self.cancel_measuring = ActionButton(
            registry["events.cancel_score"], only_when_enabled=True, parent=self
        )
        self.judged = RunProgress(theme, self)
        self.judged.hide()
        self.table = ScoreTable(theme, NO_SCORE)
        self.export = ActionButton(registry["events.export"], parent=self)
        self.cancel = ActionButton(registry["events.cancel_export"], only_when_enabled=True, parent=self)
        self.progress = RunProgress(theme, self)
        self.progress.hide()
        self._shown_name = ""
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 12)
        layout.setSpacing(8)
        for widget in (
            heading("Network"), self.models, self.show_flow, self.hint, heading("Score card"), self.window_choice,
            self.measure, self.cancel_measuring, self.judged, self.table,
            heading("Export"), self.export, self.cancel, self.progress,
        ):  # fmt: skip
            layout.addWidget(widget)
        layout.addStretch()
        self.models.changed.connect(self._say_what_is_next)
        exporting.state_changed.connect(self._follow_export)
        exporting.reported.connect(self.progress.add)
        judging.state_changed.connect(self._follow_judging)
        judging.reported.connect(self.judged.add)
        self.use_theme(theme)

    @property
    def checkpoint(self) -> Path | None:
        """The chosen checkpoint."""
        return self.models.checkpoint

    @property
    def window_to_judge(self) -> Window:
        """Which events the flow is judged by."""
        return Window(self.window_choice.currentData())

    def show_provider(self, name: str) -> None:
        """Say whose flow is shown; an empty name means nobody's."""
        self._shown_name = name
        self._say_what_is_next()

    @Slot(object)
    def use_theme(self, theme: Theme) -> None:
        """Paint in the colours of `theme`."""
        for part in (self.models, self.table, self.judged, self.progress):
            part.use_theme(theme)

    @Slot()
    def _say_what_is_next(self) -> None:
        if self._shown_name:
            self.hint.setText(SHOWN.format(name=self._shown_name))
        else:
            self.hint.setText(READY if self.checkpoint is not None else NO_MODEL)

    @Slot(object)
    def _follow_judging(self, state: SessionState) -> None:
        self.judged.setVisible(state.active)
        self.table.setVisible(not state.active)
        if state is SessionState.RUNNING:
            self.table.show_card(None)
            _begin(self.judged, MEASURING)
        elif state.active:
            self.judged.text.setText(CANCELLING)

    @Slot(object)
    def _follow_export(self, state: SessionState) -> None:
        self.progress.setVisible(state.active)
        if state is SessionState.RUNNING:
            _begin(self.progress, "Exporting")
        elif state.active:
            self.progress.text.setText(STOPPING)


def _begin(progress: RunProgress, text: str) -> None:
    """Show that work begins that has no tiles."""
    progress.begin(text)
    for part in (progress.sweep, progress.caption):
        part.hide()
