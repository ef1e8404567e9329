"""Opens recordings and chooses how long to accumulate at first; runs in worker threads."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from wholefield.progress import ProgressCallback
from wholefield_app.video.frames import first_accumulation
from wholefield_app.viewer.events.rate_strip import Rate

if TYPE_CHECKING:
    from wholefield.sources import Recording

RATE_BINS = 1600
# EVT 3.0: the high and the low time, a row, and an event in it.
ONE_EVENT = b"% evt 3.0\n% geometry 2x2\n% end\n" + b"\x00\x80\x00\x60\x00\x00\x00\x20"


@dataclass(frozen=True)
class OpenRecording:
    """A recording and how long to accumulate at first, in us."""

    recording: Recording
    accumulation_us: int


def open_path(path: Path) -> OpenRecording:
    """Open a recording.

    Raises:
        SourceError: It cannot be opened; the text says why.
    """
    from wholefield.sources import open_recording

    recording = open_recording(path)
    try:
        return OpenRecording(recording, first_accumulation(recording))
    except BaseException:
        recording.close()
        raise


def index_and_rate(recording: Recording, progress: ProgressCallback) -> Rate:
    """Read all of a recording once, and tell its event rate; an error raised in `progress` stops it.

    Raises:
        SourceError: The file cannot be read.
    """
    recording.index(progress)
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
