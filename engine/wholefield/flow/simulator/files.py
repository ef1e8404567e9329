"""A simulated recording and its labels as files, written piece by piece."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from wholefield.errors import SettingError
from wholefield.export.dat import write_dat
from wholefield.export.events import write_events_hdf5
from wholefield.export.flow import labels_path, write_flow_hdf5
from wholefield.flow.representations.grid import Events
from wholefield.flow.simulator.scene import Plane, SceneSettings
from wholefield.flow.simulator.simulate import labels_of, stretches_of
from wholefield.progress import ProgressCallback

DAT_SUFFIX = ".dat"
HDF5_SUFFIXES = (".h5", ".hdf5")


@dataclass(frozen=True)
class SimulatedFiles:
    """What was written.

    Attributes:
        recording: The events.
        labels: The exact flow, NAME_flow.h5 beside NAME_td.dat or NAME.h5.
        events: Number of events.

    Example:
        >>> from pathlib import Path
        >>> from wholefield.flow.simulator import SimulatedFiles
        >>> SimulatedFiles(Path("car_td.dat"), Path("car_flow.h5"), 1000).events
        1000
    """

    recording: Path
    labels: Path
    events: int


def write_simulation(
    path: str | Path,
    settings: SceneSettings,
    seed: int = 0,
    progress: ProgressCallback | None = None,
    planes: Sequence[Plane] | None = None,
) -> SimulatedFiles:
    """Simulate a recording of any length into a file, and its labels into another; each appears when complete.

    Args:
        path: The recording, DAT (by custom named NAME_td.dat) or HDF5 by its suffix.
        settings: The scene and the camera.
        seed: The same seed gives the same recording.
        progress: Called with the labels done and their number.
        planes: The scene; made from the settings and the seed if None.

    Returns:
        The files.

    Raises:
        SettingError: The suffix is neither, or a setting is out of range.
        OSError: A file cannot be written.

    Example:
        >>> from wholefield.flow import SceneSettings
        >>> from wholefield.flow.simulator import write_simulation
        >>> files = write_simulation("car_td.dat", SceneSettings(width=32, height=24, duration_us=20_000))
        >>> files.labels.name
        'car_flow.h5'
    """
    path = Path(path)
    if path.suffix.lower() not in (DAT_SUFFIX, *HDF5_SUFFIXES):
        raise SettingError(f"{path.name} must end in .dat, .h5 or .hdf5; choose such a name.")
    settings.validate()
    chunks = (stretch.events for stretch in stretches_of(settings, seed, progress, planes))
    write = write_dat if path.suffix.lower() == DAT_SUFFIX else _write_hdf5
    count = write(path, chunks, settings.width, settings.height)
    labels = labels_path(path)
    shape = settings.label_count, settings.height, settings.width
    write_flow_hdf5(labels, labels_of(settings, seed, planes), shape, settings.label_delta_us)
    return SimulatedFiles(path, labels, count)


def _write_hdf5(path: Path, chunks: Iterable[Events], width: int, height: int) -> int:
    return write_events_hdf5(path, chunks, width, height, metadata={"camera": "simulated"}, gzip=True)
