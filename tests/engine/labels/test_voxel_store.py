"""Voxel labels on the disk: what is written, read again, and by others."""

from pathlib import Path

import numpy as np
import pytest
import zarr

from wholefield.errors import SourceError
from wholefield.labels import LabelClasses, VoxelLabels
from wholefield.labels.voxel_store import VoxelStore
from wholefield.sources import StackGeometry, open_stack

SHAPE = (40, 35, 70)
PLACE = StackGeometry((2.0, 0.5, 0.5), "mm", np.diag([0.5, 0.5, 2.0, 1.0]))


def painted() -> tuple[VoxelLabels, LabelClasses]:
    labels, classes = VoxelLabels(SHAPE), LabelClasses()
    classes.add("Cell")
    classes.change(classes.add("Wall", (9, 8, 7)).value, locked=True)
    random = np.random.default_rng(0)
    labels.paint((slice(30, 40), slice(20, 35), slice(60, 70)), random.random((10, 15, 10)) < 0.5, 2)
    return labels, classes


def whole(labels: VoxelLabels) -> np.ndarray:
    return labels.region((slice(0, 40), slice(0, 35), slice(0, 70)))


def test_there_and_back(tmp_path: Path) -> None:
    labels, classes = painted()
    store = VoxelStore(tmp_path / "head.labels.zarr")
    store.save(labels, classes, PLACE)
    labels.history.undo()
    labels.paint((slice(0, 1), slice(0, 1), slice(0, 2)), np.ones((1, 1, 2), bool), 1)
    store.save(labels, classes, PLACE)
    again, names = VoxelStore(store.path).load(SHAPE)
    np.testing.assert_array_equal(whole(again), whole(labels))
    assert list(names) == list(classes)
    assert again.counts() == {1: 2}
    assert again.take_unsaved() == {}


def test_others_open_it(tmp_path: Path) -> None:
    labels, classes = painted()
    VoxelStore(tmp_path / "a.labels.zarr").save(labels, classes, PLACE)
    with open_stack(tmp_path / "a.labels.zarr") as stack:
        assert stack.geometry == PLACE
        found = np.stack([stack.plane(0, z) for z in range(SHAPE[0])])
    np.testing.assert_array_equal(found, whole(labels))


def test_only_what_changed_is_written(tmp_path: Path) -> None:
    labels, classes = painted()
    store = VoxelStore(tmp_path / "a.labels.zarr")
    store.save(labels, classes)
    files = {file: file.stat().st_mtime_ns for file in (store.path / "0").rglob("*") if file.is_file()}
    labels.paint((slice(0, 1), slice(0, 1), slice(0, 1)), np.ones((1, 1, 1), bool), 1)
    store.save(labels, classes)
    assert all(file.stat().st_mtime_ns == time for file, time in files.items())
    assert (store.path / "0/0/0/0").is_file()


def test_a_failed_save_is_made_good_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    labels, classes = painted()
    store = VoxelStore(tmp_path / "a.labels.zarr")
    store.array(SHAPE)

    def full(*args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(zarr.Array, "__setitem__", full)
        with pytest.raises(OSError, match="No space"):
            store.save(labels, classes)
    store.save(labels, classes)
    again, _ = VoxelStore(store.path).load(SHAPE)
    np.testing.assert_array_equal(whole(again), whole(labels))


def test_labels_of_another_stack_are_refused(tmp_path: Path) -> None:
    labels, classes = painted()
    VoxelStore(tmp_path / "a.labels.zarr").save(labels, classes)
    with pytest.raises(SourceError, match="labels of a stack of"):
        VoxelStore(tmp_path / "a.labels.zarr").load((40, 35, 71))


def test_a_damaged_folder_is_refused(tmp_path: Path) -> None:
    labels, classes = painted()
    store = VoxelStore(tmp_path / "a.labels.zarr")
    store.save(labels, classes)
    chunk = next(file for file in (store.path / "0").glob("*/*/*"))
    chunk.write_bytes(b"nonsense")
    with pytest.raises(SourceError, match="cannot be read"):
        VoxelStore(store.path).load(SHAPE)
    with pytest.raises(SourceError, match="cannot be read"):
        VoxelStore(tmp_path / "none.zarr").load(SHAPE)
