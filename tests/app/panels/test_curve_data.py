import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st

from wholefield.runs.reports import EpochDone, Level, Message, Started, StepDone
from wholefield.training.quality import ACCURACY, Quality
from wholefield_app.panels.curve_data import SMOOTHING_STEPS, CurveData


def step(number: int, loss: float) -> StepDone:
    return StepDone(number, 100, 1, 5, loss)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60))
def test_smoothing_is_the_weighted_mean_of_the_past(losses: list[float]) -> None:
    data = CurveData()
    data.add(step(number + 1, loss) for number, loss in enumerate(losses))
    keep = 1 - 1 / SMOOTHING_STEPS
    for end in range(1, len(losses) + 1):
        weights = keep ** np.arange(end - 1, -1, -1, dtype=np.float64)
        expected = float(np.average(losses[:end], weights=weights))
        assert data.smoothed.values[end - 1] == pytest.approx(expected, rel=1e-9, abs=1e-6)
    assert data.smoothed.values[0] == pytest.approx(losses[0])


def test_values_that_cannot_be_drawn_are_left_out() -> None:
    data = CurveData()
    data.add([step(1, 2.0), step(2, math.nan), step(3, math.inf), step(4, 1.0)])
    assert (data.loss.steps, data.loss.values) == ([1, 4], [2.0, 1.0])
    assert all(math.isfinite(value) for value in data.smoothed.values)


def test_epochs_stand_at_the_step_that_ended_them(tmp_path: Path) -> None:
    data = CurveData()
    data.add([step(1, 1.0), EpochDone(1, {"validation_loss": 0.5}, 8), Message(Level.INFO, "hello")])
    assert data.epochs["validation_loss"].steps == [8]
    assert data.epochs["validation_loss"].values == [0.5]


def test_a_new_run_begins_with_empty_curves(tmp_path: Path) -> None:
    data = CurveData()
    data.add([step(1, 9.0), EpochDone(1, {"validation_loss": 0.5}, 1)])
    assert not data.empty
    data.add([Started("classify", tmp_path), step(1, 1.0)])
    assert (data.loss.values, data.smoothed.values, data.epochs) == ([1.0], [1.0], {})
    data.clear()
    assert data.empty


def test_a_few_huge_losses_do_not_flatten_the_rest() -> None:
    data = CurveData()
    data.add(step(number + 1, 1000.0 if number == 50 else 1.0 + 0.001 * number) for number in range(100))
    data.smoothed.values = [1.0] * 100
    low, high = data.loss_range()
    assert 0.9 < low < 1.0
    assert 1.09 < high < 1.11
    data.add([EpochDone(1, {"validation_loss": 5.0}, 100)])
    assert data.loss_range("validation_loss")[1] > 5.0


def test_there_is_always_something_to_show() -> None:
    data = CurveData()
    assert data.loss_range() == (0.0, 1.0)
    data.add([step(1, 0.0)])
    low, high = data.loss_range()
    assert low < 0.0 < high


def test_the_quality_that_is_reported_is_the_one_to_draw() -> None:
    data, known = CurveData(), (ACCURACY, Quality("validation_psnr", "PSNR in dB"))
    assert data.quality(known) is ACCURACY
    data.add([EpochDone(1, {"validation_psnr": 21.5}, 10)])
    assert data.quality(known).title == "PSNR in dB"
