"""Flow files are read back, and by independent readers of their formats."""

import struct
from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest

from wholefield.errors import SettingError, SourceError
from wholefield.export.flow import (
    FlowFile,
    labels_path,
    read_dsec_png,
    read_flo,
    write_dsec_png,
    write_flo,
    write_flow_hdf5,
)


@pytest.fixture
def flow() -> np.ndarray:
    return np.random.default_rng(0).normal(0, 30, (2, 5, 7))


@pytest.fixture
def valid() -> np.ndarray:
    return np.random.default_rng(1).random((5, 7)) > 0.3


def test_hdf5_is_written_row_by_row_and_read_back(tmp_path: Path) -> None:
    fields = np.random.default_rng(0).normal(size=(4, 2, 5, 7)).astype(np.float32)
    steps: list[tuple[int, int]] = []
    write_flow_hdf5(tmp_path / "a_flow.h5", iter(fields), (4, 5, 7), 20_000, lambda *step: steps.append(step))
    assert steps[-1] == (4, 4)
    with FlowFile(tmp_path / "a_flow.h5") as file:
        assert (len(file), file.delta_t, file.shape) == (4, 20_000, (4, 2, 5, 7))
        np.testing.assert_array_equal([file.read(k) for k in range(4)], fields)
        with pytest.raises(IndexError):
            file.read(4)


@pytest.mark.parametrize("announced", [3, 5])
def test_hdf5_with_another_number_of_fields_is_not_written(tmp_path: Path, announced: int) -> None:
    with pytest.raises(SettingError, match="4 fields of flow were made"):
        write_flow_hdf5(tmp_path / "a.h5", np.zeros((4, 2, 5, 7)), (announced, 5, 7), 1000)
    assert not list(tmp_path.iterdir())


def test_labels_go_with_their_recording() -> None:
    assert labels_path("x/scene_td.dat") == Path("x/scene_flow.h5")
    assert labels_path("x/scene.raw") == Path("x/scene_flow.h5")


def test_flo(tmp_path: Path, flow: np.ndarray, valid: np.ndarray) -> None:
    write_flo(tmp_path / "a.flo", flow)
    content = (tmp_path / "a.flo").read_bytes()
    assert content[:4] == b"PIEH"
    assert struct.unpack("<ii", content[4:12]) == (7, 5)
    assert struct.unpack_from("<ff", content, 12 + 8 * (3 * 7 + 2)) == pytest.approx(tuple(flow[:, 3, 2]))
    np.testing.assert_array_equal(read_flo(tmp_path / "a.flo")[0], flow.astype(np.float32))
    write_flo(tmp_path / "b.flo", flow, valid)
    found, known = read_flo(tmp_path / "b.flo")
    np.testing.assert_array_equal(known, valid)
    np.testing.assert_array_equal(found, np.where(valid, flow, 0).astype(np.float32))


def test_dsec_png(tmp_path: Path, flow: np.ndarray, valid: np.ndarray) -> None:
    write_dsec_png(tmp_path / "a.png", flow, valid)
    blue_green_red = cv2.imread(str(tmp_path / "a.png"), cv2.IMREAD_UNCHANGED)
    assert blue_green_red is not None
    assert blue_green_red.dtype == np.uint16
    np.testing.assert_array_equal(blue_green_red[..., 0], valid)
    row, column = np.argwhere(valid)[0]
    assert blue_green_red[row, column, 2] == round(flow[0, row, column] * 128 + 2**15)
    found, known = read_dsec_png(tmp_path / "a.png")
    np.testing.assert_array_equal(known, valid)
    np.testing.assert_allclose(found, np.where(valid, flow, 0), atol=0.5 / 128 + 1e-5)
    write_dsec_png(tmp_path / "b.png", flow)
    assert read_dsec_png(tmp_path / "b.png")[1].all()


def test_what_a_png_cannot_hold_is_refused(tmp_path: Path, flow: np.ndarray) -> None:
    flow[0, 2, 3] = 256.0
    with pytest.raises(SettingError, match="beyond 255 px"):
        write_dsec_png(tmp_path / "a.png", flow)
    assert not list(tmp_path.iterdir())


def test_damage_is_a_sentence(tmp_path: Path, flow: np.ndarray) -> None:
    write_flo(tmp_path / "a.flo", flow)
    content = (tmp_path / "a.flo").read_bytes()
    for cut in (0, 3, 11, 12, len(content) - 1):
        (tmp_path / "b.flo").write_bytes(content[:cut])
        with pytest.raises(SourceError, match=r"b\.flo is"):
            read_flo(tmp_path / "b.flo")
    (tmp_path / "c.png").write_bytes(b"")
    cv2.imwrite(str(tmp_path / "gray.png"), np.zeros((3, 4), np.uint8))
    for name in ("c.png", "gray.png"):
        with pytest.raises(SourceError, match="not a DSEC flow file"):
            read_dsec_png(tmp_path / name)
    for reader, name in ((read_flo, "x.flo"), (read_dsec_png, "x.png")):
        with pytest.raises(SourceError, match="cannot be read"):
            reader(tmp_path / name)
    with h5py.File(tmp_path / "d.h5", "w") as file:
        file["flow"] = np.zeros((3, 2, 4, 4))
    with pytest.raises(SourceError, match="has no flow"):
        FlowFile(tmp_path / "d.h5")
    with pytest.raises(SourceError, match="cannot be opened as HDF5"):
        FlowFile(tmp_path / "b.flo")
