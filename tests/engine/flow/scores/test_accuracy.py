"""Errors of flow against their formulas."""

import numpy as np
import pytest

from wholefield.errors import SettingError
from wholefield.flow.scores.accuracy import flow_errors


def test_formulas() -> None:
    rng = np.random.default_rng(0)
    flow, truth = rng.normal(0, 3, (2, 5, 7)), rng.normal(0, 3, (2, 5, 7))
    valid = rng.random((5, 7)) > 0.4
    distances, angles, lengths = [], [], []
    for y, x in np.argwhere(valid):
        a, b = np.array([*flow[:, y, x], 1.0]), np.array([*truth[:, y, x], 1.0])
        distances.append(np.linalg.norm(a - b))
        angles.append(np.degrees(np.arctan2(np.linalg.norm(np.cross(a, b)), a @ b)))
        lengths.append(np.linalg.norm(b[:2]))
    found = flow_errors(flow, truth, valid)
    assert found.aee == pytest.approx(np.mean(distances), rel=1e-12)
    assert found.outliers == np.mean(np.array(distances) > 3)
    assert found.aae == pytest.approx(np.mean(angles), rel=1e-9)
    assert found.of_zero == pytest.approx(np.mean(distances) / np.mean(lengths), rel=1e-12)
    assert found.pixels == valid.sum()


def test_zero_flow_is_the_reference() -> None:
    truth = np.random.default_rng(0).normal(0, 3, (2, 5, 7))
    assert flow_errors(np.zeros_like(truth), truth).of_zero == 1
    assert flow_errors(truth, truth).aee == 0
    still = np.zeros((2, 5, 7))
    assert flow_errors(still, still).of_zero == 1
    assert flow_errors(truth, still).of_zero == float("inf")


def test_what_cannot_be_compared_is_refused() -> None:
    flow = np.zeros((2, 5, 7))
    with pytest.raises(SettingError, match="give both at the same size"):
        flow_errors(flow, flow[:, 1:])
    with pytest.raises(SettingError, match="no pixel"):
        flow_errors(flow, flow, np.zeros((5, 7), bool))
