"""Where HDF5 files keep the projections of a scan. Imports no torch, so that a window can ask at once."""

from pathlib import Path

import h5py

# Data Exchange (De Carlo et al. 2014) and plain names.
NAMES = {
    "data": ("exchange/data", "data", "projections"),
    "flats": ("exchange/data_white", "flats", "flat", "data_white"),
    "darks": ("exchange/data_dark", "darks", "dark", "data_dark"),
    "angles": ("exchange/theta", "angles", "theta"),
}


def holds_projections(path: str | Path) -> bool:
    """Whether a file is HDF5 with projections, flat and dark fields and angles under names that are known.

    Args:
        path: Any file.

    Returns:
        True if :func:`~wholefield.tomography.read_projections` would find all of them.

    Example:
        >>> import h5py
        >>> from wholefield.tomography import holds_projections
        >>> h5py.File("empty.h5", "w").close()
        >>> holds_projections("empty.h5")
        False
    """
    try:
        with h5py.File(path) as file:
            return all(
                any(isinstance(file.get(name), h5py.Dataset) for name in names) for names in NAMES.values()
            )
    except OSError:
        return False
