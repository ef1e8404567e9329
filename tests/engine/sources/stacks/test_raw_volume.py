"""Plain or compressed numbers in one or several files, and what is damaged about them."""

import bz2
import errno
import gzip
import os
import zlib
from collections.abc import Callable
from pathlib import Path

import nrrd
import numpy as np
import pytest

from tests.engine.sources.stacks.volumes import refusal, volume
from wholefield.errors import SourceError
from wholefield.sources.stacks.axes import AxisOrder
from wholefield.sources.stacks.raw_volume import Packing, Part, RawLayout, RawVolume
from wholefield.sources.stacks.stack import StackDescription

ORDER = AxisOrder("zyx", (4, 5, 6))


def deflated(data: bytes) -> bytes:
    """As zip files hold it: without a header and a checksum."""
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize("packing", Packing)
@pytest.mark.parametrize("parts", [1, 2, 4])
def test_parts_and_packings(tmp_path: Path, packing: Packing, parts: int) -> None:
    """Bytes before the voxels are skipped, in the file and after decompressing; those behind do not matter."""
    voxels = volume(dtype=">f4")
    pack: dict[Packing, Callable[[bytes], bytes]] = {
        Packing.RAW: bytes,
        Packing.ZLIB: zlib.compress,
        Packing.DEFLATE: deflated,
        Packing.GZIP: gzip.compress,
        Packing.BZIP2: bz2.compress,
    }
    files = []
    for index, piece in enumerate(np.split(voxels, parts)):
        files.append(Part(tmp_path / f"{index}", 11, 7))
        files[-1].path.write_bytes(b"h" * 11 + pack[packing](b"s" * 7 + piece.tobytes() + b"after"))
    layout = RawLayout(tuple(files), AxisOrder("zyx", voxels.shape), voxels.dtype, packing)
    layout.refuse_impossible(tmp_path / "0")
    with RawVolume(tmp_path / "0", StackDescription("", voxels.shape, 1, np.dtype("f4")), layout) as stack:
        np.testing.assert_array_equal(stack.read(), voxels)
        np.testing.assert_array_equal(stack.read(slice(1, 3), slice(2, 4)), voxels[1:3, 2:4])
        assert stack.read().dtype.isnative


def test_planes_across_x_are_those_of_the_array(tmp_path: Path) -> None:
    """They are read several at once, and kept, for each time."""
    voxels = volume(2, 140, 130, 45, dtype="<u2")
    (tmp_path / "a").write_bytes(voxels.tobytes())
    layout = RawLayout((Part(tmp_path / "a"),), AxisOrder("tzyx", voxels.shape), voxels.dtype)
    description = StackDescription("", (140, 130, 45), 1, np.dtype("u2"), times=2)
    with RawVolume(tmp_path / "a", description, layout) as stack, stack.at_time(1) as later:
        for index in (0, 44, 31, 32, 7):
            np.testing.assert_array_equal(stack.plane(2, index), voxels[0, :, :, index])
            np.testing.assert_array_equal(later.plane(2, index), voxels[1, :, :, index])
        os.truncate(tmp_path / "a", 100)
        # What is kept is not read again; the rest is.
        np.testing.assert_array_equal(stack.plane(2, 8), voxels[0, :, :, 8])
        with pytest.raises(SourceError, match="has become shorter"):
            stack.plane(0, 3)


def test_a_stream_of_many_members(tmp_path: Path) -> None:
    """Parallel compressors write gzip in blocks that follow each other."""
    data = volume().tobytes()
    (tmp_path / "a").write_bytes(gzip.compress(data[:100]) + gzip.compress(data[100:]))
    layout = RawLayout((Part(tmp_path / "a"),), ORDER, np.dtype("i2"), Packing.GZIP)
    with RawVolume(tmp_path / "a", StackDescription("", (4, 5, 6), 1, np.dtype("i2")), layout) as stack:
        np.testing.assert_array_equal(stack.read(), volume())


@pytest.mark.parametrize("packing", [Packing.ZLIB, Packing.GZIP])
def test_a_wrong_checksum_is_told(tmp_path: Path, packing: Packing) -> None:
    pack: Callable[[bytes], bytes] = gzip.compress if packing is Packing.GZIP else zlib.compress
    packed = bytearray(pack(volume().tobytes()))
    packed[-5 if packing is Packing.GZIP else -1] ^= 1
    (tmp_path / "a").write_bytes(packed)
    layout = RawLayout((Part(tmp_path / "a"),), ORDER, np.dtype("i2"), packing)
    stack = RawVolume(tmp_path / "a", StackDescription("", (4, 5, 6), 1, np.dtype("i2")), layout)
    with pytest.raises(SourceError, match="is damaged"):
        stack.read()


def test_a_full_disk_is_told_apart_from_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from wholefield.sources.stacks import raw_volume

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(raw_volume, "unpack", full)
    nrrd.write(str(tmp_path / "a.nrrd"), volume(), {"encoding": "gzip"}, index_order="C")
    assert "is full; make room there" in refusal(tmp_path / "a.nrrd")
