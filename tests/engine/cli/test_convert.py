"""`wholefield convert` and `wholefield info` of a recording."""

from pathlib import Path

import numpy as np
import pytest

from tests.engine.sources.events.writers import random_events, write_stream
from wholefield.cli import main
from wholefield.runs.lines import report_of
from wholefield.runs.reports import Finished, PartDone, Reason
from wholefield.sources import open_recording

EVENTS = random_events(3000, 50_000)


def test_convert_then_info(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write_stream(tmp_path, "evt3", EVENTS, 900)
    target = tmp_path / "b.h5"
    assert main(["convert", str(source), str(target), "--gzip"]) == 0
    assert capsys.readouterr().out == f"{target}: 3000 events\n"
    with open_recording(target) as recording:
        np.testing.assert_array_equal(recording.events(0, 10**6), EVENTS)
    assert main(["info", str(target)]) == 0
    out = capsys.readouterr().out
    assert "640 x 480 pixels" in out
    assert "3000 (" in out
    assert "900 us on the camera's clock" in out


def test_mistakes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write_stream(tmp_path, "evt3", EVENTS)
    target = tmp_path / "b.h5"
    target.write_bytes(b"mine")
    assert main(["convert", str(source), str(target)]) == 2
    assert "b.h5 exists; choose another name or pass --replace" in capsys.readouterr().err
    assert main(["convert", str(source), str(tmp_path / "b.csv")]) == 2
    assert "must end in .h5 or .hdf5" in capsys.readouterr().err
    assert main(["convert", str(source), str(tmp_path / "none" / "b.h5")]) == 1
    assert "cannot be written" in capsys.readouterr().err
    assert target.read_bytes() == b"mine"
    assert main(["convert", str(source), str(target), "--replace"]) == 0


def test_progress_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, target = write_stream(tmp_path, "evt3", EVENTS), tmp_path / "b.h5"
    assert main(["convert", str(source), str(target), "--json"]) == 0
    out, err = capsys.readouterr()
    reports = [report_of(line) for line in out.splitlines()]
    parts = [report for report in reports if isinstance(report, PartDone)]
    assert "Writing" in {part.what for part in parts}
    assert (parts[-1].done, parts[-1].total) == (3000, 3000)
    assert reports[-1] == Finished(target, Reason.COMPLETED)
    assert err == ""
