"""Held-out strokes: a share of every class, for good, and never what was trained on."""

from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from wholefield.errors import SourceError
from wholefield.labels import rectangle
from wholefield.tasks.slides.strokes.split import Stroke, StrokeSplit


def row(count: int, label: int = 0) -> list[Stroke]:
    return [Stroke(f"{label}-{i}", label, rectangle(20 * i, 30 * label, 10, 10)) for i in range(count)]


@given(st.integers(1, 60), st.floats(0.05, 0.95), st.integers(0, 59))
def test_a_share_of_every_class_is_held_out_however_many_come_at_once(
    count: int, share: float, first: int
) -> None:
    strokes = row(count) + row(count, 1)
    at_once, one_by_one = StrokeSplit(share), StrokeSplit(share)
    at_once.update(strokes)
    one_by_one.update([each for each in strokes if int(each.key.split("-")[1]) < first])
    one_by_one.update(strokes)
    assert at_once.held_out == one_by_one.held_out
    for label in (0, 1):
        held = sum(at_once.held_out[f"{label}-{i}"] for i in range(count))
        assert held == int(round(count * share, 9))


def test_what_covers_trained_pixels_trains() -> None:
    split = StrokeSplit(0.25)
    strokes = row(4)
    split.update(strokes)
    assert [split.held_out[each.key] for each in strokes] == [False, False, False, True]
    beside = Stroke("0-3", 0, rectangle(50, 0, 20, 10))
    split.update([*strokes[:3], beside])
    assert split.held_out["0-3"], "it only touches the third one, which ends where it begins"
    split.update([strokes[0], Stroke("0-3", 0, rectangle(45, 0, 25, 10))])
    assert not split.held_out["0-3"], "the third one is erased, but was trained on"


def test_it_is_kept_for_a_resumed_run(tmp_path: Path) -> None:
    first, second = StrokeSplit(0.25), StrokeSplit(0.25)
    first.update(row(3))
    first.save(tmp_path / "split.json")
    second.load(tmp_path / "split.json")
    second.update(row(4)[3:])
    assert second.held_out == {"0-0": False, "0-1": False, "0-2": False, "0-3": True}
    second.update([Stroke("0-3", 0, rectangle(0, 0, 10, 10))])
    assert not second.held_out["0-3"], "the first part has trained there"


@pytest.mark.parametrize(
    "text", ["", "[]", '{"held_out": 3}', '{"held_out": {}, "counts": [], "trained": {"a": "P"}}']
)
def test_a_damaged_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "split.json").write_text(text)
    with pytest.raises(SourceError, match=r"split\.json is damaged"):
        StrokeSplit(0.5).load(tmp_path / "split.json")
