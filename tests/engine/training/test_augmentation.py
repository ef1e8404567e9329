"""Tints are what they say."""

import numpy as np
import pytest
import torch

from wholefield.sources.slides.orientation import Orientation
from wholefield.training.augmentation import Augmentation, Tint


def test_tint_against_its_formula() -> None:
    values = torch.rand(3, 4, 5, dtype=torch.float64)
    expected = np.empty((3, 4, 5))
    for y in range(4):
        for x in range(5):
            changed = [(float(values[c, y, x]) - 0.5) * 1.2 + 0.5 - 0.1 for c in range(3)]
            grey = sum(changed) / 3
            expected[:, y, x] = [grey + 0.7 * (value - grey) for value in changed]
    np.testing.assert_allclose(Tint(-0.1, 1.2, 0.7).of(values), expected, rtol=1e-12)


def test_tint_leaves_no_trace_without_strength() -> None:
    grey = torch.rand(1, 3, 3)
    torch.testing.assert_close(Tint(0.0, 1.0, 1.0).of(grey), grey)
    assert Augmentation().draw(np.random.default_rng(0)) == (Orientation(), None)


@pytest.mark.parametrize("strength", [0.1, 0.5])
def test_tints_stay_within_their_strength(strength: float) -> None:
    random = np.random.default_rng(1)
    drawn = [Tint.draw(strength, random) for _ in range(50)]
    assert max(abs(tint.contrast - 1) for tint in drawn) <= strength
    assert max(abs(tint.brightness) for tint in drawn) <= strength / 2
    assert np.std([tint.saturation for tint in drawn]) > strength / 3
