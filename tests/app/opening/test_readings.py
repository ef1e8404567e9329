"""What was answered for a file holds while the file stays the same."""

import os
from pathlib import Path

from wholefield.sources import Reading
from wholefield_app.opening.readings import Readings


def test_a_reading_is_kept_by_path(tmp_path: Path) -> None:
    path, other = tmp_path / "events.csv", tmp_path / "other.csv"
    path.write_text("1,2,3,4\n")
    readings = Readings()
    assert readings.of(path) is None
    assert readings.text_of(path) == readings.text_of(None) == ""
    readings.keep(path, Reading({"unit": "s"}))
    assert readings.of(path) == Reading({"unit": "s"})
    assert readings.text_of(path) == "unit=s"
    assert readings.of(other) is None


def test_a_file_that_was_written_anew_is_asked_about_again(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text("1,2,3,4\n")
    readings = Readings()
    readings.keep(path, Reading({"unit": "s"}))
    os.utime(path, (1, 1))
    assert readings.of(path) is None
    path.unlink()
    assert readings.of(path) is None


def test_folders_are_remembered(tmp_path: Path) -> None:
    readings = Readings()
    readings.keep(tmp_path, Reading({"series": "2"}))
    (tmp_path / "more.dcm").touch()
    assert readings.of(tmp_path) == Reading({"series": "2"})
