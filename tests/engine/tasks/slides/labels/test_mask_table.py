"""The mask table, and rows of it on both sides of a split."""

from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from wholefield.errors import SettingError
from wholefield.sources.rect import Rect
from wholefield.tasks.slides.labels import MaskedSlide, read_masks, split_rows


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.tif", "b.tif", "a_mask.tif", "b_mask.tif"):
        (tmp_path / name).touch()
    return tmp_path


def write(folder: Path, text: str) -> Path:
    path = folder / "masks.csv"
    path.write_text(text)
    return path


def test_rows(folder: Path) -> None:
    text = "file,mask,x,y,width,height\na.tif,a_mask.tif,,,,\nb.tif,b_mask.tif,1,2,3,4\n"
    assert read_masks(write(folder, text), folder).rows == (
        MaskedSlide(folder / "a.tif", folder / "a_mask.tif"),
        MaskedSlide(folder / "b.tif", folder / "b_mask.tif", Rect(1, 2, 3, 4)),
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("file,label\na.tif,x\n", r"has no column mask \(it has file, label\)"),
        ("file,mask\na.tif,a_mask.tif\n", "needs two rows at least"),
        ("file,mask\na.tif,a_mask.tif\nb.tif,c.tif\n", r"line 3: c\.tif is not in the folder"),
        ("file,mask\na.tif,a_mask.tif\nb.tif,\n", "line 3: the mask is empty"),
        ("file,mask\na.tif,a_mask.tif\n./a.tif,a_mask.tif\n", "line 3: a.tif is also listed in line 2"),
        ("file,mask\na.tif,a.tif\nb.tif,b_mask.tif\n", "line 2: a.tif is named as its own mask"),
    ],
)
def test_mistakes(folder: Path, text: str, sentence: str) -> None:
    with pytest.raises(SettingError, match=sentence):
        read_masks(write(folder, text), folder)


def test_masks_may_lie_beside_the_table(tmp_path: Path) -> None:
    slides, tables = tmp_path / "slides", tmp_path / "tables"
    for folder, names in ((slides, ("a.tif", "b.tif", "both.tif")), (tables, ("m.tif", "n.tif", "both.tif"))):
        folder.mkdir()
        for name in names:
            (folder / name).touch()
    table = read_masks(write(tables, "file;mask\na.tif;m.tif\nb.tif;n.tif\n"), slides)
    assert [row.mask for row in table.rows] == [tables / "m.tif", tables / "n.tif"]
    assert table.notes == ()
    table = read_masks(write(tables, "file,mask\na.tif,both.tif\nb.tif,n.tif\n"), slides)
    assert table.rows[0].mask == slides / "both.tif"
    assert "both.tif lies in" in table.notes[0]
    # A slide is not its own mask: the file of the same name beside the table is meant.
    table = read_masks(write(tables, "file,mask\nboth.tif,both.tif\nb.tif,n.tif\n"), slides)
    assert (table.rows[0].path, table.rows[0].mask) == (slides / "both.tif", tables / "both.tif")
    assert len(table.notes) == 1


@given(st.lists(st.integers(0, 9), min_size=2, max_size=50), st.floats(0.01, 0.99), st.integers(0, 1000))
def test_split_is_a_partition_of_slides(numbers: list[int], fraction: float, seed: int) -> None:
    slides = [Path(f"{number}.tif") for number in numbers]
    rows = [MaskedSlide(slide, Path("m"), Rect(n, 0, 1, 1)) for n, slide in enumerate(slides)]
    parts = split_rows(rows, fraction, seed)
    assert sorted(parts.training + parts.validation) == list(range(len(slides)))
    assert parts.training
    assert parts.validation
    shared = {slides[i] for i in parts.training} & {slides[i] for i in parts.validation}
    assert not shared or len(set(slides)) == 1
