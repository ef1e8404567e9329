"""Writes a recording as a video or as pictures; the window and `wholefield video` do it by the same call."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QImage

from wholefield.errors import SettingError
from wholefield.runs.control import Control, RunCancelled, StopAndKeep
from wholefield.runs.eta import PartCounter, Step
from wholefield.runs.reports import ReportFunction
from wholefield.tasks.events.export import Exported, unwritable
from wholefield.tasks.events.settings import INDEXING
from wholefield_app.video.frames import draw_frames, first_accumulation, pixels_of
from wholefield_app.video.settings import Pictures, VideoSettings
from wholefield_app.viewer.events.frames import frame_size

if TYPE_CHECKING:
    from wholefield.sources import Recording
    from wholefield.tasks.events.flow_field import FlowProvider
    from wholefield.tasks.events.provider import FlowSource


def export_video(config: VideoSettings, report: ReportFunction, control: Control) -> Exported:
    """Do it, in any thread. If stopped early, what can be used is kept.

    Raises:
        WholefieldError: Something cannot be read or written.
        RunCancelled: It was stopped, and nothing is left.
    """
    from wholefield.sources import open_indexed

    indexed = PartCounter(INDEXING, 0, report, control).done
    step = PartCounter("Exporting frames", 0, report, control).done
    with (
        open_indexed(
            config.recording, reading=config.reading, filters=config.filters, progress=indexed
        ) as recording,
        _opened(config.source, recording) as flow,
    ):
        images, count = _images(config, recording, flow)
        try:
            if config.what is Pictures.VIDEO:
                return _write_video(config, images, count, step)
            return _write_frames(config, images, count, step)
        except OSError as error:
            raise unwritable(config.out, error) from error


def target_of(config: VideoSettings) -> Path:
    """The file or the folder that is written: a video has the suffix of the format that can be written here."""
    from wholefield.export.video import video_format

    return config.out.with_suffix(video_format().suffix) if config.what is Pictures.VIDEO else config.out


@contextmanager
def _opened(source: "FlowSource | None", recording: "Recording") -> "Iterator[FlowProvider | None]":
    """A provider of the export's own: the window's may be at work, or be closed, meanwhile."""
    if source is None:
        yield None
        return
    with closing(source.open(recording)) as provider:
        yield provider


def _images(
    config: VideoSettings, recording: "Recording", flow: "FlowProvider | None"
) -> tuple[Iterator[QImage], int]:
    """The pictures, one after the other, and how many they are."""
    if config.start_us > recording.duration_us:
        raise SettingError(
            f"The setting start_us is {config.start_us} but {recording.name} ends at {recording.duration_us} us."
        )
    moments = config.moments(recording.duration_us)
    style = config.style(config.accumulation_us or first_accumulation(recording))
    framing = config.framing(frame_size(recording, style))
    return draw_frames(recording, flow, moments, style, framing), len(moments)


def _write_video(config: VideoSettings, images: Iterator[QImage], count: int, step: Step) -> Exported:
    from wholefield.export.video import unfinished_path, write_video

    path = target_of(config)
    try:
        return Exported(write_video(path, map(pixels_of, images), count, config.fps, step), complete=True)
    except StopAndKeep:
        return Exported(unfinished_path(path), complete=False)
    except RunCancelled:
        unfinished_path(path).unlink(missing_ok=True)
        raise


def _write_frames(config: VideoSettings, images: Iterator[QImage], count: int, step: Step) -> Exported:
    config.out.mkdir(parents=True, exist_ok=True)
    try:
        for index, image in enumerate(images):
            if not image.save(str(config.out / f"{index:06d}.png")):
                raise SettingError(
                    f"{config.out} cannot be written to; choose another folder or free disk space."
                )
            step(index + 1, count)
    except StopAndKeep:
        return Exported(config.out, complete=False)
    return Exported(config.out, complete=True)
