"""Writes a stack as another format, plane by plane, in a session of its own."""

import logging
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Slot

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


class Exporting(QObject):
    """One export at a time.

    Attributes:
        session: The run.
    """

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
        self.session.start(partial(export, source.path, source.dataset, path, kind, labels))

    @Slot(object)
    def _tell(self, path: Path | None) -> None:
        if path is not None:
            log.info("Exported %s", path)


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
) -> Path:  # fmt: skip
    """Write a stack that is opened for this alone, so that it may be closed in the window meanwhile.

    Raises:
        TesseraError: It cannot be read, or not be written like this.
        RunCancelled: The control asked for it; nothing is left behind.
    """
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
    return path


def _write(
    source: StackSource, path: Path, kind: StackFormat, labels: bool, step: Callable[[int, int], None]
) -> None:
    from engine.export.stacks import write_nifti, write_ome_zarr, write_tiff_stack

    if source.channels > 1:
        raise SettingError(
            f"{source.name} has {source.channels} channels; only stacks of one can be exported."
        )
    planes = (source.plane(0, index) for index in range(source.shape[0]))
    common = (path, planes, source.shape, source.dtype, source.geometry, step)
    if kind is StackFormat.OME_ZARR:
        write_ome_zarr(*common, labels=labels)
    elif kind is StackFormat.NIFTI:
        write_nifti(*common)
    else:
        write_tiff_stack(*common)
