"""Opens recordings with the reader of their format."""

from __future__ import annotations

from pathlib import Path

from wholefield.errors import SourceError
from wholefield.sources.events.formats import RECORDING_SUFFIXES, RecordingFormat, recording_format
from wholefield.sources.events.recording import Recording
from wholefield.sources.reading import readable

# The readers are imported by the function that needs them: numba and h5py would delay the first window.


def open_recording(path: str | Path) -> Recording:
    """Open a recording of an event camera.

    Args:
        path: Prophesee RAW, DAT or HDF5, DSEC or MVSEC HDF5, AEDAT4, text or npz.

    Returns:
        The open recording; use it as a context manager, or close it.

    Raises:
        SourceError: It cannot be opened; the text says why and what to do.

    Example:
        >>> from pathlib import Path
        >>> from wholefield.sources import open_recording
        >>> _ = Path("events.csv").write_text("x,y,p,t\\n5,7,1,100\\n6,7,0,250\\n")
        >>> with open_recording("events.csv") as recording:
        ...     recording.num_events, recording.events(0, 100)["x"].tolist()
        (2, [5])
    """
    path = Path(path)
    with readable(path):
        if path.is_file() and not path.stat().st_size:
            raise SourceError(f"{path} is empty; copy it again from its source.")
        return _open(path, recording_format(path))


def _open(path: Path, format: RecordingFormat | None) -> Recording:
    match format:
        case RecordingFormat.RAW:
            from wholefield.sources.events.raw import open_raw

            return open_raw(path)
        case RecordingFormat.DAT:
            from wholefield.sources.events.raw import open_dat

            return open_dat(path)
        case RecordingFormat.HDF5:
            from wholefield.sources.events.hdf5 import open_hdf5

            return open_hdf5(path)
        case RecordingFormat.AEDAT4:
            from wholefield.sources.events.aedat4 import open_aedat4

            return open_aedat4(path)
        case RecordingFormat.TEXT:
            from wholefield.sources.events.text import open_text

            return open_text(path)
        case RecordingFormat.NPZ:
            from wholefield.sources.events.arrays import open_npz

            return open_npz(path)
        case None:
            raise SourceError(
                f"{path} is not a recording that can be opened, or it is damaged; "
                f"known files end in {', '.join(RECORDING_SUFFIXES)}."
            )
