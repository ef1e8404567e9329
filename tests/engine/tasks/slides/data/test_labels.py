"""The label file: every mistake becomes a sentence with file and line; the split keeps its promises."""

from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from wholefield.errors import SettingError
from wholefield.sources.rect import Rect
from wholefield.tasks.slides.data.labels import LabeledSlide, LabelTable, read_labels, split
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

    @pytest.mark.parametrize(
        ("text", "sentence"),
        [
            ("", "has no column file"),
            ("file,label\n", "lists no slides"),
            ("file,class\na.tif,x\n", r"no column label \(it has file, class\)"),
            ("file,label\na.tif,x\nz.tif,y\n", r"line 3: z\.tif is not in the folder"),
            ("file,label\na.tif,x\nb.tif,\n", "line 3: the label is empty"),
            ("file,label\n,x\n", "line 2: the file is empty"),
            ("file,label\na.tif\n", "line 2: the label is empty"),
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
        path.write_bytes(b"\xff\xfe\x00\x01binary")
        with pytest.raises(SettingError, match="not a CSV text file"):
            read_labels(path, slides)


def table(counts: list[int]) -> LabelTable:
    classes = tuple(f"class {index}" for index in range(len(counts)))
    rows = [
        LabeledSlide(Path(f"{c}-{n}"), c)
        for c, count in zip(classes, counts, strict=True)
        for n in range(count)
    ]
    return LabelTable(tuple(rows), classes)


class TestSplit:
    @given(
        st.lists(st.integers(2, 30), min_size=2, max_size=5),
        st.floats(0.01, 0.99),
        st.integers(0, 2**32 - 1),
    )
    def test_is_a_partition_with_every_class_on_both_sides(
        self, counts: list[int], fraction: float, seed: int
    ) -> None:
        rows = table(counts)
        parts = split(rows, fraction, seed)
        assert sorted(parts.training + parts.validation) == list(range(len(rows.rows)))
        for index, count in enumerate(counts):
            taken = sum(rows.targets()[i] == index for i in parts.validation)
            assert 1 <= taken <= count - 1
            assert abs(taken - count * fraction) <= 1

    @given(st.integers(2, 9), st.integers(2, 9), st.integers(0, 2**32 - 1))
    def test_no_slide_lands_on_both_sides(self, blue: int, both: int, seed: int) -> None:
        """Slides with rows of one class, of both, and of the other."""
        names = [("b", f"b{n}") for n in range(blue)] + [("r", f"r{n}") for n in range(blue)]
        names += [(label, f"x{n}") for n in range(both) for label in ("b", "r")]
        rows = tuple(LabeledSlide(Path(slide), label) for label, slide in names)
        parts = split(LabelTable(rows, ("b", "r")), 0.3, seed)
        sides = [{rows[i].path for i in part} for part in (parts.training, parts.validation)]
        assert not sides[0] & sides[1]
        for part in (parts.training, parts.validation):
            assert {rows[i].label for i in part} == {"b", "r"}

    def test_parts_of_a_single_slide_are_divided(self) -> None:
        rows = tuple(LabeledSlide(Path("s"), label, Rect(n, 0, 1, 1)) for n, label in enumerate("aabbb"))
        parts = split(LabelTable(rows, ("a", "b")), 0.3, 1)
        assert sorted(parts.training + parts.validation) == [0, 1, 2, 3, 4]
        assert [{rows[i].label for i in part} for part in (parts.training, parts.validation)] == [
            {"a", "b"}
        ] * 2

    def test_classes_that_stand_on_the_same_slides_cannot_always_be_divided(self) -> None:
        rows = [("a", "1"), ("a", "2"), ("b", "1"), ("b", "3"), ("c", "2"), ("c", "3")]
        labelled = tuple(LabeledSlide(Path(slide), label) for label, slide in rows)
        with pytest.raises(SettingError, match="have rows of other classes too"):
            split(LabelTable(labelled, ("a", "b", "c")), 0.5, 0)

    def test_depends_on_the_seed_alone(self) -> None:
        rows = table([20, 20])
        assert split(rows, 0.3, 4) == split(rows, 0.3, 4)
        assert split(rows, 0.3, 4) != split(rows, 0.3, 5)

    def test_single_row_of_a_class(self) -> None:
        with pytest.raises(SettingError, match="class 1 has one slide"):
            split(table([3, 1]), 0.5, 0)


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
