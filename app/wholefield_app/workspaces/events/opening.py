"""Opens recordings and chooses how long to accumulate at first; runs in worker threads."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from wholefield.progress import ProgressCallback
from wholefield.sources.choices import Reading
from wholefield.sources.kinds import Kind
from wholefield_app.opening import sources
from wholefield_app.opening.unanswered import Unanswered, open_or_ask
from wholefield_app.problems import Problem
from wholefield_app.video.frames import first_accumulation
from wholefield_app.viewer.events.rate_strip import Rate

if TYPE_CHECKING:
    from wholefield.sources import Recording
    from wholefield.tasks.events.flow_field import FlowProvider

log = logging.getLogger(__name__)

RATE_BINS = 1600
# EVT 3.0: the high and the low time, a row, and an event in it.
ONE_EVENT = b"% evt 3.0\n% geometry 640x480\n% end\n" + b"\x00\x80\x00\x60\x00\x00\x00\x20"


@dataclass(frozen=True)
class OpenRecording:
    """A recording, how long to accumulate at first, in us, and what was answered about the file."""

    recording: Recording
    accumulation_us: int
    reading: Reading = field(default_factory=Reading)


def open_path(path: Path, reading: Reading | None = None) -> OpenRecording | Unanswered:
    """Open a recording, or tell what has to be answered before.

    Raises:
        SourceError: It cannot be opened; the text says why.
    """
    return open_or_ask(path, Kind.RECORDING, reading, _open)


def _open(path: Path, reading: Reading) -> OpenRecording:
    recording = sources.open_source_as(Kind.RECORDING, path, reading)
    try:
        return OpenRecording(recording, first_accumulation(recording), reading)
    except BaseException:
        recording.close()
        raise


def index_and_rate(recording: Recording, progress: ProgressCallback) -> Rate:
    """Read all of a recording once, and tell its event rate; an error raised in `progress` stops it.

    Raises:
        SourceError: The file cannot be read.
    """
    recording.index(progress)
    # Found here, they are at hand when the time line draws them.
    _ = recording.triggers
    return recording.rate(min(RATE_BINS, max(recording.duration_us, 1)))


def warm_up() -> None:
    """Open and draw a recording of one event: decoder and loops take longer to load than the first recording to open.

    Raises:
        OSError: There is no folder for temporary files.
    """
    from wholefield.sources import open_recording
    from wholefield_app.viewer.events.frames import FrameMaker, FrameRequest
    from wholefield_app.viewer.events.style import FrameStyle

    with TemporaryDirectory() as folder:
        path = Path(folder) / "one.raw"
        path.write_bytes(ONE_EVENT)
        with open_recording(path) as recording:
            FrameMaker().make(FrameRequest(recording, recording.duration_us, FrameStyle()))


def tell_warm(result: None) -> None:
    """The first recording will open at once."""


def tell_cold(problem: Problem) -> None:
    """The first recording will take longer to open."""
    log.info("The first recording will take longer to open: %s", problem.sentence)


def close_provider(provider: FlowProvider) -> None:
    """Release flow that came too late to be shown."""
    provider.close()
