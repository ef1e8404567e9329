"""The flow panel of the events workspace: which network estimates the flow, its score card, and its export."""

from PySide6.QtCore import Slot

from wholefield_app.actions import Registry
from wholefield_app.actions.button import ActionButton
from wholefield_app.document.export import Export
from wholefield_app.document.prediction import PredictionPanel, PredictionWords, SessionProgress
from wholefield_app.forms.layout import choice
from wholefield_app.panels.score_panel import ScoreTable
from wholefield_app.runs import SessionState
from wholefield_app.theme.theme import Theme
from wholefield_app.widgets.heading import heading
from wholefield_app.workspaces.events.score import ScoreSession, Window

WORDS = PredictionWords(
    no_model="Train a network or choose a checkpoint file first; then show its flow over the open recording.",
    ready="The network estimates the flow of every displayed frame.",
)
SHOWN = "Shown: the flow of {name}."
NO_SCORE = "Show a flow, then evaluate how much sharper it makes the events than a single translation does."
WINDOWS = {
    Window.ENOUGH: "Around the playhead, automatic length",
    Window.FRAME: "The events of the frame",
    Window.CHOSEN: "The selected range",
}
WINDOWS_ABOUT = "Events that the flow is evaluated on; motion within the window should reach 5 px or more"


class FlowPanel(PredictionPanel):
    """Asks for flow, scores and exports, and shows how far they are."""

    def __init__(self, export: Export, score: ScoreSession, registry: Registry, theme: Theme) -> None:
        super().__init__("events", WORDS, export, registry, theme)
        self._shown_name = ""
        self.window_choice = choice(WINDOWS, WINDOWS_ABOUT, "Window")
        self.evaluate = ActionButton(registry["events.score"], parent=self)
        self.cancel_score = ActionButton(registry["events.cancel_score"], only_when_enabled=True, parent=self)
        self.score_progress = SessionProgress(score, "Evaluating the flow", theme, self)
        self.table = ScoreTable(theme, NO_SCORE)
        self.lay_out(
            (
                heading("Network"), self.models, self.predict, self.hint, heading("Score card"), self.window_choice,
                self.evaluate, self.cancel_score, self.score_progress, self.table, heading("Export"),
            )
        )  # fmt: skip
        score.state_changed.connect(self._follow_score)
        score.scored.connect(self.table.show_card)
        self.use_theme(theme)

    @property
    def window_to_score(self) -> Window:
        """Which events the flow is evaluated on."""
        return Window(self.window_choice.currentData())

    def show_provider(self, name: str) -> None:
        """Say whose flow is shown; an empty name means none."""
        self._shown_name = name
        self.table.show_card(None)
        self.say_what_is_next()

    @Slot(object)
    def use_theme(self, theme: Theme) -> None:
        """Paint in the colors of `theme`."""
        super().use_theme(theme)
        for part in (self.table, self.score_progress):
            part.use_theme(theme)

    @Slot()
    def say_what_is_next(self) -> None:
        """Say whose flow is shown, or how to show one."""
        super().say_what_is_next()
        if self._shown_name:
            self.hint.setText(SHOWN.format(name=self._shown_name))

    @Slot(object)
    def _follow_score(self, state: SessionState) -> None:
        self.table.setVisible(not state.active)
        if state is SessionState.RUNNING:
            self.table.show_card(None)
