"""What every part of the window may use, gathered once and handed down."""

from collections.abc import Callable
from dataclasses import dataclass, field

from wholefield_app.background import Background
from wholefield_app.log import SessionLog
from wholefield_app.models import OpenedModels
from wholefield_app.opening.readings import Readings
from wholefield_app.problems import Problem
from wholefield_app.runs.processes import Processes
from wholefield_app.settings import Settings
from wholefield_app.theme.manager import ThemeManager


@dataclass(frozen=True)
class Services:
    """The services of one window.

    Attributes:
        settings: What is remembered between starts.
        background: Worker threads for short work.
        themes: The theme in use.
        log: The log of this session.
        models: The models that were opened.
        report: Shows a Problem in the banner and writes it to the log; may be called from any thread.
        processes: Which runs have a process of their own, and those that outlived their window.
        readings: How the files of this session are read.
    """

    settings: Settings
    background: Background
    themes: ThemeManager
    log: SessionLog
    models: OpenedModels
    report: Callable[[Problem], None]
    processes: Processes
    readings: Readings = field(default_factory=Readings)
