"""The label file: every mistake becomes a sentence with file and line."""

from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from wholefield.errors import SettingError
from wholefield.sources.rect import Rect
from wholefield.tasks.slides.labels import LabeledSlide, read_labels
from wholefield.tasks.slides.labels.label_table import in_order
from wholefield.training.settings import ClassWeighting


@pytest.fixture
def slides(tmp_path: Path) -> Path:
    """A folder of (empty) slide files."""
    folder = tmp_path / "slides"
    folder.mkdir()
    for name in ("a.tif", "b.tif", "c d.tif"):
        (folder / name).touch()
    return folder


def write(folder: Path, text: str) -> Path:
    path = folder / "labels.csv"
    path.write_text(text, encoding="utf-8")
    return path


class TestReading:
    def test_rows_and_sorted_classes(self, slides: Path) -> None:
        table = read_labels(
            write(slides, "file,label\nb.tif,tumour\na.tif,benign\n\nc d.tif, tumour \n"), slides
        )
        assert table.rows == (
            LabeledSlide(slides / "b.tif", "tumour"),
            LabeledSlide(slides / "a.tif", "benign"),
            LabeledSlide(slides / "c d.tif", "tumour"),
        )
        assert table.classes == ("benign", "tumour")
        assert table.targets() == (1, 0, 1)

    def test_spreadsheet_dialect(self, slides: Path) -> None:
        text = "\ufeffLabel, File ,note\r\n1,a.tif,x\r\n0,b.tif,\r\n"
        table = read_labels(write(slides, text), slides)
        assert [(row.path.name, row.label) for row in table.rows] == [("a.tif", "1"), ("b.tif", "0")]

    def test_regions(self, slides: Path) -> None:
        text = "file,label,x,y,width,height\na.tif,p,0,5,100,80\na.tif,q,100,5,100,80\nb.tif,q,,,,\n"
        regions = [row.region for row in read_labels(write(slides, text), slides).rows]
        assert regions == [Rect(0, 5, 100, 80), Rect(100, 5, 100, 80), None]

    @pytest.mark.parametrize("missing", ["", "nan", "NaN", "N/A", "#N/A", "<NA>", "null"])
    def test_rows_without_a_class_are_left_out_and_counted(self, slides: Path, missing: str) -> None:
        table = read_labels(write(slides, f"file,label\na.tif,x\nb.tif,{missing}\nc d.tif,y\n"), slides)
        assert [row.path.name for row in table.rows] == ["a.tif", "c d.tif"]
        assert table.classes == ("x", "y")
        assert table.notes == (
            f"labels.csv: 1 row has no class ({missing or 'empty'}; line 3) and count for nothing.",
        )

    def test_spaces_around_a_class_are_left_out_and_said(self, slides: Path) -> None:
        table = read_labels(write(slides, "file,label\na.tif,x \nb.tif,x\nc d.tif,y\n"), slides)
        assert table.classes == ("x", "y")
        assert table.notes == ("labels.csv: spaces around the names of classes (x) are left out.",)

    def test_a_link_is_the_slide_that_it_leads_to(self, slides: Path) -> None:
        (slides / "link.tif").symlink_to(slides / "a.tif")
        with pytest.raises(SettingError, match=r"line 3: link\.tif is also listed in line 2"):
            read_labels(write(slides, "file,label\na.tif,x\nlink.tif,y\n"), slides)

    def test_classes_that_are_numbers_are_in_their_order(self, slides: Path) -> None:
        rows = "file,label\na.tif,10\nb.tif,2\nc d.tif,-1\n"
        assert read_labels(write(slides, rows), slides).classes == ("-1", "2", "10")
        assert in_order({"10", "2", "b"}) == ("10", "2", "b")
        assert in_order({"1.000", "0,5", "20"}) == ("0,5", "1.000", "20")

    @pytest.mark.parametrize(
        ("text", "sentence"),
        [
            ("", "has no column file"),
            ("file,label\n", "lists no slides"),
            ("file,class\na.tif,x\n", r"no column label \(it has file, class\)"),
            ("file,label\na.tif,x\nz.tif,y\n", r"line 3: z\.tif is not in the folder"),
            ("file,label\n,x\n", "line 2: the file is empty"),
            ("file,label\na.tif\nb.tif,nan\n", "lists no slides"),
            ("file,label\n,\na.tif,x\n,nan\n", "line 4: the file is empty"),
            ("file,label\na.tif,x\n./a.tif,y\n", r"line 3: a\.tif is also listed in line 2"),
            (
                "file,label\na.tif,Tumor\nb.tif,tumor\n",
                "differs from Tumor of line 2 only in upper and lower case",
            ),
            ("file,label\na.tif,a b\nb.tif,a  b\n", "differs from a b of line 2 only in spaces or accents"),
            (
                "file,label\na.tif,1\nb.tif,1.0\n",
                "differs from 1 of line 2 only in how the number is written",
            ),
            (
                "file,label\na.tif,x\nb.tif,None\n",
                'line 3: the label "None" may be the name of a class, or mean',
            ),
            ("file,label\na.tif,x\nb.tif,NA\n", 'line 3: the label "NA" may be'),
            ("file,label\na.tif,x\na.tif,y\n", r"line 3: a\.tif is also listed in line 2"),
            ("file,label\na.tif,x\nb.tif,x\n", "only the class x"),
            ("file,label,x,y,width,height\na.tif,x,1,2,3,\n", "line 2: x, y, width and height must be"),
            ("file,label,x,y,width,height\na.tif,x,1,2,3,0\n", "line 2: the region must lie inside"),
            ("file,label,x,y,width,height\na.tif,x,-1,2,3,4\n", "line 2: the region must lie inside"),
        ],
    )
    def test_mistakes(self, slides: Path, text: str, sentence: str) -> None:
        with pytest.raises(SettingError, match=sentence) as error:
            read_labels(write(slides, text), slides)
        assert "labels.csv" in str(error.value)

    def test_missing_file(self, slides: Path) -> None:
        with pytest.raises(SettingError, match="No such file"):
            read_labels(slides / "absent.csv", slides)

    def test_not_text(self, slides: Path) -> None:
        path = slides / "labels.csv"
        path.write_bytes(b"file\x00\x01,label binary")
        with pytest.raises(SettingError, match="not a CSV text file"):
            read_labels(path, slides)


class TestClassWeights:
    def test_rare_classes_weigh_more(self) -> None:
        assert ClassWeighting.BALANCED.weights([3, 1]) == pytest.approx((2 / 3, 2.0))

    @given(st.lists(st.integers(0, 3), min_size=1).map(lambda extra: [0, 1, 2, 3, *extra]))
    def test_every_class_has_the_same_total(self, targets: list[int]) -> None:
        weights = ClassWeighting.BALANCED.weights([targets.count(c) for c in range(4)])
        assert [weights[c] * targets.count(c) for c in range(4)] == pytest.approx([len(targets) / 4] * 4)

    def test_absent_class(self) -> None:
        assert ClassWeighting.BALANCED.weights([1, 0, 1]) == (1.0, 0.0, 1.0)
        assert ClassWeighting.NONE.weights([5, 0]) == (1.0, 1.0)
