"""Axes in any order: boxes of an array against transposing it, shapes that leave no choice, and answers."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st

from wholefield.errors import SourceError
from wholefield.sources import Reading, UnclearFileError
from wholefield.sources.stacks.axes import AxisOrder, axes_question, by_shape, letter_of, letters_of, order_of

orders = (
    st.permutations("tzyxc")
    .flatmap(lambda letters: st.sampled_from([3, 4, 5]).map(lambda count: "".join(letters[:count])))
    .filter(lambda letters: {"y", "x"} <= set(letters))
)


@given(orders, st.data())
def test_a_box_is_that_of_the_transposed_array(letters: str, data: st.DataObject) -> None:
    lengths = tuple(data.draw(st.integers(1, 4)) for _ in letters)
    array = np.arange(np.prod(lengths)).reshape(lengths)
    order = AxisOrder(letters, lengths)
    full = array.reshape([*lengths, *[1] * (5 - len(letters))])
    places = letters + "".join(letter for letter in "tzyxc" if letter not in letters)
    expected = full.transpose([places.index(letter) for letter in "tzyxc"])
    time = data.draw(st.integers(0, order.times - 1))
    box = tuple(
        slice(start := data.draw(st.integers(0, side - 1)), data.draw(st.integers(start + 1, side)))
        for side in order.shape
    )
    values = order.arranged(array[order.selection(time, (box[0], box[1], box[2]))])
    wanted = expected[time][box[0], box[1], box[2]]
    np.testing.assert_array_equal(values, wanted if "c" in letters else wanted[..., 0])


@pytest.mark.parametrize(
    ("lengths", "letters"),
    [
        ((5, 6), "yx"),
        ((4, 5, 6), "zyx"),
        ((1, 5, 6), "zyx"),
        ((1, 1, 4, 5, 6), "__zyx"),
        ((1, 4, 5, 6, 1), "_zyx_"),
        ((4, 1, 5, 6), "z_yx"),
        ((1, 1, 1, 1), "_zyx"),
        ((2, 4, 5, 3), "zyxc"),
        ((1, 2, 4, 5, 4), "_zyxc"),
        ((2, 4, 5, 6), None),
        ((2, 3, 4, 5, 6), None),
        ((600, 800, 3), None),
        ((1, 600, 800, 4), None),
        ((9, 8, 3), "zyx"),
    ],
)
def test_what_a_shape_tells(lengths: tuple[int, ...], letters: str | None) -> None:
    assert by_shape(lengths) == letters


def test_names_of_axes() -> None:
    assert [letter_of(name) for name in ("T", "Time", "channel", "ROW", "q", "")] == [
        "t",
        "t",
        "c",
        "y",
        None,
        None,
    ]
    assert letters_of(["time", "Z", "row", "column"]) == "tzyx"
    assert letters_of(["z", "y"]) is None
    assert letters_of(["z", "depth", "y", "x"]) is None
    assert letters_of(["angle", "y", "x"]) is None


def test_answers_come_before_what_a_file_tells(tmp_path: Path) -> None:
    path = tmp_path / "a"
    assert order_of(path, (2, 3, 4, 5), Reading({"axes": "C, Z, Y, X"}), "tzyx").letters == "czyx"
    assert order_of(path, (2, 1, 3, 4, 5), Reading({"axes": "tzyx"})).letters == "t_zyx"
    assert order_of(path, (2, 3, 4, 5), Reading(), "tzyx").letters == "tzyx"
    with pytest.raises(UnclearFileError):
        order_of(path, (2, 3, 4, 5), Reading())


@pytest.mark.parametrize("answer", ["zyx", "zzyx", "tzyxc", "tzcq", "tzcx", "12yx"])
def test_answers_that_do_not_fit(tmp_path: Path, answer: str) -> None:
    with pytest.raises(SourceError, match="does not name"):
        order_of(tmp_path / "a", (2, 3, 4, 5), Reading({"axes": answer}))


@given(st.lists(st.integers(2, 90), min_size=3, max_size=5))
def test_every_order_that_is_offered_fits(lengths: list[int]) -> None:
    question = axes_question(tuple(lengths))
    assert question.answers
    for answer in question.answers:
        order = order_of(Path("a"), lengths, Reading({"axes": answer.value}))
        assert np.prod(order.shape) * order.channels * order.times == np.prod(lengths)
