"""The training panel: settings, the buttons that steer the run, and how far it is."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from wholefield.runs.reports import Finished, Reason, Report
from wholefield_app.actions import Registry
from wholefield_app.actions.button import ActionButton
from wholefield_app.forms.form import SettingsForm
from wholefield_app.panels.progress import RunProgress
from wholefield_app.panels.scrolling import scrolling
from wholefield_app.runs import RunSession, SessionState
from wholefield_app.theme.theme import Theme

READY = "Ready to start."
STARTING = "Loading the network and the data"
ENDINGS = {
    Reason.COMPLETED: "Complete. The model is ready for predictions.",
    Reason.STOPPED: "Stopped. The model is kept and ready for predictions.",
    Reason.DISCARDED: "Discarded. The results are removed.",
}
FAILED = "The run failed; the message above the image says why."


class TrainingPanel(QWidget):
    """Follows the session of a training."""

    def __init__(
        self, workspace: str, form: SettingsForm, session: RunSession, registry: Registry, theme: Theme
    ) -> None:
        """Build the panel on the actions start, pause, resume, stop and discard of the workspace so named."""
        super().__init__()
        self.form = form
        self._ending = ""
        self._active = False
        self.progress = RunProgress(theme)
        self.buttons = {
            name: ActionButton(registry[f"{workspace}.{name}"], primary=primary, only_when_enabled=primary, parent=self)
            for name, primary in (
                ("start", True), ("pause", True), ("resume", True), ("stop", False), ("discard", False),
            )
        }  # fmt: skip
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(scrolling(form), 1)
        layout.addWidget(self._make_foot())
        form.changed.connect(self._say_what_is_next)
        self._say_what_is_next()
        session.state_changed.connect(self._follow_state)
        session.reported.connect(self._follow_reports)

    @Slot(object)
    def use_theme(self, theme: Theme) -> None:
        """Paint in the colors of `theme`."""
        self.form.use_theme(theme)
        self.progress.use_theme(theme)

    def _make_foot(self) -> QWidget:
        foot = QFrame()
        layout = QVBoxLayout(foot)
        layout.setContentsMargins(12, 8, 12, 12)
        layout.setSpacing(8)
        for name in ("start", "pause", "resume"):
            layout.addWidget(self.buttons[name])
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.buttons["stop"], 1)
        row.addWidget(self.buttons["discard"], 1)
        layout.addLayout(row)
        layout.addWidget(self.progress)
        return foot

    @Slot(object)
    def _follow_state(self, state: SessionState) -> None:
        begins = state.active and not self._active
        self._active = state.active
        self.form.setEnabled(not state.active)
        if begins:
            self._ending = FAILED
            self.progress.begin(STARTING)
        elif state is SessionState.IDLE:
            self.progress.rest(self._ending)
        else:
            self.progress.time_left.setText("" if state is SessionState.RUNNING else state.value)

    @Slot()
    def _say_what_is_next(self) -> None:
        if not self._active:
            self.progress.rest(self.form.missing or READY)

    @Slot(list)
    def _follow_reports(self, reports: list[Report]) -> None:
        self.progress.add(reports)
        for report in reports:
            if isinstance(report, Finished):
                self._ending = ENDINGS[report.reason]
