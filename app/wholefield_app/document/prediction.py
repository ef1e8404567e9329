"""A prediction as a workspace sees it, and the panel in which a model is chosen and its result is exported."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from wholefield.runs.own_process.supervisor import OwnProcess
from wholefield_app.actions import Registry
from wholefield_app.actions.button import ActionButton
from wholefield_app.document.export import Export
from wholefield_app.panels.model_card import ModelCardView
from wholefield_app.panels.model_field import ModelField
from wholefield_app.panels.progress import RunProgress
from wholefield_app.runs import RunSession, SessionState
from wholefield_app.runs.worker import Work
from wholefield_app.theme.theme import Theme
from wholefield_app.widgets.heading import muted

log = logging.getLogger(__name__)


class Prediction(RunSession):
    """One prediction at a time.

    Signals:
        done: Path of what was predicted on, and the result.
    """

    done = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__("Prediction", parent=parent)
        self._path: Path | None = None
        self.ended.connect(self._tell)

    def begin(self, work: Work, path: Path, model: Path) -> None:
        """Begin to predict on a file with a model."""
        log.info("Predicting on %s with %s", path.name, model)
        self._path = path
        self.start(work)

    def follow(self, run: OwnProcess, opened: Path | None) -> None:
        """Follow a prediction that another window has begun."""
        self._path = opened
        super().follow(run, opened)

    @Slot(object)
    def _tell(self, result: object) -> None:
        if result is not None:
            self.done.emit(self._path, result)


class SessionProgress(RunProgress):
    """How far the run of a session is; hidden while there is none."""

    def __init__(self, session: RunSession, beginning: str, theme: Theme, parent: QWidget) -> None:
        """Say `beginning` until the first report."""
        super().__init__(theme, parent)
        self._session, self._beginning = session, beginning
        self.hide()
        session.state_changed.connect(self._follow)
        session.reported.connect(self.add)

    @Slot(object)
    def _follow(self, state: SessionState) -> None:
        self.setVisible(state.active)
        if state is SessionState.RUNNING:
            self.begin(self._beginning)
        elif state is SessionState.IDLE:
            self.rest("")
        else:
            self.text.setText(self._session.words)


@dataclass(frozen=True)
class PredictionWords:
    """What a prediction panel says.

    Attributes:
        no_model: While no model is chosen.
        ready: While one is.
        files: The filter of the dialog that chooses a file with a model.
    """

    no_model: str
    ready: str
    files: str = "Checkpoints (*.ckpt)"


class PredictionPanel(QWidget):
    """Chooses a model and shows how far the export of its result is.

    Signals:
        model_changed: Another model is chosen.
    """

    model_changed = Signal()

    def __init__(
        self, workspace: str, words: PredictionWords, export: Export, registry: Registry, theme: Theme
    ) -> None:
        """Make the parts on the actions predict, export and cancel_export of the workspace so named."""
        super().__init__()
        self._words = words
        self.models = ModelField(words.files)
        self.models.changed.connect(self.say_what_is_next)
        self.models.changed.connect(self.model_changed)
        self.card = ModelCardView(self)
        self.predict = ActionButton(registry[f"{workspace}.predict"], primary=True, parent=self)
        self.hint = muted(words.no_model)
        self.export = ActionButton(registry[f"{workspace}.export"], only_when_enabled=True, parent=self)
        self.cancel_export = ActionButton(
            registry[f"{workspace}.cancel_export"], only_when_enabled=True, parent=self
        )
        self.export_progress = SessionProgress(export, "Exporting", theme, self)
        self.export_note = muted()
        self.export_note.hide()
        export.told.connect(self.say_exported)

    @property
    def checkpoint(self) -> Path | None:
        """The file of the chosen model."""
        return self.models.checkpoint

    @Slot(object)
    def use_theme(self, theme: Theme) -> None:
        """Paint in the colors of `theme`."""
        self.models.use_theme(theme)
        self.export_progress.use_theme(theme)

    @Slot()
    def say_what_is_next(self) -> None:
        """Say what the panel can be used for now."""
        self.hint.setText(self._words.ready if self.checkpoint is not None else self._words.no_model)

    @Slot(str)
    def say_exported(self, sentence: str) -> None:
        """Say what came of an export; an empty sentence says nothing."""
        self.export_note.setText(sentence)
        self.export_note.setVisible(bool(sentence))

    def lay_out(self, widgets: Iterable[QWidget]) -> None:
        """Put widgets below each other, and the export below them."""
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 12)
        layout.setSpacing(8)
        export = (self.export, self.cancel_export, self.export_progress, self.export_note)
        for widget in (*widgets, *export):
            layout.addWidget(widget)
        layout.addWidget(self.card)
        layout.addStretch()
