"""The table of formats: every row detects its files and nothing else's, and everything that it names exists."""

import gzip
import logging
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import h5py
import nibabel
import nrrd
import numpy as np
import pytest

from wholefield.errors import SourceError
from wholefield.sources import (
    Format,
    Kind,
    all_formats,
    format_of,
    kind_of,
    kinds_of,
    open_source,
    open_stack,
)
from wholefield.sources.formats import FORMATS
from wholefield.sources.signatures import begins, function_named

VOXELS = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
META_HEADER = "NDims = 3\nDimSize = 4 3 2\nElementType = MET_SHORT\nElementDataFile = LOCAL\n"
NAMES = [row.name for row in FORMATS]


def write(path: Path) -> None:
    """Write the voxels as the ending of the name says."""
    if path.suffix == ".nrrd":
        nrrd.write(str(path), VOXELS.T)
    elif path.suffix == ".mha":
        path.write_bytes(META_HEADER.encode() + VOXELS.tobytes())
    else:
        nibabel.save(nibabel.Nifti1Image(VOXELS.T, np.eye(4)), path)


def name_of(path: Path) -> str | None:
    """What the table calls a file."""
    row = format_of(path)
    return None if row is None else row.name


@pytest.mark.parametrize("row", FORMATS, ids=NAMES)
def test_what_a_row_names_exists(row: Format) -> None:
    for name in filter(None, (row.opener, row.asks, row.exporter)):
        assert callable(function_named(name))
    assert bool(row.opener) is (row.kind is not None)
    assert row.opener or row.about, "a file that is not read is refused by a sentence"
    assert not row.about.endswith(".")
    assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in row.suffixes)


def test_names_are_unique() -> None:
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize(
    ("name", "format"),
    [("a.nrrd", "NRRD"), ("a.nii", "NIfTI"), ("a.nii.gz", "NIfTI"), ("a.mha", "MetaImage")],
)
def test_a_file_has_one_format_and_opens_by_it(tmp_path: Path, name: str, format: str) -> None:
    path = tmp_path / name
    write(path)
    head = path.read_bytes()[:1024]
    assert [row.name for row in FORMATS if row.kind is not None and row.detect(path, head)] == [format]
    assert name_of(path) == format
    with open_source(path) as source, open_stack(path) as stack:
        assert type(source) is type(stack)
        assert np.array_equal(stack.read(), VOXELS)


@pytest.mark.parametrize(
    ("name", "content", "format"),
    [
        ("a.raw", b"% evt 3.0\n% end\n\x01", "Prophesee RAW"),
        ("a.raw", b"% Date 2014\n\x01", "Prophesee RAW"),
        ("renamed.bin", b"% Date 2014\n% plugin_name hal\n\x01", "Prophesee RAW"),
        ("a.dat", b"% Version 2\n\x0c\x08", "Prophesee DAT"),
        ("a.bin", b"% Data file containing CD events\n\x0c\x08", "Prophesee DAT"),
        ("a.bin", b"#!AER-DAT4.0\r\n", "AEDAT4"),
        ("a.csv", b"t,x,y,p\n1,2,3,0\n", "Text or CSV of events"),
        ("a.txt", b"0.5 2 3 1\n", "Text or CSV of events"),
        ("paper.tex", b"% A comment\n\\begin{document}", None),
        ("a.pdf", b"%PDF-1.7\n", None),
        ("a.dat", b"\x00\x01\x02\x03", None),
        ("labels.csv", b"file,label\na.tif,1\n", None),
        ("a.npz", b"PK\x03\x04 no archive", None),
        ("a.h5", b"\x89HDF\r\n\x1a\n no HDF5", None),
        ("a.raw", b"", None),
    ],
)
def test_recordings_by_content(tmp_path: Path, name: str, content: bytes, format: str | None) -> None:
    (tmp_path / name).write_bytes(content)
    recording = kind_of(tmp_path / name) is Kind.RECORDING
    assert (name_of(tmp_path / name) if recording else None) == format


def test_hdf5_is_a_recording_only_with_events(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["volume"] = np.zeros((3, 4, 5), np.float32)
    assert kind_of(tmp_path / "a.h5") is Kind.STACK
    with h5py.File(tmp_path / "a.h5", "a") as file:
        for name in "xytp":
            file[f"events/{name}"] = np.zeros(3, np.int64)
    assert kinds_of(tmp_path / "a.h5") == (Kind.RECORDING, Kind.STACK)


def test_other_files_have_none(tmp_path: Path) -> None:
    for number, head in enumerate((b"words", b"\x1f\x8bdamaged", gzip.compress(b"text", mtime=0))):
        (tmp_path / f"{number}.bin").write_bytes(head)
        assert kind_of(tmp_path / f"{number}.bin") is None


UNREAD = [
    (
        "scan.lif",
        b"\x70\0\0\0\x10\0\0\0\x2a",
        "is a Leica LIF file, which cannot be opened here; export OME-TIFF",
    ),
    ("scan.nd2", b"\xda\xce\xbe\x0a\0\0", "is a Nikon ND2 file"),
    ("scan.vsi", b"II*\0\x08\0\0\0", "is an Olympus VSI file, whose slide lies in the .ets files"),
    ("scan.czi", b"ZISRAWFILE\0\0", "is a Zeiss CZI file that OpenSlide does not take for a slide"),
    ("scan.mat", b"MATLAB 5.0 MAT-file", "is a MATLAB file"),
    ("a.npz", b"PK\x03\x04 no archive", "is a NumPy archive without a volume and without the arrays"),
    ("a.pkl", b"\x80\x04\x95", "is a Python pickle, which can run code"),
    ("a.docx", b"PK\x03\x04....[Content_Types].xml", "is an Office document"),
    ("a.zip", b"PK\x03\x04....words.txt", "is a zip archive that is not a zipped Zarr"),
    ("a.pdf", b"%PDF-1.7", "is a PDF, not an image"),
    ("a.mp4", b"\0\0\0\x20ftypisom", "is a video, not a recording of an event camera"),
    ("a.avi", b"RIFF\0\0\0\0AVI LIST", "is a video"),
    ("a.psd", b"8BPS", "is a Photoshop file, which cannot be opened here; save it as PNG or TIFF"),
    ("a.heic", b"\0\0\0\x18ftypheic", "is a HEIC or AVIF photograph"),
    ("a.tar", b"\0" * 257 + b"ustar", "is a tar archive, which cannot be opened here; unpack it first"),
    ("a.svs", b"<!DOCTYPE html><html>", "is a web page, as servers send instead of a file"),
    ("a.svs", b"\0" * 500, "begins with zeros only, as files do whose copy was interrupted; copy it again"),
]


@pytest.mark.parametrize(("name", "content", "sentence"), UNREAD)
def test_what_is_known_and_not_read_is_named(
    tmp_path: Path, name: str, content: bytes, sentence: str
) -> None:
    (tmp_path / name).write_bytes(content)
    assert kind_of(tmp_path / name) is None
    for opener in (open_source, open_stack):
        with pytest.raises(SourceError) as caught:
            opener(tmp_path / name)
        assert sentence in str(caught.value)
        assert str(caught.value).endswith(".")
        assert "damaged" not in str(caught.value), "the file is sound"


def test_words_are_of_no_format(tmp_path: Path) -> None:
    (tmp_path / "words").write_text("nothing of all this")
    with pytest.raises(
        SourceError, match=r"is of no format that can be opened; known files end in .*nii\.gz"
    ):
        open_source(tmp_path / "words")


class Package:
    """Another package with an entry point, of which only what is loaded matters."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.points: list[EntryPoint] = []
        monkeypatch.setattr(sys.modules[all_formats.__module__], "entry_points", self.all)
        all_formats.cache_clear()

    def all(self, group: str) -> list[EntryPoint]:
        """The entry points of the group of formats."""
        assert group == "wholefield.formats"
        return self.points

    def add(self, value: str) -> None:
        """Register `module:name`."""
        self.points.append(EntryPoint("format", value, "wholefield.formats"))


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> Iterator[Package]:
    yield Package(monkeypatch)
    all_formats.cache_clear()


def fails(path: Path, head: bytes) -> bool:
    raise RuntimeError("a fault of the other package")


VOL = Format(
    "VOL", Kind.STACK, (".vol",), begins(b"VOL "), "wholefield.sources.stacks.formats.nrrd:open_nrrd"
)
FAULTY = (Format("Faulty", Kind.STACK, (".bad",), fails, "nowhere:nothing"), VOL)
NOT_A_FORMAT: Callable[..., bool] = fails


def test_another_package_adds_formats(tmp_path: Path, package: Package) -> None:
    package.add("tests.engine.sources.test_formats:VOL")
    (tmp_path / "a.vol").write_bytes(b"VOL 1 2 3")
    assert name_of(tmp_path / "a.vol") == "VOL"
    assert all_formats()[0].name == "VOL"


def test_faults_of_another_package_are_told_and_do_no_harm(
    tmp_path: Path, package: Package, caplog: pytest.LogCaptureFixture
) -> None:
    for value in ("no.such.package:FORMAT", "tests.engine.sources.test_formats:NOT_A_FORMAT"):
        package.add(value)
    package.add("tests.engine.sources.test_formats:FAULTY")
    (tmp_path / "a.vol").write_bytes(b"VOL 1 2 3")
    with caplog.at_level(logging.WARNING):
        assert name_of(tmp_path / "a.vol") == "VOL"
    assert "The formats of no.such.package:FORMAT cannot be loaded (ModuleNotFoundError" in caplog.text
    assert "is not a Format" in caplog.text
    assert "The format Faulty of another package failed on" in caplog.text
