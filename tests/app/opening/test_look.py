"""What a file looks like with some answers, for every kind, and what is asked where it cannot be read."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from tests.app.opening.toy import INVERT, SIZE, TYPE
from tests.there import there
from wholefield.sources import Kind, Reading
from wholefield_app.opening.look import ROWS, first_lines, look_at, merged


def picture_of(image: QImage | None) -> tuple[int, int]:
    return there(image).width(), there(image).height()


@pytest.mark.usefixtures("qapp")
def test_a_slide_is_seen_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    pixels = np.zeros((40, 60, 3), np.uint8)
    pixels[:, :30, 0] = 200
    tifffile.imwrite(path, pixels, photometric="rgb")
    look = look_at(path, Kind.IMAGE, Reading())
    assert look.readable
    assert picture_of(look.picture) == (60, 40)
    assert [there(look.picture).pixelColor(x, 20).red() for x in (10, 50)] == [200, 0]
    assert look.facts == "60 × 40 px, 3 × uint8"


@pytest.mark.usefixtures("qapp")
def test_a_stack_is_seen_by_its_middle_slice(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    voxels = np.zeros((5, 20, 30), np.uint16)
    voxels[2, :, 15:] = 900
    np.save(path, voxels)
    look = look_at(path, Kind.STACK, Reading())
    assert [there(look.picture).pixelColor(x, 5).red() for x in (2, 28)] == [0, 255]
    assert look.facts == "5 × 20 × 30 voxels (slices × rows × columns), uint16; slice 2"


def test_a_recording_is_seen_by_its_first_events_and_lines(qapp: QApplication, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("t,x,y,p\n" + "".join(f"{100 + 10 * i},{i % 64},{i % 48},{i % 2}\n" for i in range(4000)))
    look = look_at(path, Kind.RECORDING, Reading({"unit": "us"}))
    assert look.readable, look.sentence
    assert picture_of(look.picture) == (64, 48)
    assert look.lines[:3] == ("t,x,y,p", "100,0,0,0", "110,1,1,1")
    rows = there(look.rows)
    assert rows.rows[:2] == (("100", "0", "0", "0"), ("110", "1", "1", "1"))
    assert len(rows.rows) == ROWS


def test_lines_are_seen_where_the_text_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("".join(f"{i % 2},{i % 2},{i % 2},{i % 2}\n" for i in range(100)))
    look = look_at(path, Kind.RECORDING, Reading())
    assert not look.readable
    assert len(look.lines) == ROWS


def test_what_is_no_text_has_no_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.raw"
    path.write_bytes(b"%\0\1\2")
    assert first_lines(path) == ()
    assert first_lines(tmp_path / "missing") == ()


@pytest.mark.usefixtures("qapp")
def test_any_file_can_be_told_to_be_bare_voxels(tmp_path: Path) -> None:
    path = tmp_path / "scan.measured"
    voxels = np.arange(1, 25, dtype=">u2").reshape(2, 3, 4)
    path.write_bytes(voxels.tobytes())
    look = look_at(path, Kind.STACK, Reading())
    assert not look.readable
    assert {"size", "type"} <= {question.name for question in look.questions}
    told = Reading({"size": "4,3,2", "type": "uint16", "byteorder": "big"})
    look = look_at(path, Kind.STACK, told)
    assert look.readable, look.sentence
    assert look.facts.startswith("2 × 3 × 4 voxels")
    wrong = look_at(path, Kind.STACK, told | {"size": "4,3,5"})
    assert not wrong.readable
    assert "size" in {question.name for question in wrong.questions}


def test_questions_keep_their_order() -> None:
    needed = replace(TYPE, needed=True)
    assert merged((SIZE, TYPE), (INVERT, needed)) == (SIZE, needed, INVERT)
