"""The split of slides keeps its promises, and is kept when a run goes on."""

import os
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from wholefield.errors import SettingError
from wholefield.sources.rect import Rect
from wholefield.tasks.slides.labels import LabeledSlide, LabelTable, MaskedSlide, split, split_rows
from wholefield.tasks.slides.labels.splitting import ONE_SLIDE, Split, kept_of, notes_on_split


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


class TestGoingOn:
    @given(
        st.lists(st.integers(2, 20), min_size=2, max_size=4),
        st.lists(st.integers(0, 20), min_size=4, max_size=4),
        st.floats(0.05, 0.6),
        st.integers(0, 99),
    )
    def test_slides_stay_on_their_side_when_rows_are_added(
        self, before: list[int], added: list[int], fraction: float, seed: int
    ) -> None:
        earlier, later = table(before), table([a + b for a, b in zip(before, added, strict=False)])
        first = split(earlier, fraction, seed)
        kept = kept_of(earlier.rows, first)
        second = split(later, fraction, seed + 1, kept)
        sides = [
            {rows.rows[i].path for i in part}
            for rows, parts in ((earlier, first), (later, second))
            for part in (parts.training, parts.validation)
        ]
        assert sides[0] <= sides[2]
        assert sides[1] <= sides[3]
        assert not sides[2] & sides[3]

    def test_what_is_new_and_what_is_gone_is_said(self) -> None:
        earlier = table([6, 6])
        kept = kept_of(earlier.rows, split(earlier, 0.25, 0))
        later = LabelTable(table([8, 6]).rows[1:], earlier.classes)
        notes = notes_on_split(later.rows, split(later, 0.25, 0, kept), kept)
        assert notes[0].startswith("2 slides are new since the earlier part of the run: ")
        assert notes[1] == "1 slides of the earlier part of the run are no longer in the table."

    def test_slides_that_were_moved_are_found_by_their_names(self, tmp_path: Path) -> None:
        earlier = table([6, 6])
        first = split(earlier, 0.25, 0)
        moved = tuple(LabeledSlide(tmp_path / row.path, row.label) for row in earlier.rows)
        later = LabelTable(moved, earlier.classes)
        assert split(later, 0.25, 99, kept_of(earlier.rows, first)) == first

    def test_masks_alike(self) -> None:
        rows = [MaskedSlide(Path(f"{n}.tif"), Path("m.tif")) for n in range(12)]
        first = split_rows(rows[:8], 0.25, 0)
        second = split_rows(rows, 0.25, 5, kept_of(rows[:8], first))
        assert set(first.validation) <= set(second.validation)
        assert set(first.training) <= set(second.training)

    def test_nothing_left_of_one_side(self) -> None:
        rows = [MaskedSlide(Path(f"{n}.tif"), Path("m.tif")) for n in range(8)]
        first = split_rows(rows, 0.25, 0)
        left = [rows[i] for i in first.training]
        with pytest.raises(SettingError, match="one side of the split is empty"):
            split_rows(left, 0.25, 0, kept_of(rows, first))


def test_a_slide_under_two_names_is_on_one_side(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    rows = []
    for number, label in enumerate("xyxyxyxy"):
        (tmp_path / f"{number}.tif").write_bytes(bytes([number]) * 9)
        (tmp_path / f"link{number}.tif").symlink_to(tmp_path / f"{number}.tif")
        names = (f"{number}.tif", os.path.join("sub", "..", f"{number}.tif"), f"link{number}.tif")
        rows += [LabeledSlide(tmp_path / name, label, Rect(n, 0, 1, 1)) for n, name in enumerate(names)]
    for seed in range(20):
        parts = split(LabelTable(tuple(rows), ("x", "y")), 0.25, seed)
        sides = [{rows[i].path.resolve() for i in part} for part in (parts.training, parts.validation)]
        assert not sides[0] & sides[1]
    assert notes_on_split(rows, parts, None) == ()


class TestCopies:
    """Files of the same content are on one side, whatever they are called."""

    @staticmethod
    def slides(folder: Path, copies: dict[str, int]) -> list[Path]:
        """Files by name, each with that many copies, whose names sort before, between and after the others."""
        paths = [
            folder / f"{prefix}{name}.tif"
            for name, count in copies.items()
            for prefix in ("", "a", "z", "m")[: 1 + count]
        ]
        for path in paths:
            path.write_bytes(path.stem[-1].encode() * 1000)
        return paths

    @staticmethod
    def contents(paths: list[Path], part: tuple[int, ...]) -> set[bytes]:
        return {paths[i].read_bytes() for i in part}

    @pytest.mark.parametrize("seed", range(8))
    def test_are_on_one_side(self, tmp_path: Path, seed: int) -> None:
        paths = self.slides(tmp_path, {"1": 1, "2": 0, "3": 2, "4": 3, "5": 0})
        rows = [MaskedSlide(path, Path("m.tif")) for path in paths]
        labeled = tuple(LabeledSlide(path, label) for path in paths for label in "ab")
        for found, where in (
            (split_rows(rows, 0.4, seed), paths),
            (split(LabelTable(labeled, ("a", "b")), 0.4, seed), [row.path for row in labeled]),
        ):
            sides = [self.contents(where, part) for part in (found.training, found.validation)]
            assert not sides[0] & sides[1]
            assert len(sides[1]) == 2
            assert sorted(found.training + found.validation) == list(range(len(where)))

    @pytest.mark.parametrize("seed", range(8))
    def test_that_are_added_stay_with_their_slide(self, tmp_path: Path, seed: int) -> None:
        before = self.slides(tmp_path, {"1": 0, "2": 0, "3": 0, "4": 0})
        earlier = [MaskedSlide(path, Path("m.tif")) for path in before]
        first = split_rows(earlier, 0.5, 1)
        after = self.slides(tmp_path, {"1": 1, "2": 3, "3": 0, "4": 2})
        later = [MaskedSlide(path, Path("m.tif")) for path in after]
        second = split_rows(later, 0.5, seed, kept_of(earlier, first))
        assert self.contents(before, first.validation) == self.contents(after, second.validation)
        assert self.contents(before, first.training) == self.contents(after, second.training)

    def test_that_an_earlier_part_had_on_both_sides_are_trained_on(self, tmp_path: Path) -> None:
        rows = [MaskedSlide(path, Path("m.tif")) for path in self.slides(tmp_path, {"1": 1, "2": 0, "3": 0})]
        kept = kept_of(rows, Split((0, 2), (1, 3)))
        assert split_rows(rows, 0.3, 0, kept) == Split((0, 1, 2), (3,))

    def test_of_one_slide_are_one_slide(self, tmp_path: Path) -> None:
        paths = self.slides(tmp_path, {"1": 1})
        whole = [MaskedSlide(path, Path("m.tif")) for path in paths]
        with pytest.raises(SettingError, match="of one slide or of copies of it"):
            split_rows(whole, 0.5, 0)
        rows = [MaskedSlide(path, Path("m.tif"), Rect(x, 0, 5, 5)) for path in paths for x in (0, 5, 10)]
        parts = split_rows(rows, 0.3, 0)
        assert not {rows[i].region for i in parts.training} & {rows[i].region for i in parts.validation}
        assert notes_on_split(rows, parts, None)[0] == ONE_SLIDE
        labeled = tuple(LabeledSlide(path, "a") for path in paths)
        others = tuple(LabeledSlide(path, "b") for path in self.slides(tmp_path, {"2": 0, "3": 0}))
        with pytest.raises(SettingError, match="class a has one slide in 2 copies"):
            split(LabelTable(labeled + others, ("a", "b")), 0.5, 0)
