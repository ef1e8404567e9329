"""`wholefield info`: kind, format and questions of a file come from the table of formats."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from wholefield.cli import main
from wholefield.cli.info import describe_file
from wholefield.errors import SourceError
from wholefield.sources import Answer, Question, Reading, UnclearFileError
from wholefield.sources.format import Format

UNIT = Question(
    "unit", "Unit of time", (Answer("us", "microseconds"), Answer("s")), help="All times are whole."
)


def test_what_can_be_chosen_is_listed(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["data"], file["flat"] = np.zeros((5, 40, 30), np.uint16), np.ones((2, 40, 30), np.uint16)
    lines = describe_file(tmp_path / "a.h5")
    assert lines[:2] == [("file", str(tmp_path / "a.h5")), ("kind", "stack (HDF5 or NeXus)")]
    assert lines[-4:-1] == [
        ("can be chosen", "dataset: Dataset. The file holds several volumes."),
        ("", "dataset=data (data, 5 x 40 x 30 uint16)"),
        ("", "dataset=flat (flat, 2 x 40 x 30 uint16)"),
    ]
    assert lines[-1][1].startswith("spacing: Spacing.")
    chosen = dict(describe_file(tmp_path / "a.h5", "dataset=flat"))
    assert chosen["size"] == "2 x 40 x 30 voxels (z, y, x)"


def test_an_unclear_file_is_described_by_its_questions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def unclear(row: Format, path: Path, reading: Reading) -> None:
        raise UnclearFileError(f"{path} does not say its unit.", (UNIT,))

    monkeypatch.setattr(Format, "open", unclear)
    (tmp_path / "a.csv").write_text("1 2 3 0\n")
    assert main(["info", str(tmp_path / "a.csv")]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[1].split(maxsplit=1) == ["kind:", "recording (Text or CSV of events)"]
    assert printed[2].split(maxsplit=1) == ["unclear:", f"{tmp_path / 'a.csv'} does not say its unit."]
    assert printed[3].split(maxsplit=3)[3] == "unit: Unit of time. All times are whole."
    assert [line.strip() for line in printed[4:]] == ["unit=us (microseconds)", "unit=s"]


def test_what_is_not_read_is_refused_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "a.lif").write_bytes(b"\x70\0\0\0\x10\0\0\0\x2a")
    with pytest.raises(SourceError, match="is a Leica LIF file, which cannot be opened here"):
        describe_file(tmp_path / "a.lif")
