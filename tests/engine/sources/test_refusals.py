"""Folders and files that cannot be opened: the sentence says what there is, and what to open instead."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile

from wholefield.errors import SourceError
from wholefield.sources import open_image, open_recording, open_source, open_stack

Opener = Callable[[Path], object]


def refusal(path: Path, opener: Opener = open_source) -> str:
    """Why a path is not opened."""
    with pytest.raises(SourceError) as caught:
        opener(path)
    sentence = str(caught.value)
    assert sentence.startswith(str(path))
    assert sentence.endswith(".")
    return sentence.removeprefix(str(path)).strip()


@pytest.mark.parametrize("opener", [open_source, open_image, open_stack, open_recording])
def test_an_empty_folder(tmp_path: Path, opener: Opener) -> None:
    assert refusal(tmp_path, opener) == "is an empty folder; choose another."


def test_a_folder_of_files_that_are_opened_one_by_one(tmp_path: Path) -> None:
    for name in ("notes.txt", "b.raw", "a.aedat4", "slide.svs"):
        (tmp_path / name).write_bytes(b"% evt 3.0\n")
    assert refusal(tmp_path, open_recording) == (
        "is a folder without a recording; open one of the files in it, such as a.aedat4."
    )
    assert refusal(tmp_path, open_image) == (
        "is a folder without a slide; open one of the files in it, such as slide.svs."
    )
    assert refusal(tmp_path) == (
        "is a folder without anything that is opened as a whole; open one of the files in it, such as a.aedat4."
    )


def test_a_folder_of_folders(tmp_path: Path) -> None:
    (tmp_path / "patient" / "study").mkdir(parents=True)
    (tmp_path / "patient" / "study" / "words").write_text("words")
    assert refusal(tmp_path, open_stack) == (
        "is a folder without slices; open one of the folders in it, such as patient."
    )


def test_a_folder_of_nothing_known(tmp_path: Path) -> None:
    (tmp_path / "a.unknown").write_text("words")
    assert refusal(tmp_path, open_image) == (
        "is a folder without a slide; no file in it has the name of a format that is read."
    )


def test_the_shortest_name_of_a_format_is_enough(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_text("words")
    assert refusal(tmp_path / "a.tif").startswith(
        "is named like TIFF and does not begin like it; it is damaged"
    )


def test_another_kind_is_named(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((5, 40, 30), np.uint16), photometric="minisblack")
    assert refusal(tmp_path / "a.tif", open_recording) == (
        "is a stack (TIFF stack), not a recording; open it as a stack."
    )
