"""What a file is, told from its first bytes; sentences for what is not read."""

import gzip
import zipfile
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings, strategies as st

from wholefield.errors import SourceError
from wholefield.sources import Kind, StackSource, kind_of, open_source


def test_by_the_first_bytes_and_not_the_name(tmp_path: Path) -> None:
    stack, image = tmp_path / "stack.svs", tmp_path / "image.nii"
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((3, 20, 30), "u1"), photometric="minisblack")
    (tmp_path / "a.tif").rename(stack)
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((20, 30), "u1"))
    (tmp_path / "a.tif").rename(image)
    assert kind_of(stack) is Kind.STACK
    assert kind_of(str(image)) is Kind.IMAGE


@pytest.mark.parametrize(
    ("content", "name", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n", "a", Kind.IMAGE),
        (b"\xff\xd8\xff\xe0", "a", Kind.IMAGE),
        (b"\x89HDF\r\n\x1a\n", "a", Kind.STACK),
        (b"NRRD0005\n", "a", Kind.STACK),
        (b"ObjectType = Image\nNDims = 3\n", "a.mhd", Kind.STACK),
        (b"ObjectType = Image\nNDims = 3\n", "a.txt", None),
        (b"\0" * 344 + b"n+1\0", "a", Kind.STACK),
        (b"\0" * 344 + b"ni1\0", "a.hdr", Kind.STACK),
        (b"\x1c\2\0\0n+2\0\r\n\x1a\n", "a", Kind.STACK),
        (gzip.compress(b"\0" * 344 + b"n+1\0" + b"\0" * 99, mtime=0), "a.nii.gz", Kind.STACK),
        (gzip.compress(b"hello", mtime=0), "a.nii.gz", None),
        (b"\0" * 128 + b"DICM", "a", Kind.STACK),
        (b"INFO", "a.mrxs", Kind.IMAGE),
        (b"", "a.mrxs", None),
        (b"hello", "a.txt", None),
        (b"PK\3\4", "a.zip", None),
    ],
)
def test_signatures(tmp_path: Path, content: bytes, name: str, kind: Kind | None) -> None:
    (tmp_path / name).write_bytes(content)
    assert kind_of(tmp_path / name) is kind


def test_what_is_not_there_has_no_kind(tmp_path: Path) -> None:
    assert kind_of(tmp_path / "absent") is None
    assert kind_of(tmp_path) is None


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    signature=st.sampled_from(
        [b"", b"II*\0", b"MM\0+", b"\x1f\x8b\x08", b"\0" * 128 + b"DICM", b"\x89HDF\r\n\x1a\n"]
    ),
    rest=st.binary(max_size=80),
)
def test_any_content_has_a_kind_or_none(tmp_path: Path, signature: bytes, rest: bytes) -> None:
    """Nothing else is raised, whatever the file holds; opening it gives a sentence, or a recording without events."""
    path = tmp_path / "a.nrrd"
    path.write_bytes(signature + rest)
    assert kind_of(path) in (None, *Kind)
    try:
        open_source(path).close()
    except SourceError as error:
        assert "a.nrrd" in str(error)  # noqa: PT017  (it need not be raised)


def test_a_damaged_stack_is_refused_as_a_stack(tmp_path: Path) -> None:
    (tmp_path / "a.nii.gz").write_bytes(b"damaged")
    with pytest.raises(SourceError, match="is named like NIfTI and does not begin like it"):
        open_source(tmp_path / "a.nii.gz")


def test_a_told_size_and_type_make_any_file_a_volume(tmp_path: Path) -> None:
    path = tmp_path / "scan.measured"
    voxels = np.arange(1, 25, dtype=np.uint8).reshape(2, 3, 4)
    path.write_bytes(voxels.tobytes())
    with pytest.raises(SourceError, match="of no format"):
        open_source(path)
    with open_source(path, reading="size=4,3,2; type=uint8") as stack:
        assert isinstance(stack, StackSource)
        assert np.array_equal(stack.read(), voxels)


def test_a_zip_of_a_future_version_is_no_riddle(tmp_path: Path) -> None:
    """The list of such an archive cannot be read; the file is refused all the same by a sentence."""
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", b"words")
    content = bytearray((tmp_path / "a.npz").read_bytes())
    # Version needed to extract, in the list of files at the end.
    content[content.index(b"PK\1\2") + 6] = 109
    (tmp_path / "a.npz").write_bytes(content)
    assert kind_of(tmp_path / "a.npz") is None
    with pytest.raises(SourceError, match=r"a\.npz is "):
        open_source(tmp_path / "a.npz")
