"""Writes a stack as another format, plane by plane, in a session of its own."""

import logging
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from wholefield.errors import SettingError
from wholefield.runs.control import Control
from wholefield.runs.reports import ReportFunction
from wholefield.tasks.stacks.export_settings import StackExportSettings
from wholefield.tasks.stacks.settings import StackFormat
from wholefield_app.problems import Problem
from wholefield_app.runs import RunSession
from wholefield_app.services import Services
from wholefield_app.workspaces.stacks.opening import OpenStack

if TYPE_CHECKING:
    from wholefield.tasks.stacks.export import Exported

log = logging.getLogger(__name__)

FILTERS = {
    f"{form.label} ({' '.join(f'*{suffix}' for suffix in form.suffixes)})": form for form in StackFormat
}


class Exporting(QObject):
    """One export at a time.

    Attributes:
        session: The run.

    Signals:
        told: A sentence on the export that has just ended; empty when another one begins.
        lost: A sentence on what the format of that export has no place for.
    """

    told = Signal(str)
    lost = Signal(str)

    def __init__(self, services: Services, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self.session = RunSession(worth_keeping=False, parent=self)
        self.session.failed.connect(services.report)
        self.session.ended.connect(self._tell)

    def start(self, stack: OpenStack, path: Path) -> None:
        """Begin to write; the ending of the name decides about the format."""
        config = config_of(stack, path)
        try:
            config.validate()
        except SettingError as error:
            self._services.report(Problem(str(error)))
            return
        self.told.emit("")
        self.session.start(partial(export, config))

    @Slot(object)
    def _tell(self, exported: "Exported | None") -> None:
        if exported is not None:
            log.info("Exported %s", exported.path)
            self.told.emit(f"{exported.path.name} is written.")
            if exported.lost:
                log.warning("%s", exported.lost)
                self.lost.emit(exported.lost)


def config_of(stack: OpenStack, path: Path) -> StackExportSettings:
    """The settings of an export of an open stack."""
    source = stack.source
    return StackExportSettings(
        stack=source.path, dataset=source.dataset, out=path, labels=bool(stack.facts.labels)
    )


def export(config: StackExportSettings, report: ReportFunction, control: Control) -> "Exported":
    """Write a stack that is opened for this alone, so that it may be closed in the window meanwhile.

    Called in the run's thread.

    Raises:
        WholefieldError: It cannot be read, or not be written like this.
        RunCancelled: The control asked for it; nothing is left behind.
    """
    from wholefield.tasks.stacks.export import export_stack

    return export_stack(config, report, control)
