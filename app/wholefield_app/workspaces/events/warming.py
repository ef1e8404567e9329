"""Loads what the first recording needs: the decoder and the loops behind frames take longer than opening it."""

from pathlib import Path
from tempfile import TemporaryDirectory

# EVT 3.0: the high and the low time, a row, and an event in it.
ONE_EVENT = b"% evt 3.0\n% geometry 2x2\n% end\n" + b"\x00\x80\x00\x60\x00\x00\x00\x20"


def warm_up() -> None:
    """Open and draw a recording of one event; for a worker thread.

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
