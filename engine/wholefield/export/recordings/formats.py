"""The formats in which events are written: names, suffixes, and what each has a place for. Imports no writer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from wholefield.export.recordings.about import About
from wholefield.runs.settings import Choice
from wholefield.sources.events.recording import Events

Writer = Callable[[Path, Iterable[Events], About], int]


class EventFormat(Choice):
    """Files of events."""

    AUTO = "auto", "By the name of the file"
    EVT3 = "evt3", "Prophesee RAW EVT3"
    EVT2 = "evt2", "Prophesee RAW EVT2"
    DAT = "dat", "Prophesee DAT"
    HDF5 = "hdf5", "HDF5 in Prophesee's layout"
    DSEC = "dsec", "HDF5 in DSEC's layout"
    CSV = "csv", "CSV"
    NPZ = "npz", "NumPy archive"


@dataclass(frozen=True)
class EventFile:
    """What is known of a format.

    Attributes:
        suffixes: How its files end, the usual one first.
        writer: `module:function` that writes it, a `Writer`.
        triggers: Whether it holds external triggers.
        clock_bits: Bits of its clock where it keeps the lower ones only, 0 where it keeps all.
    """

    suffixes: tuple[str, ...]
    writer: str
    triggers: bool = False
    clock_bits: int = 0

    def load(self) -> Writer:
        """Import the writer."""
        module, function = self.writer.split(":")
        found: Writer = getattr(import_module(module), function)
        return found


_HERE = "wholefield.export.recordings"
FILES = {
    EventFormat.EVT3: EventFile((".raw",), f"{_HERE}.raw:write_evt3", triggers=True, clock_bits=24),
    EventFormat.EVT2: EventFile((".raw",), f"{_HERE}.raw:write_evt2", triggers=True),
    EventFormat.DAT: EventFile((".dat",), f"{_HERE}.tables:write_dat_file"),
    EventFormat.HDF5: EventFile((".hdf5", ".h5"), f"{_HERE}.tables:write_hdf5", triggers=True),
    EventFormat.DSEC: EventFile((".h5", ".hdf5"), f"{_HERE}.columns:write_dsec"),
    EventFormat.CSV: EventFile((".csv", ".txt"), f"{_HERE}.text:write_csv"),
    EventFormat.NPZ: EventFile((".npz",), f"{_HERE}.columns:write_npz"),
}


def format_of(path: Path) -> EventFormat | None:
    """The format that the name of a file stands for, the first of the list where there are several; None for none."""
    suffix = path.suffix.lower()
    return next((kind for kind, file in FILES.items() if suffix in file.suffixes), None)
