"""Small stacks: noise, three times that noise as a target, and its bright half as labels."""

from pathlib import Path

import numpy as np
import pytest
import tifffile


@pytest.fixture(scope="session")
def stacks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with input.tif, target.tif and labels.tif, each 9 x 37 x 41 voxels."""
    folder = tmp_path_factory.mktemp("stacks")
    random = np.random.default_rng(0)
    volume = random.normal(1000, 50, (9, 37, 41)).astype(np.float32)
    write(folder / "input.tif", volume)
    write(folder / "target.tif", 3 * volume - 500)
    write(folder / "labels.tif", np.where(volume > 1000, 255, 0).astype(np.uint8))
    return folder


def write(path: Path, volume: np.ndarray) -> None:
    """A multi-page TIFF."""
    tifffile.imwrite(path, volume, photometric="minisblack")
