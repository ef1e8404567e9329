"""The prediction panel of the stacks workspace: which model, and how far the prediction is."""

from pathlib import Path

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from wholefield_app.actions import Registry
from wholefield_app.actions.button import ActionButton
from wholefield_app.panels.heading import muted
from wholefield_app.panels.model_field import ModelField
from wholefield_app.panels.progress import RunProgress
from wholefield_app.runs import SessionState
from wholefield_app.theme.theme import Theme
from wholefield_app.workspaces.stacks.exporting import Exporting
from wholefield_app.workspaces.stacks.prediction import Prediction

NO_MODEL = "Train a network first, or choose a checkpoint file; then predict the open stack."
READY = "The whole open stack is predicted and shown with a swipe handle."


class PredictionPanel(QWidget):
    """Follows a Prediction and an export, and asks for them.

    Signals:
        checkpoint_changed: Another checkpoint is chosen.
    """

    checkpoint_changed = Signal()

    def __init__(
        self, prediction: Prediction, exporting: Exporting, registry: Registry, theme: Theme
    ) -> None:
        super().__init__()
        self.models = ModelField("Checkpoints (*.ckpt *.torch *.pt *.pth)")
        self.models.changed.connect(self._say_what_is_next)
        self.models.changed.connect(self.checkpoint_changed)
        self.predict = ActionButton(registry["stacks.predict"], primary=True, parent=self)
        self.cancel = ActionButton(registry["stacks.cancel_prediction"], only_when_enabled=True, parent=self)
        self.progress = RunProgress(theme, self)
        self.hint = muted(NO_MODEL)
        self.export = ActionButton(registry["stacks.export"], parent=self)
        self.cancel_export = ActionButton(
            registry["stacks.cancel_export"], only_when_enabled=True, parent=self
        )
        self.export_progress = RunProgress(theme, self)
        self.export_note = muted()
        self.export_note.hide()
        exporting.told.connect(self.say_exported)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 12)
        layout.setSpacing(8)
        for widget in (
            self.models, self.predict, self.cancel, self.progress, self.hint, self.export, self.cancel_export,
            self.export_progress, self.export_note,
        ):  # fmt: skip
            layout.addWidget(widget)
        layout.addStretch()
        for session, progress, follow in (
            (prediction.session, self.progress, self._follow_prediction),
            (exporting.session, self.export_progress, self._follow_export),
        ):
            progress.hide()
            session.state_changed.connect(follow)
            session.reported.connect(progress.add)
        self.use_theme(theme)

    @property
    def checkpoint(self) -> Path | None:
        """The chosen checkpoint."""
        return self.models.checkpoint

    @Slot(object)
    def use_theme(self, theme: Theme) -> None:
        """Paint in the colours of `theme`."""
        self.models.use_theme(theme)
        self.progress.use_theme(theme)
        self.export_progress.use_theme(theme)

    @Slot()
    def _say_what_is_next(self) -> None:
        self.hint.setText(READY if self.checkpoint is not None else NO_MODEL)

    @Slot(str)
    def say_exported(self, sentence: str) -> None:
        """Say what came of an export; an empty sentence says nothing."""
        self.export_note.setText(sentence)
        self.export_note.setVisible(bool(sentence))

    @Slot(object)
    def _follow_prediction(self, state: SessionState) -> None:
        self.hint.setVisible(not state.active)
        _follow(self.progress, state, "Loading the network")

    @Slot(object)
    def _follow_export(self, state: SessionState) -> None:
        _follow(self.export_progress, state, "Exporting")


def _follow(progress: RunProgress, state: SessionState, text: str) -> None:
    progress.setVisible(state.active)
    if state is SessionState.RUNNING:
        progress.begin(text)
    elif state is SessionState.IDLE:
        progress.rest("")
    else:
        progress.text.setText(state.value)
