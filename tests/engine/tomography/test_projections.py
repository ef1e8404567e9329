"""Scans from HDF5, their correction, and the center of rotation."""

import math
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from wholefield.errors import SettingError, SourceError
from wholefield.tomography.phantom import Ellipse, project
from wholefield.tomography.projections import attenuation, find_center, flat_field, read_projections


def write(path: Path, names: dict[str, str], angles: np.ndarray, units: str | None = None) -> Path:
    generator = np.random.default_rng(0)
    with h5py.File(path, "w") as file:
        for kind, count in (("data", len(angles)), ("flats", 3), ("darks", 2)):
            file[names[kind]] = generator.integers(100, 200, (count, 2, 5)).astype(np.uint16)
        file[names["angles"]] = angles
        if units:
            file[names["angles"]].attrs["units"] = units
    return path


PLAIN = {kind: kind for kind in ("data", "flats", "darks", "angles")}
EXCHANGE = {
    "data": "exchange/data",
    "flats": "exchange/data_white",
    "darks": "exchange/data_dark",
    "angles": "exchange/theta",
}


@pytest.mark.parametrize("names", [PLAIN, EXCHANGE])
@pytest.mark.parametrize(
    ("angles", "units", "expected"),
    [
        ([0.0, 90.0, 180.0], None, [0, math.pi / 2, math.pi]),
        ([0.0, 1.0, 2.0], None, [0, 1, 2]),
        ([0.0, 1.0, 2.0], "degrees", [0, math.radians(1), math.radians(2)]),
        ([0.0, 1.0, 7.0], "rad", [0, 1, 7]),
    ],
)
def test_both_layouts_and_angle_units(
    tmp_path: Path, names: dict[str, str], angles: list[float], units: str | None, expected: list[float]
) -> None:
    scan = read_projections(write(tmp_path / "scan.h5", names, np.array(angles), units))
    assert scan.angles.tolist() == pytest.approx(expected)
    assert scan.data.shape == (3, 2, 5)
    assert scan.line_integrals().shape == (2, 3, 5)
    one = read_projections(tmp_path / "scan.h5", slice(1, 2))
    assert torch.equal(one.data, scan.data[:, 1:])
    assert torch.equal(one.line_integrals(), scan.line_integrals()[1:])


def test_correction_is_the_transmitted_share() -> None:
    darks = torch.tensor([10.0, 14.0])[:, None, None].expand(2, 1, 3)
    flats = torch.tensor([110.0, 114.0])[:, None, None].expand(2, 1, 3)
    data = torch.tensor([[[112.0, 62.0, 12.0]]])
    share = flat_field(data, flats, darks)
    torch.testing.assert_close(share, torch.tensor([[[1.0, 0.5, 0.0]]]))
    torch.testing.assert_close(attenuation(share), torch.tensor([[[0.0, math.log(2), -math.log(1e-6)]]]))
    assert flat_field(data, darks, darks).isfinite().all()


def test_damaged_scans_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "scan.h5", PLAIN, np.zeros(3))
    with h5py.File(path, "a") as file:
        del file["angles"]
        file["angles"] = np.zeros(4)
    with pytest.raises(SourceError, match=r"3 projections .* 4 angles"):
        read_projections(path)
    with h5py.File(path, "a") as file:
        del file["flats"]
    with pytest.raises(SourceError, match="no flats"):
        read_projections(path)
    (tmp_path / "text.h5").write_text("nothing")
    with pytest.raises(SourceError, match=r"text\.h5 cannot be read"):
        read_projections(tmp_path / "text.h5")


@pytest.mark.parametrize("shift", [-7, 0, 4])
def test_the_center_is_found_between_opposite_projections(shift: int) -> None:
    angles = torch.linspace(0, math.pi, 31, dtype=torch.float64)
    sinogram = project([Ellipse(0.02, 0.3, -0.1, 0.2, 0.3)], angles, 101).roll(shift, 1)
    assert find_center(sinogram, angles) == pytest.approx(50 + shift, abs=0.05)
    with pytest.raises(SettingError, match="center of rotation manually"):
        find_center(sinogram[:20], angles[:20])


@pytest.mark.data
def test_the_real_scan_reconstructs_to_a_tooth(data_folder: Path) -> None:
    from wholefield.tomography.backprojection import reconstruct

    scan = read_projections(data_folder / "stacks" / "tooth.h5", slice(0, 1))
    sinogram = scan.line_integrals()
    center = find_center(sinogram[0], scan.angles)
    assert center == pytest.approx(296, abs=1.5)
    image = reconstruct(sinogram, scan.angles, center=center)[0]
    # The projections of a slice all hold the same total attenuation, and so does the slice.
    total = sinogram[0].sum(1).median()
    inside = image[150:490, 200:470]
    assert inside.sum().item() == pytest.approx(total.item(), rel=0.05)
