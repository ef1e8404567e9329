"""Xradia: projections and reconstructions, scans that were stopped, and files that are none."""

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.engine.sources.stacks.formats.ole_files import write_ole
from wholefield.errors import SourceError
from wholefield.sources import Kind, format_of, kind_of, open_stack
from wholefield.sources.stacks.formats.xradia import open_xradia
from wholefield.sources.stacks.stack import AnyArray


def volume(*shape: int, dtype: str = "u2") -> AnyArray:
    return (np.random.default_rng(5).random(shape) * 60000).astype(dtype)


def xradia(path: Path, voxels: AnyArray, **info: Any) -> Path:
    """A file of pictures; `info` overrides or, if None, leaves out what the header says."""
    count, height, width = voxels.shape
    usual: dict[str, Any] = {
        "ImageWidth": width,
        "ImageHeight": height,
        "ImagesTaken": count,
        "NoOfImages": count,
        "DataType": 10 if voxels.dtype.kind == "f" else 5,
        "PixelSize": 0.65,
        "Angles": tuple(np.linspace(-90, 90, count)),
    }
    streams = {}
    for name, value in (usual | info).items():
        if value is not None:
            code = (
                f"<{len(value)}f" if isinstance(value, tuple) else "<f" if isinstance(value, float) else "<I"
            )
            values = value if isinstance(value, tuple) else (value,)
            streams[f"ImageInfo/{name}"] = struct.pack(code, *values)
    for index, plane in enumerate(voxels):
        stored = plane.astype(plane.dtype.newbyteorder("<")).tobytes()
        streams[f"ImageData{index // 100 + 1}/Image{index + 1}"] = stored
    return write_ole(path, streams)


@pytest.mark.parametrize("dtype", ["u2", "f4"])
@pytest.mark.parametrize("shape", [(3, 20, 30), (103, 5, 7), (2, 70, 80)])
def test_projections(tmp_path: Path, shape: tuple[int, ...], dtype: str) -> None:
    voxels = volume(*shape, dtype=dtype)
    path = xradia(tmp_path / "a.txrm", voxels)
    row = format_of(path)
    assert row is not None
    assert (row.name, kind_of(path)) == ("Xradia", Kind.STACK)
    with open_stack(path) as stack:
        assert (stack.format_name, stack.dtype) == ("Xradia projections", np.dtype(dtype))
        np.testing.assert_array_equal(stack.read(), voxels)
        assert stack.geometry.spacing is None
        assert stack.metadata == {"pixel size": "0.65 um", "angles": "-90 to 90 degrees"}
        assert stack.warnings == ()


def test_a_reconstruction_has_a_spacing(tmp_path: Path) -> None:
    with open_stack(xradia(tmp_path / "a.txm", volume(3, 20, 30))) as stack:
        assert stack.format_name == "Xradia reconstruction"
        assert stack.geometry.spacing == pytest.approx((0.65, 0.65, 0.65))
        assert stack.geometry.unit == "um"
    with open_stack(xradia(tmp_path / "b.txm", volume(3, 20, 30), PixelSize=float("nan"))) as stack:
        assert stack.geometry.spacing is None


def test_a_scan_that_was_stopped_is_told(tmp_path: Path) -> None:
    voxels = volume(3, 20, 30)
    with open_stack(xradia(tmp_path / "a.txrm", voxels, NoOfImages=801)) as stack:
        np.testing.assert_array_equal(stack.read(), voxels)
        assert "holds 3 of 801 pictures" in stack.warnings[0]
    with open_stack(xradia(tmp_path / "b.txrm", voxels, ImagesTaken=5, NoOfImages=5)) as stack:
        assert stack.shape == (3, 20, 30)
        assert "holds 3 of 5 pictures" in stack.warnings[0]


@pytest.mark.parametrize(
    ("info", "said"),
    [
        ({"DataType": 3}, "pixels of Xradia's type 3"),
        ({"ImageWidth": None}, "does not say how large its pictures are"),
        ({"ImageWidth": 4_000_000_000, "ImageHeight": 4_000_000_000}, "holds none of the 3 pictures"),
        ({"ImagesTaken": 0, "NoOfImages": 0}, "does not say how large"),
    ],
)
def test_headers_that_cannot_be(tmp_path: Path, info: dict[str, Any], said: str) -> None:
    with pytest.raises(SourceError) as caught:
        open_xradia(xradia(tmp_path / "a.txrm", volume(3, 20, 30), **info))
    assert said in str(caught.value)


def test_other_ole_files_are_none(tmp_path: Path) -> None:
    path = write_ole(tmp_path / "a.txrm", {"WordDocument": bytes(5000)})
    with pytest.raises(SourceError, match="does not say how large"):
        open_xradia(path)
    (tmp_path / "b.txrm").write_bytes(path.read_bytes()[:700])
    with pytest.raises(SourceError):
        open_xradia(tmp_path / "b.txrm")


def test_a_file_that_is_cut_off(tmp_path: Path) -> None:
    path = xradia(tmp_path / "a.txrm", volume(3, 70, 80))
    content = path.read_bytes()
    for length in range(0, len(content), 997):
        path.write_bytes(content[:length])
        try:
            with open_xradia(path) as stack:
                stack.read()
        except SourceError:
            continue
