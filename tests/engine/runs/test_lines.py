"""Reports survive the way through a line of JSON, whatever their values; anything else is refused."""

import json
import math
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, strategies as st

from wholefield.runs.lines import CLASSES, line_of, report_of
from wholefield.runs.reports import (
    CheckpointSaved,
    Direction,
    EpochDone,
    Failed,
    Finished,
    Level,
    Message,
    PartDone,
    PreviewReady,
    Reason,
    RegionPredicted,
    Report,
    Started,
    StepDone,
    StrokesJudged,
    TileDone,
    WrongPlace,
)

REPORTS = (
    Started("classify", Path("a b/ü"), 10, 2, ("red", "blue")),
    StepDone(1, 10, 1, 2, 0.1 + 0.2, None, {"data": 1e-300}),
    StepDone(1, 10, 1, 2, math.inf, 3.5),
    EpochDone(3, {"loss": -math.inf, "accuracy": 1.0}, 30),
    TileDone(Direction.REVERSE, (0, 3), (2, 5), ((0, 1), (-4, 6)), Path("/a.svs")),
    PartDone("Predicting slices", 3, 9, 12.25),
    CheckpointSaved(Path("last.ckpt"), best=True),
    Message(Level.WARNING, "line\nbreak, “quotes”"),
    Finished(Path("runs/one"), Reason.STOPPED),
    Failed("It broke."),
)


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: type(report).__name__)
def test_a_report_comes_back_equal(report: Report) -> None:
    line = line_of(report)
    assert "\n" not in line
    assert report_of(line) == report


def test_every_report_has_a_line() -> None:
    assert (
        set(CLASSES.values())
        == set(get_args(Report))
        == {type(report) for report in REPORTS} | {PreviewReady, RegionPredicted, StrokesJudged}
    )


@given(st.floats(), st.floats(allow_nan=True) | st.none())
def test_every_number_comes_back_with_its_bits(loss: float, left: float | None) -> None:
    found = report_of(line_of(StepDone(1, 2, 3, 4, loss, left)))
    assert isinstance(found, StepDone)
    assert repr((found.loss, found.seconds_left)) == repr((loss, left))


@pytest.mark.parametrize("dtype", ["f4", ">f8", "u1", "i8", "?", ">u2"])
def test_pictures_come_back_bit_for_bit(dtype: str) -> None:
    picture = np.random.default_rng(0).integers(0, 2, (3, 4, 2)).astype(dtype)[:, ::-1]
    found = report_of(line_of(PreviewReady(1, 7, {"input": picture}, {"psnr": math.nan})))
    assert isinstance(found, PreviewReady)
    np.testing.assert_array_equal(found.pictures["input"], picture, strict=True)
    assert math.isnan(found.metrics["psnr"])
    found.pictures["input"][...] = 0


def test_what_strokes_give_comes_back() -> None:
    places = (WrongPlace((1.0, 2.0, 3.5, 4.0), 1, 0, 0.25),)
    judged = report_of(line_of(StrokesJudged(2, ("a", "b"), np.eye(2, dtype=np.int64), places, 3, 4, 5)))
    assert isinstance(judged, StrokesJudged)
    assert (judged.places, judged.classes, judged.training) == (places, ("a", "b"), 5)
    np.testing.assert_array_equal(judged.table, np.eye(2, dtype=np.int64), strict=True)
    classes = np.arange(6, dtype=np.uint8).reshape(2, 3)
    found = report_of(line_of(RegionPredicted(Path("a"), (0.0, 0.0, 3.0, 2.0), classes, classes, 7)))
    assert isinstance(found, RegionPredicted)
    np.testing.assert_array_equal(found.classes, classes, strict=True)


def test_a_preview_without_pictures_is_short() -> None:
    preview = PreviewReady(1, 7, {"input": np.zeros((100, 100))}, {"psnr": 30.0}, Path("a"))
    short = line_of(preview, pictures=False)
    assert len(short) < 200
    found = report_of(short)
    assert isinstance(found, PreviewReady)
    assert (found.epoch, found.at, found.pictures, found.metrics, found.path) == (
        1,
        7,
        {},
        {"psnr": 30.0},
        Path("a"),
    )


@pytest.mark.parametrize(
    "line",
    [
        "",
        "[]",
        "7",
        '{"report": "Paint"}',
        '{"report": "Message", "level": "loud", "text": "a"}',
        '{"report": "Message", "text": "a"}',
        '{"report": "Failed", "message": 3}',
        '{"report": "Failed", "message": "a", "more": 1}',
        '{"report": "EpochDone", "epoch": "1", "metrics": {}}',
        '{"report": "TileDone", "sweep": "forward", "index": [0], "counts": [1], "box": [[0]], "slide": "a"}',
        '{"report": "PreviewReady", "epoch": 1, "at": 1, "pictures": {"a": {"dtype": "O", "shape": [], "data": ""}}}',
        "[" * 100_000,
    ],
)
def test_anything_else_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="not the line of a report"):
        report_of(line)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda each: st.lists(each), max_leaves=4
    )
)
def test_values_of_any_kind_raise_nothing_else(value: object) -> None:
    for kind in CLASSES:
        line = json.dumps(
            {"report": kind, "pictures": value, "metrics": value, "epoch": 1, "at": 1, "message": value}
        )
        try:
            report_of(line)
        except ValueError:
            continue
