"""Writes a recording as a video or pictures, and its flow as files, in a session of its own."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Slot

from app.runs import RunSession
from app.services import Services
from app.viewer.events.flow_layer import FlowProvider
from app.viewer.events.style import FrameStyle
from app.workspaces.events.exporting_frames import Framing, Moments, draw_frames, pixels_of
from engine.errors import SettingError
from engine.runs.control import Control, RunCancelled, StopAndKeep
from engine.runs.flow.config import FlowFormat
from engine.runs.reports import PartDone, ReportFunction

if TYPE_CHECKING:
    from engine.sources import Recording

SECOND = 1e6

log = logging.getLogger(__name__)


class ExportKind(StrEnum):
    """What is written."""

    VIDEO = "video"
    FRAMES = "frames"
    HDF5 = "hdf5"
    FLO = "flo"
    PNG = "png"

    @property
    def pictures(self) -> bool:
        """Whether it is what the window shows; the others are numbers."""
        return self in (ExportKind.VIDEO, ExportKind.FRAMES)


@dataclass(frozen=True)
class Export:
    """Everything that an export needs to know.

    Attributes:
        kind: What is written.
        path: The file, or the folder of the files.
        recording: The recording; the export opens it for itself.
        flow: Where the flow comes from, or None.
        moments: The moments of pictures.
        style: How pictures look.
        framing: How large pictures are, and where in them the frame lies.
        delta_t: Time between two fields of flow in us; they hold the displacements within it.
    """

    kind: ExportKind
    path: Path
    recording: Path
    flow: FlowProvider | None
    moments: Moments
    style: FrameStyle
    framing: Framing
    delta_t: int = 10_000


@dataclass(frozen=True)
class Exported:
    """Where the result lies, and whether it is all that was asked for."""

    path: Path
    complete: bool


class Exporting(QObject):
    """One export at a time.

    Attributes:
        session: The run.
        result: The newest result.
    """

    def __init__(self, services: Services, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = RunSession(worth_keeping=False, parent=self)
        self.result: Exported | None = None
        self.session.failed.connect(services.report)
        self.session.ended.connect(self._tell)

    def start(self, export: Export) -> None:
        """Begin to write."""
        self.session.start(partial(run_export, export))

    @Slot(object)
    def _tell(self, result: Exported | None) -> None:
        self.result = result
        if result is not None:
            log.info("Exported %s" if result.complete else "Stopped; what was made is in %s", result.path)


def run_export(export: Export, report: ReportFunction, control: Control) -> Exported:
    """Do it; called in the run's thread. Whoever stops it early keeps what can be used.

    Raises:
        TesseraError: Something cannot be read or written.
        RunCancelled: It was stopped, and nothing is left.
    """
    from engine.sources import open_recording

    with open_recording(export.recording) as recording, _opened(export.flow, recording) as flow:
        step = _steps(report, control)
        try:
            if export.kind is ExportKind.VIDEO:
                return _write_video(export, recording, flow, step)
            if export.kind is ExportKind.FRAMES:
                return _write_frames(export, recording, flow, step)
            return _write_flow(export, recording, flow, step)
        except OSError as error:
            raise SettingError(
                f"{export.path} cannot be written ({error.strerror or error}); choose another folder, or make room."
            ) from error


@contextmanager
def _opened(flow: FlowProvider | None, recording: "Recording") -> Iterator[FlowProvider | None]:
    """A provider of the export's own: the window's may be at work, or be closed, meanwhile."""
    if flow is None:
        yield None
        return
    with closing(flow.again(recording)) as provider:
        yield provider


def _steps(report: ReportFunction, control: Control) -> Callable[[int, int], None]:
    started = time.monotonic()

    def step(done: int, total: int) -> None:
        left = (time.monotonic() - started) * (total - done) / max(done, 1)
        report(PartDone("Exporting frames", done, total, left))
        control.poll()

    return step


def _write_video(export: Export, recording: "Recording", flow: FlowProvider | None, step: Any) -> Exported:
    from engine.export.video import unfinished_path, video_format, write_video

    moments = export.moments
    images = draw_frames(recording, flow, moments, export.style, export.framing)
    path = export.path.with_suffix(video_format().suffix)
    try:
        return Exported(
            write_video(path, map(pixels_of, images), len(moments), moments.fps, step), complete=True
        )
    except StopAndKeep:
        return Exported(unfinished_path(path), complete=False)
    except RunCancelled:
        unfinished_path(path).unlink(missing_ok=True)
        raise


def _write_frames(export: Export, recording: "Recording", flow: FlowProvider | None, step: Any) -> Exported:
    export.path.mkdir(parents=True, exist_ok=True)
    images = draw_frames(recording, flow, export.moments, export.style, export.framing)
    try:
        for index, image in enumerate(images):
            if not image.save(str(export.path / f"{index:06d}.png"), "PNG"):
                raise SettingError(
                    f"{export.path} cannot be written to; choose another folder, or make room."
                )
            step(index + 1, len(export.moments))
    except StopAndKeep:
        return Exported(export.path, complete=False)
    return Exported(export.path, complete=True)


def _write_flow(export: Export, recording: "Recording", flow: FlowProvider | None, step: Any) -> Exported:
    """Rows of labels count from the beginning of the recording, so HDF5 begins there, too."""
    from engine.runs.flow.fields import write_fields

    if flow is None:
        raise SettingError("There is no flow to export; choose a trained network or open a flow file first.")
    format = FlowFormat(export.kind.value)
    start = 0 if format is FlowFormat.HDF5 else export.moments.start_us
    times = range(start, min(export.moments.end_us, recording.duration_us), export.delta_t)

    def fields() -> Iterator[Any]:
        for index, time_us in enumerate(times):
            field = flow.flow_at(time_us)
            if field is None:
                raise SettingError(f"{flow.name} has no flow at {time_us} us; choose a range within it.")
            yield field.flow * (export.delta_t / SECOND)
            step(index + 1, len(times))

    try:
        shape = len(times), recording.height, recording.width
        write_fields(export.path, format, fields(), shape, export.delta_t)
    except StopAndKeep:
        if format is FlowFormat.HDF5:
            raise
        return Exported(export.path, complete=False)
    return Exported(export.path, complete=True)
