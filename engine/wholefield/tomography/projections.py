"""Parallel-beam projections: read from HDF5, corrected for flat and dark fields, turned into line integrals."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import torch
from torch import Tensor

from wholefield.errors import SettingError, SourceError
from wholefield.tomography.projection_names import NAMES


@dataclass(frozen=True)
class Projections:
    """A tomographic scan.

    Attributes:
        data: (angles, rows, columns), counts.
        flats: (n, rows, columns), counts without the sample.
        darks: (n, rows, columns), counts without the beam.
        angles: (angles,), radians.

    Example:
        >>> import torch
        >>> from wholefield.tomography import Projections
        >>> counts = torch.full((3, 2, 4), 60.0)
        >>> scan = Projections(counts, torch.full((1, 2, 4), 110.0), torch.full((1, 2, 4), 10.0), torch.arange(3) / 3)
        >>> scan.line_integrals().shape
        torch.Size([2, 3, 4])
        >>> round(scan.line_integrals().max().item(), 3)
        0.693
    """

    data: Tensor
    flats: Tensor
    darks: Tensor
    angles: Tensor

    def line_integrals(self) -> Tensor:
        """Attenuation integrated along each ray: (rows, angles, columns), one sinogram per detector row."""
        return attenuation(flat_field(self.data, self.flats, self.darks)).transpose(0, 1).contiguous()


def read_projections(path: str | Path, rows: slice = slice(None)) -> Projections:
    """Read a scan from HDF5.

    Angles in degrees are converted; they are known by their units, or by exceeding 360 degrees as radians.

    Args:
        path: The file, laid out as Data Exchange or with data, flats, darks and angles at its root.
        rows: Detector rows to read.

    Returns:
        The scan, counts as float32 and angles in radians as float64.

    Raises:
        SourceError: The file is not HDF5, an array is missing, or their sizes do not belong together.

    Example:
        >>> import h5py, numpy as np
        >>> from wholefield.tomography import read_projections
        >>> with h5py.File("scan.h5", "w") as file:
        ...     file["data"], file["flats"], file["darks"] = np.ones((4, 3, 8)), np.ones((1, 3, 8)), np.zeros((1, 3, 8))
        ...     file["angles"] = np.linspace(0, 180, 4, endpoint=False)
        >>> read_projections("scan.h5", slice(1, 3)).data.shape
        torch.Size([4, 2, 8])
    """
    try:
        with h5py.File(path) as file:
            arrays = {kind: _find(file, names, kind, path) for kind, names in NAMES.items()}
            data, flats, darks = (
                torch.from_numpy(np.atleast_3d(arrays[kind][:, rows]).astype(np.float32))
                for kind in ("data", "flats", "darks")
            )
            angles = _radians(arrays["angles"])
    except OSError as error:
        raise SourceError(f"{path} cannot be read as HDF5 ({error}); check the file.") from error
    if len(angles) != len(data) or flats.shape[1:] != data.shape[1:] or darks.shape[1:] != data.shape[1:]:
        raise SourceError(
            f"{path} holds {len(data)} projections {tuple(data.shape[1:])}, {len(angles)} angles, flats "
            f"{tuple(flats.shape[1:])} and darks {tuple(darks.shape[1:])}; they must belong to one scan."
        )
    return Projections(data, flats, darks, angles)


def detector_rows(path: str | Path) -> int:
    """Rows of the detector, each of which becomes a slice.

    Args:
        path: The file, as for :func:`read_projections`.

    Returns:
        Their number.

    Raises:
        SourceError: The file has no projections.

    Example:
        >>> import h5py, numpy as np
        >>> from wholefield.tomography import detector_rows
        >>> with h5py.File("scan.h5", "w") as file:
        ...     file["exchange/data"] = np.ones((4, 3, 8))
        >>> detector_rows("scan.h5")
        3
    """
    try:
        with h5py.File(path) as file:
            return int(_find(file, NAMES["data"], "data", path).shape[1])
    except OSError as error:
        raise SourceError(f"{path} cannot be read as HDF5 ({error}); check the file.") from error


def _find(file: h5py.File, names: Iterable[str], kind: str, path: str | Path) -> Any:
    for name in names:
        found = file.get(name)
        if isinstance(found, h5py.Dataset):
            return found
    raise SourceError(f"{path} has no {kind}; name the dataset one of {', '.join(names)}.")


def _radians(dataset: Any) -> Tensor:
    values = torch.from_numpy(np.asarray(dataset[...], dtype=np.float64))
    units = dataset.attrs.get("units", b"")
    units = units.decode() if isinstance(units, bytes) else str(units)
    in_degrees = units.startswith("deg") or (
        not units.startswith("rad") and values.abs().max() > 2.01 * torch.pi
    )
    return torch.deg2rad(values) if in_degrees else values


def flat_field(data: Tensor, flats: Tensor, darks: Tensor) -> Tensor:
    """Transmitted share of the beam, (data - dark) / (flat - dark), with mean flat and dark fields.

    Args:
        data: (angles, rows, columns), counts.
        flats: (n, rows, columns), counts.
        darks: (n, rows, columns), counts.

    Returns:
        (angles, rows, columns); 1 where nothing attenuates the beam.

    Example:
        >>> import torch
        >>> from wholefield.tomography import flat_field
        >>> flat_field(torch.full((1, 1, 1), 60.0), torch.full((2, 1, 1), 110.0), torch.full((2, 1, 1), 10.0)).item()
        0.5
    """
    dark = darks.mean(0)
    beam = flats.mean(0) - dark
    # A detector pixel that never saw the beam says nothing: one count keeps it finite.
    return (data - dark) / torch.where(beam > 0, beam, torch.ones_like(beam))


def attenuation(transmission: Tensor, floor: float = 1e-6) -> Tensor:
    """Line integrals -log(transmission) (Beer and Lambert).

    Args:
        transmission: Share of the beam that is transmitted, of any shape.
        floor: Shares below it count as the floor.

    Returns:
        The same shape.

    Example:
        >>> import torch
        >>> from wholefield.tomography import attenuation
        >>> attenuation(torch.tensor([1.0, 0.5])).abs()
        tensor([0.0000, 0.6931])
    """
    return -transmission.clamp_min(floor).log()


def find_center(sinogram: Tensor, angles: Tensor) -> float:
    """Column onto which the rotation axis is projected, in pixels, to a fraction of one.

    Two projections 180 degrees apart are mirror images about the axis; their shift is found by correlation.

    Args:
        sinogram: (angles, columns).
        angles: (angles,), radians.

    Returns:
        The column, from 0.

    Raises:
        SettingError: No two angles are 180 degrees apart, to within 2 degrees.

    Example:
        >>> import torch
        >>> from wholefield.tomography import Ellipse, find_center, project
        >>> angles = torch.linspace(0, torch.pi, 9, dtype=torch.float64)
        >>> round(find_center(project([Ellipse(1.0, 0.2, 0.1, 0.5, 0.3)], angles, 32), angles), 2)
        15.5
    """
    gaps = (angles[None] - angles[:, None] - torch.pi).abs()
    if gaps.min() > np.deg2rad(2):
        raise SettingError("No two projections are 180 degrees apart; set the center of rotation manually.")
    first, second = divmod(int(gaps.argmin()), len(angles))
    columns = sinogram.shape[1]
    one = sinogram[first].double() - sinogram[first].double().mean()
    other = sinogram[second].double().flip(0) - sinogram[second].double().mean()
    spectrum = torch.fft.rfft(one, 2 * columns) * torch.fft.rfft(other, 2 * columns).conj()
    correlation = torch.fft.fftshift(torch.fft.irfft(spectrum, 2 * columns))
    peak = int(correlation[1:-1].argmax()) + 1
    left, middle, right = correlation[peak - 1 : peak + 2].tolist()
    curvature = left - 2 * middle + right
    fraction = 0.5 * (left - right) / curvature if curvature else 0.0
    return (columns - 1 + peak - columns + fraction) / 2
