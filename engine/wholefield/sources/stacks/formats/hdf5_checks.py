"""What keeps a dataset of HDF5 from being read, or from being read whole: filters, other files, missing blocks."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from wholefield.errors import SourceError
from wholefield.sources.choices import Reading
from wholefield.sources.hdf5_library import FILTERS, h5py
from wholefield.sources.stacks.answers import file_below

# Filters registered with the HDF Group that hdf5plugin does not bring, and where they come from.
# https://github.com/HDFGroup/hdf5_plugins/blob/master/docs/RegisteredFilterPlugins.md
KNOWN = {
    305: "LZO",
    32002: "MAFISC",
    32003: "Snappy",
    32005: "APAX",
    32006: "CBF",
    32007: "JPEG-XR",
    32009: "SPDP",
    32010: "LPC-Rice",
    32011: "CCSDS-123",
    32012: "JPEG-LS",
    32014: "fpzip",
    32016: "B3D",
    32019: "JPEG (package hdf5plugin-jpeg or h5py-jpeg)",
    32020: "VBZ (package ont-vbz-hdf-plugin or vbz-h5py-plugin)",
    32021: "FAPEC",
    32022: "BitGroom",
    32023: "Granular BitRound",
    32025: "Delta-Rice",
    32027: "FLAC",
    32029: "TERSE/PROLIX",
    32030: "FFMPEG",
}
# More than any compression makes of zeros, and planes that are worth the question.
MOST_PER_BYTE = 20_000
LARGE_PLANE = 2**27
# Of the sources of a virtual dataset, this many are looked into.
SOURCES_TRIED = 256


def refuse_unreadable(path: Path, data: h5py.Dataset, reading: Reading) -> None:
    """Refuse a dataset whose values cannot be decoded here, or lie in files that the reading does not allow.

    Raises:
        SourceError: The text names the filter or the file.
    """
    _refuse_filters(path, data)
    for name, *_ in data.external or ():
        file = file_below(path, name, reading)
        if not file.is_file():
            raise SourceError(f"{path} keeps its voxels in {name!r}, which is missing; put it next to it.")
    for _, source in _sources(path, data):
        _refuse_filters(path, source)


def refuse_hollow(path: Path, data: h5py.Dataset) -> None:
    """Refuse a dataset whose planes would take much memory and of which the file holds next to nothing.

    Raises:
        SourceError: It is one.
    """
    if data.is_virtual or data.external:
        return
    plane = math.prod(data.shape[-2:]) * data.dtype.itemsize
    held = data.id.get_storage_size()
    if plane > LARGE_PLANE and held * MOST_PER_BYTE < plane:
        raise SourceError(
            f"{path} tells of planes of {plane / 1e9:.1f} GB and holds {held} bytes of them; its voxels have not been "
            "written, or its header is wrong."
        )


def missing_sources(path: Path, data: h5py.Dataset) -> list[str]:
    """Files that a virtual dataset takes its values from, and that are not there or lack them; HDF5 reads zeros."""
    if not data.is_virtual:
        return []
    found = {(name, place) for name, place in _names(data) if name != "."}
    lost = {name for name, _ in found if not (path.parent / name).exists()}
    opened = {name for name, _ in _sources(path, data)}
    whole = {name for name, _ in islice(sorted(found), SOURCES_TRIED)}
    return sorted(lost | (whole - opened))


def unwritten(data: h5py.Dataset) -> str:
    """A sentence where voxels have never been written and read as the fill value; empty where all are."""
    if data.is_virtual or data.external:
        return ""
    if not data.id.get_storage_size():
        return f"None of its voxels has been written; all read as {data.fillvalue}."
    if data.chunks is None:
        return ""
    needed = math.prod(-(-side // chunk) for side, chunk in zip(data.shape, data.chunks, strict=True))
    written = int(data.id.get_num_chunks())
    if written >= needed:
        return ""
    return f"Only {written} of {needed} blocks of its voxels have been written; the others read as {data.fillvalue}."


def _refuse_filters(path: Path, data: h5py.Dataset) -> None:
    plan = data.id.get_create_plist()
    for index in range(plan.get_nfilters()):
        number, _, _, name = plan.get_filter(index)
        if h5py.h5z.filter_avail(number):
            continue
        called = KNOWN.get(number) or name.split(b"\0")[0].decode("utf-8", "replace")
        known = f", {called}" if called else ""
        raise SourceError(
            f"{path} is compressed by a filter of HDF5 that is not installed, number {number}{known}; install the "
            f"plugin of its detector (HDF5_PLUGIN_PATH), or save it with gzip or one of {', '.join(sorted(FILTERS))}."
        )


def _names(data: h5py.Dataset) -> set[tuple[str, str]]:
    """Files and datasets of a virtual dataset; those with a % are patterns of many files."""
    return {
        (source.file_name, source.dset_name)
        for source in data.virtual_sources()
        if "%" not in source.file_name
    }


def _sources(path: Path, data: h5py.Dataset) -> Iterator[tuple[str, h5py.Dataset]]:
    """The sources of a virtual dataset in other files that can be opened, each with the name of its file."""
    if not data.is_virtual:
        return
    for name, place in islice(sorted(found for found in _names(data) if found[0] != "."), SOURCES_TRIED):
        try:
            with h5py.File(path.parent / name, "r") as file:
                yield name, file[place]
        except (OSError, KeyError, RuntimeError):
            continue
