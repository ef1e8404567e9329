"""CSV tables of slides as people write them, and the sentence for every mistake."""

from pathlib import Path

import pytest

from wholefield.errors import SettingError
from wholefield.sources.rect import Rect
from wholefield.tasks.slides.data.tables import file_of, read_records, region_of, text_of


def write(folder: Path, content: str | bytes) -> Path:
    path = folder / "t.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    "content",
    [
        "file,label\na.tif,x\n\nb c.tif,y\n",
        "\ufefffile,label\r\na.tif,x\r\n\r\nb c.tif,y\r\n",
        " FILE , Label\na.tif, x\n\nb c.tif, y",
        'label,file\n"x",a.tif\n\ny,"b c.tif"\n',
    ],
    ids=["plain", "spreadsheet", "loose", "quoted"],
)
def test_tables_as_people_write_them(tmp_path: Path, content: str) -> None:
    records = read_records(write(tmp_path, content), ("file", "label"))
    assert [number for number, _ in records] == [2, 4]
    assert [(record["file"], record["label"]) for _, record in records] == [("a.tif", "x"), ("b c.tif", "y")]


def test_lines_that_are_too_short_or_too_long(tmp_path: Path) -> None:
    (_, short), (_, long) = read_records(write(tmp_path, "file,label,x\na.tif\nb.tif,y,,,\n"), ("file",))
    assert (short["label"], short["x"]) == ("", "")
    assert region_of(long, "here") is None


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", r"has no column file \(it has none\); add it"),
        ("name,label\n", r"has no column file \(it has name, label\); add it"),
        ("file\n", r"has no column label \(it has file\); add it"),
        (b"file,label\n\xff\xfe\n", "is not a CSV text file"),
    ],
)
def test_tables_that_are_none(tmp_path: Path, content: str | bytes, sentence: str) -> None:
    with pytest.raises(SettingError, match=rf"t\.csv {sentence}"):
        read_records(write(tmp_path, content), ("file", "label"))


def test_a_table_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"t\.csv cannot be read \(No such file"):
        read_records(tmp_path / "t.csv", ())


def test_files_and_texts(tmp_path: Path) -> None:
    (tmp_path / "a.tif").touch()
    assert file_of({"file": " a.tif "}, "file", tmp_path, "line 2") == tmp_path / "a.tif"
    with pytest.raises(SettingError, match=r"line 2: b\.tif is not in the folder .+; correct the name"):
        file_of({"file": "b.tif"}, "file", tmp_path, "line 2")
    with pytest.raises(SettingError, match="line 3: the label is empty; fill it in"):
        text_of({"label": "  "}, "label", "line 3")


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({}, None),
        ({"x": "", "y": " ", "width": "", "height": ""}, None),
        ({"x": "0", "y": " 7", "width": "1", "height": "2 "}, Rect(0, 7, 1, 2)),
    ],
)
def test_regions(values: dict[str, str], found: Rect[int] | None) -> None:
    assert region_of(values, "line 2") == found


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (("1", "2", "3", ""), "must be four whole numbers, or all empty"),
        (("1", "2", "3", "4.5"), "must be four whole numbers"),
        (("1", "2", "3", "x"), "must be four whole numbers"),
        (("-1", "2", "3", "4"), "must lie inside the slide and have a positive size"),
        (("1", "2", "0", "4"), "must lie inside the slide and have a positive size"),
    ],
)
def test_regions_that_are_none(values: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(SettingError, match=f"line 2: .*{sentence}"):
        region_of(dict(zip(("x", "y", "width", "height"), values, strict=True)), "line 2")
