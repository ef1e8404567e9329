"""Formats are told by content first; what merely looks alike is none."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from wholefield.sources import Kind, kind_of
from wholefield.sources.events.formats import RecordingFormat, recording_format


@pytest.mark.parametrize(
    ("name", "content", "format"),
    [
        ("a.raw", b"% evt 3.0\n% end\n\x01", RecordingFormat.RAW),
        ("a.raw", b"% Date 2014\n\x01", RecordingFormat.RAW),
        ("renamed.bin", b"% Date 2014\n% plugin_name hal\n\x01", RecordingFormat.RAW),
        ("a.dat", b"% Version 2\n\x0c\x08", RecordingFormat.DAT),
        ("a.bin", b"% Data file containing CD events\n\x0c\x08", RecordingFormat.DAT),
        ("a.bin", b"#!AER-DAT4.0\r\n", RecordingFormat.AEDAT4),
        ("a.csv", b"t,x,y,p\n1,2,3,0\n", RecordingFormat.TEXT),
        ("a.txt", b"0.5 2 3 1\n", RecordingFormat.TEXT),
        ("paper.tex", b"% A comment\n\\begin{document}", None),
        ("a.pdf", b"%PDF-1.7\n", None),
        ("a.dat", b"\x00\x01\x02\x03", None),
        ("labels.csv", b"file,label\na.tif,1\n", None),
        ("a.npz", b"PK\x03\x04 no archive", None),
        ("a.h5", b"\x89HDF\r\n\x1a\n no HDF5", None),
        ("a.raw", b"", None),
    ],
)
def test_by_content(tmp_path: Path, name: str, content: bytes, format: RecordingFormat | None) -> None:
    (tmp_path / name).write_bytes(content)
    assert recording_format(tmp_path / name) is format
    assert (kind_of(tmp_path / name) is Kind.RECORDING) is (format is not None)


def test_hdf5_is_a_recording_only_with_events(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["volume"] = np.zeros((3, 4, 5), np.float32)
    assert kind_of(tmp_path / "a.h5") is Kind.STACK
    with h5py.File(tmp_path / "a.h5", "a") as file:
        for name in "xytp":
            file[f"events/{name}"] = np.zeros(3, np.int64)
    assert kind_of(tmp_path / "a.h5") is Kind.RECORDING
