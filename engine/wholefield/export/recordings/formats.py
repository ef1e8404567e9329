"""The formats in which events are written: names, suffixes, and what each has a place for. Imports no writer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from pathlib import Path

from wholefield.export.recordings.about import About
from wholefield.sources.events.recording import Events

Writer = Callable[[Path, Iterable[Events], About], int]


class EventFormat(StrEnum):
    """Files of events."""

    AUTO = "auto"
    EVT3 = "evt3"
    EVT2 = "evt2"
    DAT = "dat"
    HDF5 = "hdf5"
    DSEC = "dsec"
    CSV = "csv"
    NPZ = "npz"

    @property
    def label(self) -> str:
        """What a user reads."""
        return FILES[self].title if self in FILES else "By the name of the file"


@dataclass(frozen=True)
class EventFile:
    """What is known of a format.

    Attributes:
        title: What a user reads.
        suffixes: How its files end, the usual one first.
        writer: `module:function` that writes it, a `Writer`.
        triggers: Whether it holds external triggers.
        clock_bits: Bits of its clock where it keeps the lower ones only, 0 where it keeps all.
    """

    title: str
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
    EventFormat.EVT3: EventFile(
        "Prophesee RAW EVT3", (".raw",), f"{_HERE}.raw:write_evt3", triggers=True, clock_bits=24
    ),
    EventFormat.EVT2: EventFile("Prophesee RAW EVT2", (".raw",), f"{_HERE}.raw:write_evt2", triggers=True),
    EventFormat.DAT: EventFile("Prophesee DAT", (".dat",), f"{_HERE}.tables:write_dat_file"),
    EventFormat.HDF5: EventFile(
        "HDF5 in Prophesee's layout", (".hdf5", ".h5"), f"{_HERE}.tables:write_hdf5", triggers=True
    ),
    EventFormat.DSEC: EventFile("HDF5 in DSEC's layout", (".h5", ".hdf5"), f"{_HERE}.columns:write_dsec"),
    EventFormat.CSV: EventFile("CSV", (".csv", ".txt"), f"{_HERE}.text:write_csv"),
    EventFormat.NPZ: EventFile("NumPy archive", (".npz",), f"{_HERE}.columns:write_npz"),
}


def format_of(path: Path) -> EventFormat | None:
    """The format that the name of a file stands for, the first of the list where there are several; None for none."""
    suffix = path.suffix.lower()
    return next((kind for kind, file in FILES.items() if suffix in file.suffixes), None)
