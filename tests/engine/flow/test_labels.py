"""Labels of time bins from rows of another length."""

from pathlib import Path

import numpy as np
import pytest
import torch

from wholefield.errors import SettingError, SourceError
from wholefield.export.flow import FlowFile, write_flow_hdf5
from wholefield.flow.labels import displacement, load_labels_flow
from wholefield.flow.sequences import FileMetadata


def write(folder: Path, rows: np.ndarray, delta_t: int) -> FileMetadata:
    write_flow_hdf5(folder / "clip_flow.h5", rows, (len(rows), *rows.shape[2:]), delta_t)
    return FileMetadata(str(folder / "clip_td.dat"), delta_t, rows.shape[3], rows.shape[2])


def test_rows_as_they_are(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(4, 2, 6, 8)).astype(np.float32)
    metadata = write(tmp_path, rows, 1000)
    labels, covered = load_labels_flow(metadata, 1000, 4000, torch.zeros(4, 6, 6, 8))
    assert covered.tolist() == [True, True, True, False]
    np.testing.assert_allclose(torch.stack(labels[:3]).numpy(), rows[1:], atol=1e-6)
    assert not labels[3].any()


def test_parts_and_sums_of_rows_follow_the_motion(tmp_path: Path) -> None:
    """A rotation: rows of 10 ms joined or halved are the rotation of that time."""
    y, x = np.mgrid[:33, :33].astype(float) - 16

    def turn(angle: float) -> np.ndarray:
        return np.stack([
            x * (np.cos(angle) - 1) - y * np.sin(angle), x * np.sin(angle) + y * (np.cos(angle) - 1)
        ])  # fmt: skip

    write(tmp_path, np.stack([turn(0.05)] * 4).astype(np.float32), 10_000)
    inside = np.hypot(x, y) < 14
    with FlowFile(tmp_path / "clip_flow.h5") as file:
        joined = displacement(file, 0, 30_000)
        np.testing.assert_allclose(joined[:, inside], turn(0.15)[:, inside], atol=1e-4)
        half = displacement(file, 5000, 10_000)
        np.testing.assert_allclose(half[:, inside], turn(0.025)[:, inside], atol=0.01)


def test_features_of_half_the_size(tmp_path: Path) -> None:
    metadata = write(tmp_path, np.full((1, 2, 6, 8), 4, np.float32), 1000)
    half = metadata._replace(width=4, height=3)
    (label,), _ = load_labels_flow(half, 0, 1000, torch.zeros(1, 6, 3, 4))
    assert label.shape == (2, 3, 4)
    assert bool((label == 2).all())


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    metadata = write(tmp_path, np.zeros((1, 2, 6, 8), np.float32), 1000)
    with pytest.raises(SettingError, match="does not fit"):
        load_labels_flow(metadata._replace(width=5), 0, 1000, torch.zeros(1, 6, 6, 5))
    with pytest.raises(SourceError):
        load_labels_flow(
            metadata._replace(path=str(tmp_path / "other.raw")), 0, 1000, torch.zeros(1, 6, 6, 8)
        )
