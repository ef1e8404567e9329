"""DAT and HDF5 in Prophesee's layout, as writers of a recording."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from wholefield.export.dat import write_dat
from wholefield.export.events import write_events_hdf5
from wholefield.export.recordings.about import About, check_times
from wholefield.sources.events.recording import Events

DAT_BITS = 32


def write_dat_file(path: Path, chunks: Iterable[Events], about: About) -> int:
    """Write DAT on the clock of `about`; see `wholefield.export.dat.write_dat`."""
    return write_dat(path, _on_clock(chunks, about), about.width, about.height)


def write_hdf5(path: Path, chunks: Iterable[Events], about: About) -> int:
    """Write HDF5 on the clock of `about`; see `wholefield.export.events.write_events_hdf5`."""
    return write_events_hdf5(
        path, chunks, about.width, about.height, start_us=about.start_us, triggers=about.triggers,
        metadata=about.metadata, gzip=about.gzip,
    )  # fmt: skip


def _on_clock(chunks: Iterable[Events], about: About) -> Iterator[Events]:
    for chunk in chunks:
        check_times(chunk, about, "DAT", DAT_BITS)
        shifted = chunk.copy()
        shifted["t"] += about.start_us
        yield shifted
