"""The split of a run: written into its folder, read back where the run goes on."""

from pathlib import Path

import pytest

from wholefield.errors import SettingError
from wholefield.runs.folder import RunFolder
from wholefield.training.kept_split import SPLIT, KeptSplit, keep_split, kept_split

PARTS = KeptSplit(("/d/a.tif", "/d/b.tif"), ("/d/c.tif",))


def test_comes_back_where_there_is_an_earlier_part(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    assert kept_split(folder) is None
    keep_split(folder, PARTS)
    assert kept_split(folder) is None
    folder.last.touch()
    assert kept_split(folder) == PARTS


def test_a_damaged_file_is_said(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.last.touch()
    for text in ("{", "[]", '{"training": [1], "validation": []}', '{"training": []}'):
        (tmp_path / SPLIT).write_text(text)
        with pytest.raises(
            SettingError, match=r"split\.json, is damaged .+; start a new run, or restore the file"
        ):
            kept_split(folder)


def test_sides_by_path_then_by_name() -> None:
    assert PARTS.sides(["/d/c.tif", "/d/a.tif", "/d/new.tif"]) == {"/d/c.tif": True, "/d/a.tif": False}
    assert PARTS.sides(["/e/c.tif", "/e/b.tif"]) == {"/e/c.tif": True, "/e/b.tif": False}
    assert PARTS.sides(["C:\\e\\c.tif"]) == {"C:\\e\\c.tif": True}
    # Two files of one name: nobody knows which is meant.
    assert PARTS.sides(["/e/c.tif", "/f/c.tif"]) == {}
    assert PARTS.new(["/d/a.tif", "/d/x.tif"]) == ("/d/x.tif",)


def test_a_file_that_was_divided_has_been_trained_on() -> None:
    divided = KeptSplit(("/a.tif#0,0,1,1",), ("/a.tif#1,0,1,1",))
    assert divided.sides(["/a.tif#1,0,1,1", "/a.tif#9,9,1,1"]) == {"/a.tif#1,0,1,1": True}
    assert divided.sides(["/a.tif", "/b.tif"]) == {"/a.tif": False}
    assert PARTS.sides(["/d/c.tif#0,0,1,1"]) == {"/d/c.tif#0,0,1,1": True}
