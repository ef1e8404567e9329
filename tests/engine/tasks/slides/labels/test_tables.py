"""CSV tables of slides as people write them, and the sentence for every mistake."""

import csv
import re
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, strategies as st

from wholefield.errors import SettingError
from wholefield.sources.rect import Rect
from wholefield.tasks.slides.labels.tables import Folders, read_table, region_of, text_of


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
    records = read_table(write(tmp_path, content), ("file", "label")).records
    assert [number for number, _ in records] == [2, 4]
    assert [(record["file"], record["label"]) for _, record in records] == [("a.tif", "x"), ("b c.tif", "y")]


def test_lines_that_are_too_short_or_too_long(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, "file,label,x\na.tif\nb.tif,y,,,\n"), ("file",))
    (_, short), (_, long) = table.records
    assert (short["label"], short["x"]) == ("", "")
    assert region_of(long, "here") is None


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", r"has no column file \(it has none\); add it"),
        ("name,label\n", r"has no column file \(it has name, label\); add it"),
        ("file\n", r"has no column label \(it has file\); add it"),
        (b"file,label\n\xff\xfe\x81\n", "is not a CSV text file"),
        (b"file,label\na.tif,\x01\n", "is not a CSV text file .it holds the control character 0x01"),
        (b"PK\x03\x04....", "is an Excel or OpenDocument workbook; save its sheet as CSV"),
        ("file,label,label\n", "has 2 columns label; keep one"),
    ],
)
def test_tables_that_are_none(tmp_path: Path, content: str | bytes, sentence: str) -> None:
    with pytest.raises(SettingError, match=rf"t\.csv {sentence}"):
        read_table(write(tmp_path, content), ("file", "label"))


def test_a_table_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"t\.csv cannot be read \(No such file"):
        read_table(tmp_path / "t.csv", ())


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_separators_and_ends_of_lines(tmp_path: Path, separator: str, ending: str) -> None:
    lines = ["file,label", "a.tif,x", "", '"b, c; d.tif",y']
    text = ending.join(line.replace(",", separator, 1) if '"' not in line else line for line in lines)
    text = text.replace('",y', f'"{separator}y') + ending
    records = read_table(write(tmp_path, text), ("file", "label")).records
    assert [(line, record["file"], record["label"]) for line, record in records] == [
        (2, "a.tif", "x"),
        (4, "b, c; d.tif", "y"),
    ]


def test_the_first_line_of_a_spreadsheet_may_name_the_separator(tmp_path: Path) -> None:
    records = read_table(write(tmp_path, "sep=;\r\nfile;label\r\na.tif;x\r\n"), ("file", "label")).records
    assert records == [(3, {"file": "a.tif", "label": "x"})]


def test_comments_before_the_header(tmp_path: Path) -> None:
    records = read_table(
        write(tmp_path, "# by a script\n\n#\nfile,label\n#a.tif,x\n"), ("file", "label")
    ).records
    assert records == [(5, {"file": "#a.tif", "label": "x"})]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_encodings_that_a_file_tells(tmp_path: Path, encoding: str) -> None:
    table = read_table(
        write(tmp_path, "file,label\na.tif,b\u00f6sartig \u03b1\n".encode(encoding)), ("file", "label")
    )
    assert table.records == [(2, {"file": "a.tif", "label": "b\u00f6sartig \u03b1"})]
    assert table.notes == ()


def test_an_encoding_that_is_guessed_is_said(tmp_path: Path) -> None:
    table = read_table(
        write(tmp_path, "file,label\na.tif,b\u00f6sartig\n".encode("cp1252")), ("file", "label")
    )
    assert table.records[0][1]["label"] == "b\u00f6sartig"
    (note,) = table.notes
    assert "was read as Windows-1252, which gives words such as b\u00f6sartig" in note


def test_a_text_with_an_unquoted_separator_is_not_cut_off(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="line 2: there are 3 columns, but the header names 2; put texts"):
        read_table(write(tmp_path, "file,label\na.tif,x, y\n"), ("file", "label"))


@given(
    st.lists(st.tuples(st.text(min_size=1), st.text(min_size=1)), min_size=1, max_size=5),
    st.sampled_from(",;\t"),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_a_spreadsheet_writes_comes_back(
    rows: list[tuple[str, str]], separator: str, encoding: str
) -> None:
    texts = [tuple(re.sub(r"[\x00-\x1f\x7f]|\s", "", cell) or "x" for cell in row) for row in rows]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        try:
            with path.open("w", newline="", encoding=encoding) as file:
                csv.writer(file, delimiter=separator).writerows([("file", "label"), *texts])
        except UnicodeEncodeError:  # a half of a surrogate pair is no text
            return
        records = read_table(path, ("file", "label")).records
    assert [(record["file"], record["label"]) for _, record in records] == texts


class TestFiles:
    def test_texts(self) -> None:
        with pytest.raises(SettingError, match="line 3: the label is empty; fill it in"):
            text_of({"label": "  "}, "label", "line 3")

    def test_beside_the_slides_or_beside_the_table(self, tmp_path: Path) -> None:
        slides, tables = tmp_path / "slides", tmp_path / "tables"
        for folder in (slides, tables):
            folder.mkdir()
        folders = Folders(slides, tables / "masks.csv")
        (slides / "a.tif").touch()
        (tables / "b.tif").touch()
        assert folders.file_of({"file": " a.tif "}, "file", "line 2") == (slides / "a.tif", ())
        assert folders.file_of({"file": "b.tif"}, "file", "line 2") == (tables / "b.tif", ())
        assert folders.file_of({"file": str(tables / "b.tif")}, "file", "line 2")[0] == tables / "b.tif"
        with pytest.raises(
            SettingError, match=r"line 2: c\.tif is not in the folder .+slides or .+tables; correct"
        ):
            folders.file_of({"file": "c.tif"}, "file", "line 2")

    def test_a_name_that_lies_in_both_is_said(self, tmp_path: Path) -> None:
        (tmp_path / "slides").mkdir()
        for folder in (tmp_path, tmp_path / "slides"):
            (folder / "a.tif").touch()
        path, notes = Folders(tmp_path / "slides", tmp_path / "t.csv").file_of(
            {"file": "a.tif"}, "file", "line 2"
        )
        assert path == tmp_path / "slides" / "a.tif"
        assert notes == (
            f"a.tif lies in {tmp_path / 'slides'} and beside t.csv; the one in {tmp_path / 'slides'} is used.",
        )

    def test_names_written_on_other_systems(self, tmp_path: Path) -> None:
        (tmp_path / "sub").mkdir()
        (tmp_path / "sub" / "a.tif").touch()
        (tmp_path / "b\u00e9.tif").touch()
        folders = Folders(tmp_path, tmp_path / "t.csv")
        assert folders.file_of({"file": "sub\\a.tif"}, "file", "")[0] == tmp_path / "sub" / "a.tif"
        assert folders.file_of({"file": "be\u0301.tif"}, "file", "")[0] == tmp_path / "b\u00e9.tif"


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({}, None),
        ({"x": "", "y": " ", "width": "", "height": ""}, None),
        ({"x": "0", "y": " 7", "width": "1", "height": "2 "}, Rect(0, 7, 1, 2)),
        ({"x": "0.0", "y": "7,0", "width": "10 000", "height": "2"}, Rect(0, 7, 10_000, 2)),
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
        (("1", "2", "1,000", "4"), "'1,000' can be read as 1 or as 1000"),
        (("-1", "2", "3", "4"), "must lie inside the slide and have a positive size"),
        (("1", "2", "0", "4"), "must lie inside the slide and have a positive size"),
    ],
)
def test_regions_that_are_none(values: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(SettingError, match=f"line 2: .*{sentence}"):
        region_of(dict(zip(("x", "y", "width", "height"), values, strict=True)), "line 2")
