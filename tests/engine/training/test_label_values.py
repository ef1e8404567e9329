"""Values in masks and stacks become classes and come back; what may be no label is said."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as arrays

from wholefield.errors import SettingError
from wholefield.runs.reports import Level
from wholefield.training.label_values import (
    LabelCounts,
    LabelOptions,
    LabelSet,
    label_set,
    notes_on_labels,
    values_of,
)

TYPES = ("u1", "u2", "u4", "i2", "i4", "i8", "f4", "f8")


def counted(array: np.ndarray, options: LabelOptions | None = None) -> LabelCounts:
    counts = LabelCounts("The mask", options or LabelOptions())
    counts.add(array, "in m.png")
    return counts


def refused(array: np.ndarray, **options: str) -> str:
    given = LabelOptions.parse(options.get("label_values"), options.get("ignore_label"))
    with pytest.raises(SettingError) as error:
        label_set(counted(array, given))
    return str(error.value)


class TestClasses:
    @pytest.mark.parametrize("dtype", TYPES)
    def test_black_and_white_are_two_classes_in_any_type(self, dtype: str) -> None:
        top = 255 if dtype == "u1" else 20_000
        mask = np.array([[0, top, top], [0, 0, top]], dtype)
        counts = counted(mask)
        labels = label_set(counts)
        assert labels == LabelSet((0, top))
        assert labels.classes(mask, "x").tolist() == [[0, 1, 1], [0, 0, 1]]
        (note,) = notes_on_labels(labels, counts)
        assert note.text == f"Label values become classes in ascending order: 0 is class 0, {top} is class 1."

    def test_large_and_far_apart(self) -> None:
        mask = np.array([70_000, 2**31 + 5, 3], np.uint32)
        labels = label_set(counted(mask))
        assert labels.values == (3, 70_000, 2**31 + 5)
        assert labels.classes(mask, "x").tolist() == [1, 2, 0]
        np.testing.assert_array_equal(labels.in_file(np.array([1, 2, 0], np.uint8)), mask)

    def test_what_is_not_a_number_has_no_class(self) -> None:
        mask = np.array([0, 1, np.nan, np.inf, 1], np.float32)
        counts = counted(mask)
        labels = label_set(counts)
        assert (counts.counts, counts.unlabeled) == ({0: 1, 1: 2}, 2)
        assert labels.classes(mask, "x").tolist() == [0, 1, 2, 2, 1]
        (note,) = notes_on_labels(labels, counts)
        assert (note.level, note.text) == (
            Level.WARNING,
            "The mask: 2 labels are not numbers and count for nothing.",
        )

    def test_ignored(self) -> None:
        labels = label_set(counted(np.array([0, 1, 7, 255, -1]), LabelOptions.parse(None, "-1,7,255")))
        assert labels == LabelSet((0, 1), (-1, 7, 255))
        assert labels.classes(np.array([255, 1, -1, 0, 7]), "x").tolist() == [2, 1, 2, 0, 2]
        assert labels.in_file(np.array([0, 1, 2], np.uint8)).tolist() == [0, 1, -1]

    def test_binarized(self) -> None:
        mask = np.array([0, 5, 77, 9999, 3], np.uint16)
        counts = counted(mask, LabelOptions.parse(None, "9999", binarize=True))
        labels = label_set(counts)
        assert counts.counts == {0: 1, 1: 3, 9999: 1}
        assert labels.values == (0, 1)
        assert labels.classes(mask, "x").tolist() == [0, 1, 1, 2, 1]
        many = np.arange(2000).astype(np.uint16)
        assert label_set(counted(many, LabelOptions(binarize=True))).values == (0, 1)

    @given(arrays.arrays(np.int32, 30, elements=st.integers(-5, 5)))
    def test_listed_classes_come_back(self, mask: np.ndarray) -> None:
        labels = label_set(counted(mask, LabelOptions.parse("-5-5", None)))
        classes = labels.classes(mask, "x")
        np.testing.assert_array_equal(labels.in_file(classes.astype(np.uint8)), mask)
        assert notes_on_labels(LabelSet((0, 1, 2)), counted(mask)) == ()


class TestRefusals:
    def test_negative_labels_may_be_either(self) -> None:
        mask = np.array([-1, 0, 1, -2], np.int16)
        text = refused(mask)
        assert "holds negative labels (-2, -1), which may be classes or mark what has no label" in text
        assert "set ignore_label to -2, -1, or list all classes in label_values" in text
        assert label_set(counted(mask, LabelOptions.parse("-2-1", None))).values == (-2, -1, 0, 1)
        assert label_set(counted(mask, LabelOptions.parse(None, "-2, -1"))).values == (0, 1)

    def test_intensities(self) -> None:
        assert "holds 0.5 in m.png, but labels are whole numbers" in refused(np.array([0, 0.5]))
        assert "look like intensities, or like the numbers of single objects" in refused(np.arange(300))
        assert "holds 60 values (0, 1, 2, 3, 4, 5, ...), as many as intensities" in refused(np.arange(60))
        assert len(label_set(counted(np.arange(60), LabelOptions.parse("0-59", None))).values) == 60

    def test_traces_of_jpeg(self) -> None:
        mask = np.repeat(np.array([0, 255, 3, 251, 9], np.uint8), [600, 300, 4, 5, 2])
        text = refused(mask)
        assert "Nearly all labels of The mask are 0, 255, but a few are 3, 9, 251" in text
        assert label_set(counted(mask, LabelOptions.parse("0,3,9,251,255", None))).values == (
            0,
            3,
            9,
            251,
            255,
        )
        smooth = np.r_[np.arange(256), [0] * 9000, [255] * 4000][: 256 + 13000].astype(np.uint8)
        assert "look like traces of JPEG compression" in refused(smooth[smooth != 77])
        # Rare classes of a map with more than two frequent ones are classes.
        atlas = np.repeat(np.array([0, 40, 200, 3, 41, 201], np.uint8), [600, 300, 100, 4, 5, 2])
        assert len(label_set(counted(atlas)).values) == 6

    def test_single_labels(self) -> None:
        assert "holds the single label 4 besides the ignored ones" in refused(np.array([4, 4]))
        assert "holds no label besides the ignored ones" in refused(np.array([4]), ignore_label="4")

    def test_what_is_neither_listed_nor_ignored(self) -> None:
        text = refused(np.array([0, 1, 3, 9]), label_values="0,1")
        assert (
            "holds 3, 9 besides the labels 0, 1; add what is missing to label_values or to ignore_label"
            in text
        )
        with pytest.raises(SettingError, match=r"here holds 5, which is none of the labels 0, 7, 1000"):
            LabelSet((0, 7, 1000)).classes(np.array([0, 5]), "here")

    @pytest.mark.parametrize(
        ("given", "sentence"),
        [
            (("3,3", None), "must name at least two labels"),
            (("0-9", "7,11"), "label 7 stands in label_values and in ignore_label"),
            ((None, "x"), "ignore_label is 'x'"),
        ],
    )
    def test_lists(self, given: tuple[str | None, str | None], sentence: str) -> None:
        with pytest.raises(SettingError, match=sentence):
            LabelOptions.parse(*given)
        with pytest.raises(SettingError, match="exclude each other"):
            LabelOptions.parse("0,1", None, binarize=True)


def test_255_beside_others_is_said() -> None:
    counts = counted(np.array([0, 1, 255], np.uint8))
    texts = [note.text for note in notes_on_labels(label_set(counts), counts)]
    assert texts[1] == (
        "The mask holds 255 beside 0, 1; it is a class of its own now. If it marks what has no label, set "
        "ignore_label to 255."
    )


@pytest.mark.parametrize("dtype", TYPES)
def test_values_are_counted_in_any_type(dtype: str) -> None:
    plane = np.random.default_rng(0).integers(0, 9, (13, 17)).astype(dtype)
    values, times = values_of(plane)
    assert dict(zip(values.tolist(), times.tolist(), strict=True)) == Counter(plane.ravel().tolist())
