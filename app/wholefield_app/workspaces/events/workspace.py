"""The events workspace: joins the desk, the view and the demo recording with their panels."""

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from wholefield.tasks.events.flow_field import FlowProvider
from wholefield.tasks.events.provider import FlowSource
from wholefield_app.actions import Action, Registry
from wholefield_app.document.activity import Activity, Topic
from wholefield_app.document.demo import DemoMaker
from wholefield_app.document.workspace import Panel, Workspace
from wholefield_app.panels.event_facts_panel import EventFactsPanel
from wholefield_app.panels.event_style_panel import EventStylePanel
from wholefield_app.panels.notice import Notice
from wholefield_app.panels.welcome import Welcome
from wholefield_app.problems import Problem
from wholefield_app.runs import RunSession
from wholefield_app.services import Services
from wholefield_app.viewer.events.event_view import NO_RATE, EventView
from wholefield_app.viewer.events.rate_strip import Rate
from wholefield_app.viewer.events.style import FlowMode, FrameStyle
from wholefield_app.workspaces.events.actions import event_actions
from wholefield_app.workspaces.events.commands import flow_actions
from wholefield_app.workspaces.events.desk import Desk
from wholefield_app.workspaces.events.entry import EVENTS
from wholefield_app.workspaces.events.handlers import Handlers
from wholefield_app.workspaces.events.properties import describe_recording
from wholefield_app.workspaces.events.readouts import Readouts
from wholefield_app.workspaces.events.training import PREVIEW, FlowWork
from wholefield_app.workspaces.events.warming import warm_up

if TYPE_CHECKING:
    from wholefield_resources.demo.events import EventDemo

log = logging.getLogger(__name__)

LEFT = Qt.DockWidgetArea.LeftDockWidgetArea

PURPOSE = "Play recordings of event cameras, find their optical flow without any ground truth, and export it as video."
HINT = "Or drop a recording anywhere in this window."
FIRST_STEPS = ("events.open", "events.open_demo")
MAKING_DEMO = "Simulating the demo recording"
STYLE_KEY = "events/style"
COUNTING = "The events are being counted: {share:.0%}"


class EventsWorkspace(Workspace):
    """Look at recordings, play them, see flow over them.

    Attributes:
        desk: The open recording.
        view: Its frames.
        demo: Makes the demo recording.
        handlers: What the actions do.
        work: Training, the flow of networks, score card and export.
    """

    entry = EVENTS
    log_behind = PREVIEW

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self.desk = Desk(services, self)
        self.view = EventView(services.themes.theme)
        self.demo = DemoMaker(services, make_demo, self)
        self.handlers = Handlers(self, services)
        self._labels_next: tuple[Path, Path] | None = None
        self._activity = Activity(self)
        self._activity.changed.connect(self.status_changed)
        self.work = FlowWork(self, services, self._activity)
        self._readouts = Readouts(self.view)
        self._central = QStackedWidget()
        services.background.run(warm_up, then=_warm, failed=_cold)

    @property
    def title(self) -> str:
        """The name of the open recording."""
        return self.desk.recording.name if self.desk.recording is not None else ""

    @property
    def central(self) -> QWidget:
        """The view, or the welcome page while no recording is open."""
        return self._central

    @property
    def sessions(self) -> tuple[RunSession, ...]:
        """Training and export."""
        return self.work.sessions

    @property
    def quiet(self) -> bool:
        """Whether files, frames and flow are all there, and nothing plays."""
        return not (self._services.background.busy or self.view.busy or self.work.busy)

    def actions(self) -> list[Action]:
        """What a user can do with recordings."""
        return [*event_actions(self), *flow_actions(self.work)]

    def make_panels(self, registry: Registry) -> list[Panel]:
        """Make the panels around the view."""
        services, theme = self._services, self._services.themes.theme
        first_steps = [registry[name] for name in FIRST_STEPS]
        self.welcome = Welcome(self.name, PURPOSE, HINT, first_steps, services.settings)
        self.notice = Notice(theme)
        self._central.addWidget(self.welcome)
        self._central.addWidget(self._shown())
        self.facts_panel = EventFactsPanel()
        self.style_panel = EventStylePanel(registry)
        self._connect()
        self.view.set_style(FrameStyle.from_json(services.settings.json(STYLE_KEY) or {}))
        return [
            Panel("events.facts", "Recording", self.facts_panel, LEFT, 230),
            Panel("events.style", "View", self.style_panel, LEFT, 420),
            *self.work.make_panels(registry),
        ]

    def readouts(self) -> list[QWidget]:
        """The pixel under the mouse, and the zoom."""
        return [self._readouts.pixel, self._readouts.zoom]

    def open(self, path: Path) -> None:
        """Open a recording."""
        self.desk.open(path)

    def open_demo(self) -> None:
        """Make the demo recording, if it is not there yet, and open it with its flow."""
        self.demo.start()
        self.changed.emit()

    def set_flow(self, provider: FlowProvider | None) -> None:
        """Take the flow over the open recording from here; it is shown as arrows unless it is shown already."""
        style = self.view.style_of_frames
        if provider is not None and style.flow is FlowMode.NONE:
            self.view.set_style(replace(style, flow=FlowMode.ARROWS))
        self.view.flow.set_provider(provider)

    def close_flow(self) -> None:
        """Show no flow."""
        self.set_flow(None)

    def close_recording(self) -> None:
        """Show no recording."""
        self.desk.remove()

    def close(self) -> None:
        """Let go of files and threads."""
        self._services.settings.set_json(STYLE_KEY, self.view.style_of_frames.to_json())
        self.demo.close()
        self.work.close()
        self.desk.remove()
        self.view.shutdown()

    def _shown(self) -> QWidget:
        """The view with the warnings about the recording above it."""
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.notice)
        layout.addWidget(self.view, 1)
        return page

    def _connect(self) -> None:
        desk, view = self.desk, self.view
        desk.opened.connect(self.opened)
        desk.opening.connect(self._show_opening)
        desk.changed.connect(self._follow_desk)
        desk.replaced.connect(view.release)
        desk.indexing.connect(self._show_indexing)
        desk.indexed.connect(self._show_rate)
        view.problem.connect(self._services.report)
        view.style_changed.connect(self._follow_style)
        view.flow.provider_changed.connect(self._follow_flow)
        view.player.changed.connect(self.changed)
        view.shown.connect(self._readouts.refresh)
        self.style_panel.changed.connect(view.set_style)
        self.welcome.chosen.connect(self.open)
        self.demo.progressed.connect(self._show_demo_progress)
        self.demo.made.connect(self._open_demo_recording)
        self.demo.ended.connect(self._end_demo)
        for part in (view, self.notice):
            self._services.themes.changed.connect(part.use_theme)

    @Slot(str)
    def _show_opening(self, name: str) -> None:
        text = f"Opening {name}" if name else ""
        self.welcome.set_busy(text)
        self._activity.say(Topic.OPENING, text)

    @Slot()
    def _follow_desk(self) -> None:
        found = self.desk.open_recording
        self._central.setCurrentIndex(0 if found is None else 1)
        if found is None:
            self.view.show_recording(None)
        else:
            self.view.show_recording(found.recording, found.accumulation_us)
        self._show_facts()
        self._readouts.refresh()
        self.changed.emit()
        self._open_labels()

    def _show_facts(self) -> None:
        recording = self.desk.recording
        self.notice.show_sentences(recording.warnings if recording is not None else ())
        if recording is None:
            self.facts_panel.show_facts([])
        else:
            self.facts_panel.show_facts(describe_recording(recording, indexed=recording.indexed))

    @Slot(float)
    def _show_indexing(self, share: float) -> None:
        self.facts_panel.show_progress(share)
        self.view.show_rate(NO_RATE, COUNTING.format(share=share))

    @Slot(object)
    def _show_rate(self, rate: Rate) -> None:
        self.view.show_rate(rate)
        self._show_facts()

    @Slot(object)
    def _follow_style(self, style: FrameStyle) -> None:
        self.style_panel.show_style(style)
        self.changed.emit()

    @Slot()
    def _follow_flow(self) -> None:
        provider = self.view.flow.provider
        self.style_panel.show_flow_source(provider.name if provider is not None else "")
        self.changed.emit()

    @Slot(int, int)
    def _show_demo_progress(self, done: int, total: int) -> None:
        self.welcome.set_busy(MAKING_DEMO, done, total)
        self._activity.say(Topic.DEMO, f"{MAKING_DEMO}: {done} of {total}")

    @Slot(object)
    def _open_demo_recording(self, demo: "EventDemo") -> None:
        self._labels_next = demo.recording, demo.labels
        self.open(demo.recording)

    def _open_labels(self) -> None:
        """Open the exact flow of the demo recording with it."""
        recording, pair = self.desk.recording, self._labels_next
        if recording is not None and pair is not None:
            self._labels_next = None
            if recording.path == pair[0]:
                self.handlers.open_flow(FlowSource(pair[1]))

    @Slot()
    def _end_demo(self) -> None:
        self.welcome.set_busy("")
        self._activity.say(Topic.DEMO, "")
        self.changed.emit()


def _warm(result: None) -> None:
    """The first recording will open at once."""


def _cold(problem: Problem) -> None:
    log.info("The first recording will take longer to open: %s", problem.sentence)


def make_demo(progress: Callable[[int, int], None]) -> "EventDemo":
    """Make the demo recording in the user's data folder; called in a worker thread."""
    from wholefield_resources.demo.events import make_event_demo

    return make_event_demo(progress=progress)
