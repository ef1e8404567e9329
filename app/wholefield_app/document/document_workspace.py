"""What all workspaces with a document have in common: view and first page, training, models, demo, export."""

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, SignalInstance, Slot
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from wholefield.errors import SettingError
from wholefield.runs.own_process.channel import Job
from wholefield.runs.own_process.supervisor import OwnProcess
from wholefield.runs.reports import Level, Message, Report, Started
from wholefield.sources.choices import Reading
from wholefield.sources.kinds import Kind
from wholefield.tasks.registry import find_task, tasks
from wholefield_app.actions import Registry
from wholefield_app.document.activity import Activity, Topic
from wholefield_app.document.demo import DemoMaker, MakeDemo
from wholefield_app.document.document import Document, Role
from wholefield_app.document.export import Export
from wholefield_app.document.hooks import Themed, WorkspaceHooks
from wholefield_app.document.models_on_offer import ModelsOnOffer
from wholefield_app.document.readouts import Readouts
from wholefield_app.document.training import Training
from wholefield_app.document.workspace import Panel
from wholefield_app.forms.draft import RUNS, Draft
from wholefield_app.forms.form import SettingsForm
from wholefield_app.opening.dialog import ReadingDialog
from wholefield_app.opening.unanswered import Unanswered
from wholefield_app.panels.curves_panel import CurvesPanel
from wholefield_app.panels.notice import Notice
from wholefield_app.panels.preview_panel import PreviewPanel
from wholefield_app.panels.training_panel import TrainingPanel
from wholefield_app.panels.welcome import Welcome
from wholefield_app.runs import RunSession
from wholefield_app.runs.models import TrainedModel
from wholefield_app.runs.worker import Work
from wholefield_app.services import Services

LEFT = Qt.DockWidgetArea.LeftDockWidgetArea
RIGHT = Qt.DockWidgetArea.RightDockWidgetArea
BOTTOM = Qt.DockWidgetArea.BottomDockWidgetArea
AS_ANYTHING = "Choose what {name} is opened as. The preview shows what becomes of it."

log = logging.getLogger(__name__)


class DocumentWorkspace(WorkspaceHooks):
    """A workspace with one document: what is open is shown, trained on, predicted on and exported.

    Attributes:
        document: What is open.
        view: Shows it.
        draft: The settings of the next training.
        training: The training.
        export: The export.
        demo: Makes the demo.
        activity: What is going on.
        models: The models that are on offer for predictions.
    """

    def __init__(
        self,
        services: Services,
        document: Document[Any],
        view: Any,
        draft: Draft,
        make_demo: MakeDemo,
        export: Export,
    ) -> None:
        super().__init__(services)
        self.document, self.draft, self.export = document, draft, export
        self.view: Any = view
        for part in (document, draft, export):
            part.setParent(self)
        self.training = Training(self)
        self.demo = DemoMaker(services, make_demo, self)
        self.activity = Activity(self)
        self.activity.changed.connect(self.status_changed)
        self.readout = Readouts(self)
        self.preview_panel: PreviewPanel | None = None
        self.models = ModelsOnOffer(self)
        self._central = QStackedWidget()
        self._returning: list[tuple[RunSession, OwnProcess, Path]] = []

    # What the window asks.

    @property
    def title(self) -> str:
        """The name of what is open."""
        return self.document.name

    @property
    def central(self) -> QWidget:
        """The view, or the first page while nothing is open."""
        return self._central

    @property
    def sessions(self) -> tuple[RunSession, ...]:
        """Training, export and the others."""
        return self.training, *self.own_sessions, self.export

    @property
    def shipped(self) -> tuple[TrainedModel, ...]:
        """Models that ship, offered after those of the user."""
        return ()

    @property
    def quiet(self) -> bool:
        """Whether files, pictures and previews are all there."""
        preview = self.preview_panel is not None and self.preview_panel.busy
        return not (self._services.background.busy or self.models.busy or preview)

    @property
    def services(self) -> Services:
        """The services of the window."""
        return self._services

    def readouts(self) -> list[QWidget]:
        """What is under the mouse, and the zoom."""
        return self.readout.widgets

    def open(self, path: Path) -> None:
        """Open a file or folder."""
        self.document.open(path)

    def open_read(self, path: Path, reading: Reading) -> None:
        """Open a file or folder in the way that the user chose."""
        self.document.open(path, reading=reading)

    def ask_to_open_as(self, path: Path) -> None:
        """Let the user choose what a file is opened as, and how it is read."""
        sentence, reading = AS_ANYTHING.format(name=path.name), self._services.readings.of(path)
        self.ask_how_to_read(Unanswered(path, self.entry.kind, sentence, reading=reading or Reading()))

    def ask_how_to_read(self, asked: Unanswered, role: Role = Role.INPUT) -> None:
        """Let the user decide how a file is read, and open it so."""
        services, any_kind = self._services, role is Role.INPUT
        dialog = ReadingDialog(
            asked, services.background, services.themes.theme, self.central, any_kind=any_kind
        )
        dialog.chosen.connect(partial(self._open_read, role))
        dialog.scan_chosen.connect(self.take_scan)
        dialog.open()

    def open_demo(self) -> None:
        """Make the demo, if it is not there yet, and open it."""
        self.demo.start()
        self.changed.emit()

    def close_document(self) -> None:
        """Show nothing."""
        self.document.remove()

    def close(self) -> None:
        """Release files and threads."""
        self.demo.close()
        self.curves_panel.stop()
        if self.preview_panel is not None:
            self.preview_panel.stop()
        self.document.remove()
        # Only now: models are listed again whenever something else is open, or nothing.
        self.models.drop()
        self.view.shutdown()

    def make_panels(self, registry: Registry) -> list[Panel]:
        """Make the panels around the view."""
        services, theme = self._services, self._services.themes.theme
        steps = [registry[f"{self.name}.{step}"] for step in self._first_steps()]
        self.welcome = Welcome(self.name, self.words.purpose, self.words.hint, steps, services.settings)
        self.notice = Notice(theme)
        self._central.addWidget(self.welcome)
        self._central.addWidget(self._page())
        self.form = SettingsForm(self.draft, theme)
        self.training_panel = TrainingPanel(self.name, self.form, self.training, registry, theme)
        self.curves_panel = CurvesPanel(theme, self._qualities())
        self.preview_panel = self.make_preview_panel()
        self.prediction_panel = self.make_prediction_panel(registry)
        panels = self.panels(registry)
        self._connect()
        self.connect_own()
        self.recall_settings()
        return panels

    def take_up(self, session: RunSession, run: OwnProcess, opened: Path | None) -> None:
        """Open what was open when the run began, and follow it: results are shown over what they belong to."""
        if opened is None or not opened.exists():
            session.follow(run, opened)
            return
        self._returning.append((session, run, opened))
        self.open(opened)

    # What the actions do.

    def cancel_export(self) -> None:
        """Cancel the current export and remove what it has written."""
        self.export.discard()

    @property
    def runs(self) -> Path | None:
        """The folder that new runs go into and whose models are on offer; None while nothing is open."""
        beside = self.document.path or self._trained_on
        return self.draft.runs or (beside.parent / RUNS if beside is not None else None)

    @property
    def _trained_on(self) -> Path | None:
        """The last path that the settings of the draft must have, such as that of the labels."""
        names = [name for name, declared in self.draft.declarations.items() if declared.required]
        paths = [value for value in map(self.draft.value, names) if isinstance(value, Path)]
        return paths[-1] if paths else None

    def recall_settings(self) -> None:
        """Take up the settings of the last training."""
        values = self._services.settings.json(self.settings_key)
        if values is None:
            return
        try:
            self.draft.restore(find_task(str(values.get("task"))).settings.from_json(values))
        except SettingError as error:
            log.warning("The settings of the last training were not restored: %s", error)

    def choose_model(self, path: Path) -> None:
        """Offer a model that was opened, and choose it."""
        self.models.choose(path)

    def follow_theme(self, *parts: Themed) -> None:
        """Paint parts in the colors of every theme from now on."""
        for part in parts:
            self._services.themes.changed.connect(part.use_theme)

    @Slot(str)
    def warn(self, *sentences: str) -> None:
        """Say something above the view, before what is said of the document itself."""
        self.notice.show_sentences(tuple(dict.fromkeys((*sentences, *self.document.warnings))))

    def _first_steps(self) -> tuple[str, ...]:
        return ("open", "open_folder", "open_demo") if self.words.folder_about else ("open", "open_demo")

    def _qualities(self) -> tuple[Any, ...]:
        return tuple(task.quality for task in self.draft.tasks[:1])

    def _page(self) -> QWidget:
        """The view with the warnings about the document above it."""
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.notice)
        layout.addWidget(self.view, 1)
        return page

    def _connect(self) -> None:
        self._connect_document()
        self._connect_runs()
        self.follow_theme(self.notice, self.training_panel, self.curves_panel, self.prediction_panel)
        if self.preview_panel is not None:
            self.follow_theme(self.preview_panel)

    def _connect_document(self) -> None:
        self.document.unanswered.connect(self.ask_how_to_read)
        self.document.opened.connect(self.opened)
        self.document.opened.connect(self._follow_returning)
        self.document.opening.connect(self._show_opening)
        self.document.changed.connect(self._follow_document)
        self.draft.changed.connect(self.changed)
        self.welcome.chosen.connect(self.open)
        self.demo.progressed.connect(self._show_demo_progress)
        self.demo.made.connect(self.take_demo)
        self.demo.ended.connect(self._end_demo)
        self.prediction_panel.model_changed.connect(self.changed)
        self.models.connect_panel()

    def _connect_runs(self) -> None:
        for session in self.sessions:
            session.place = self._place
            session.state_changed.connect(self._follow_state)
            session.failed.connect(self._services.report)
            session.reported.connect(self._show_warnings)
        follow: list[Callable[[list[Report]], None] | SignalInstance] = [
            self._name_quality,
            self.activity.say_progress,
            self.curves_panel.add,
        ]
        if self.preview_panel is not None:
            follow.append(self.preview_panel.add)
        for each in follow:
            self.training.reported.connect(each)
        self.training.checkpoint_saved.connect(self.models.list_again)
        self.training.ended.connect(self.models.list_finished)
        self.export.lost.connect(self.warn)

    def _place(self, work: Work, title: str) -> Work:
        return self._services.processes.place(Job(work, title, self.name, self.document.path))

    def _open_read(self, role: Role, path: Path, kind: Kind, reading: Reading) -> None:
        if kind is self.entry.kind:
            self.document.open(path, role, reading)
        else:
            self.read_as.emit(path, kind, reading)

    @Slot(object)
    def _follow_returning(self, path: Path) -> None:
        waiting, self._returning = self._returning, []
        for session, run, opened in waiting:
            if opened == path and not session.state.active:
                session.follow(run, opened)
            else:
                self._returning.append((session, run, opened))

    @Slot(str)
    def _show_opening(self, name: str) -> None:
        text = f"Opening {name}" if name else ""
        self.welcome.set_busy(text)
        self.activity.say(Topic.OPENING, text)

    @Slot(object)
    def _follow_document(self, role: Role) -> None:
        self._central.setCurrentIndex(0 if self.document.input is None else 1)
        if role is Role.INPUT:
            self.notice.show_sentences(self.document.warnings)
            self.prediction_panel.say_exported("")
        self.follow_document(role)
        if role is Role.INPUT:
            self.models.list_again()
        self.changed.emit()

    @Slot(int, int)
    def _show_demo_progress(self, done: int, total: int) -> None:
        self.welcome.set_busy(self.words.making_demo, done, total)
        self.activity.say(Topic.DEMO, f"{self.words.making_demo}: {done} of {total}")

    @Slot()
    def _end_demo(self) -> None:
        self.welcome.set_busy("")
        self.activity.say(Topic.DEMO, "")
        self.changed.emit()

    @Slot()
    def _follow_state(self) -> None:
        for session in self.sessions:
            self.activity.say_state(session)
        self.changed.emit()

    @Slot(list)
    def _name_quality(self, reports: list[Report]) -> None:
        """The curve of the validation is named after the task that is trained."""
        for report in reports:
            task = tasks().get(report.task) if isinstance(report, Started) else None
            if task is not None and task.quality is not None:
                self.curves_panel.set_qualities((task.quality,))

    @Slot(list)
    def _show_warnings(self, reports: list[Report]) -> None:
        """Say what a run warns of above the view."""
        found = [each.text for each in reports if isinstance(each, Message) and each.level is Level.WARNING]
        if found:
            self.warn(*found)
