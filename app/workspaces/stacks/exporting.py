"""Writes a stack as another format, plane by plane, in a session of its own."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from app.problems import Problem
from app.runs import RunSession
from app.services import Services
from app.workspaces.stacks.opening import OpenStack
from engine.errors import SettingError
from engine.runs.control import Control
from engine.runs.reports import PartDone, ReportFunction
from engine.runs.stacks.config import StackFormat
from engine.sources.stack import StackSource

log = logging.getLogger(__name__)

FILTERS = {
    "TIFF stack (*.tif *.tiff)": StackFormat.TIFF,
    "NIfTI (*.nii.gz *.nii)": StackFormat.NIFTI,
    "OME-Zarr (*.ome.zarr)": StackFormat.OME_ZARR,
}
ENDINGS = {
    ".tif": StackFormat.TIFF,
    ".tiff": StackFormat.TIFF,
    ".nii": StackFormat.NIFTI,
    ".nii.gz": StackFormat.NIFTI,
    ".zarr": StackFormat.OME_ZARR,
}


@dataclass(frozen=True)
class Exported:
    """What came of an export: the file, and a sentence on what its format has no place for, or none."""

    path: Path
    lost: str


class Exporting(QObject):
    """One export at a time.

    Attributes:
        session: The run.

    Signals:
        told: A sentence on the export that has just ended; empty when another one begins.
    """

    told = Signal(str)

    def __init__(self, services: Services, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self.session = RunSession(worth_keeping=False, parent=self)
        self.session.failed.connect(services.report)
        self.session.ended.connect(self._tell)

    def start(self, stack: OpenStack, path: Path) -> None:
        """Begin to write; the ending of the name decides about the format."""
        try:
            kind = format_of(path)
        except SettingError as error:
            self._services.report(Problem(str(error)))
            return
        labels = bool(stack.facts.labels)
        source = stack.source
        self.told.emit("")
        self.session.start(partial(export, source.path, source.dataset, path, kind, labels))

    @Slot(object)
    def _tell(self, exported: Exported | None) -> None:
        if exported is not None:
            sentence = f"{exported.path.name} is written. {exported.lost}".strip()
            log.info("Exported %s. %s", exported.path, exported.lost)
            self.told.emit(sentence)


def format_of(path: Path) -> StackFormat:
    """The format that the ending of a name stands for.

    Raises:
        SettingError: It stands for none.
    """
    name = path.name.lower()
    kind = next((kind for ending, kind in ENDINGS.items() if name.endswith(ending)), None)
    if kind is None:
        raise SettingError(f"{path.name} does not end in {', '.join(ENDINGS)}; give the file such a name.")
    return kind


def export(
    stack: Path, dataset: str | None, path: Path, kind: StackFormat, labels: bool,
    report: ReportFunction, control: Control,
) -> Exported:  # fmt: skip
    """Write a stack that is opened for this alone, so that it may be closed in the window meanwhile.

    Raises:
        TesseraError: It cannot be read, or not be written like this.
        RunCancelled: The control asked for it; nothing is left behind.
    """
    from engine.runs.stacks.writing import lost_place
    from engine.sources import open_stack

    started = time.monotonic()

    def step(done: int, total: int) -> None:
        control.poll()
        left = (time.monotonic() - started) * (total - done) / max(done, 1)
        report(PartDone("Exporting slices", done, total, left))

    with open_stack(stack, dataset) as source:
        try:
            _write(source, path, kind, labels, step)
        except OSError as error:
            raise SettingError(
                f"{path} cannot be written ({error.strerror or error}); choose another folder, or make room."
            ) from error
        return Exported(path, lost_place(kind, source.geometry))


def _write(
    source: StackSource, path: Path, kind: StackFormat, labels: bool, step: Callable[[int, int], None]
) -> None:
    from engine.runs.stacks.writing import write_stack

    planes = (source.plane(0, index) for index in range(source.shape[0]))
    write_stack(
        kind, path, planes, source.shape, source.dtype, source.geometry, step,
        labels=labels, channels=source.channels, names=source.channel_names,
    )  # fmt: skip
