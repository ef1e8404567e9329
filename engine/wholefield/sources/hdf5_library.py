"""HDF5 with the compression filters of detectors and cameras; the only place that loads them.

Importing hdf5plugin loads a dozen native libraries and enters them into HDF5's table of filters. Several threads of the
window may open files at the same moment, and HDF5 as h5py ships it is built for one thread. h5py therefore lets one
thread in at a time, by a lock around each of its calls; the import takes that lock again for every filter and loads the
libraries in between without it. Here the lock is held from the first library to the last, so that no thread is inside
HDF5 while its filters change, and none finds half of them.
"""

import h5py
from h5py._objects import phil

with phil:
    import hdf5plugin

__all__ = ["FILTERS", "h5py"]

FILTERS: dict[str, int] = hdf5plugin.FILTERS
"""Number of each filter by its name."""
