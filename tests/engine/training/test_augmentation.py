"""Orientations are those that the setting allows; color jitter is what it says."""

import numpy as np
import pytest
import torch

from wholefield.sources.slides.orientation import Orientation
from wholefield.training.augmentation import ColorJitter, draw_orientation, oriented
from wholefield.training.settings import Augmentation

ORIENTATIONS = [Orientation(quarters, mirrored) for quarters in range(4) for mirrored in (False, True)]


def test_orientations_follow_the_setting() -> None:
    image, random = np.arange(6).reshape(2, 3), np.random.default_rng(0)
    drawn = {each: {draw_orientation(each, random) for _ in range(100)} for each in Augmentation}
    assert drawn[Augmentation.FLIPS_AND_ROTATIONS] == set(ORIENTATIONS)
    assert drawn[Augmentation.ROTATIONS] == {Orientation(quarters) for quarters in range(4)}
    assert drawn[Augmentation.FLIPS] == {
        Orientation(q, mirrored) for q in (0, 2) for mirrored in (False, True)
    }
    assert drawn[Augmentation.NONE] == {Orientation()}
    for each in ORIENTATIONS:
        assert np.array_equal(each.of(image), oriented(torch.from_numpy(image), each))


def test_jitter_against_its_formula() -> None:
    values = torch.rand(3, 4, 5, dtype=torch.float64)
    expected = np.empty((3, 4, 5))
    for y in range(4):
        for x in range(5):
            changed = [(float(values[c, y, x]) - 0.5) * 1.2 + 0.5 - 0.1 for c in range(3)]
            gray = sum(changed) / 3
            expected[:, y, x] = [gray + 0.7 * (value - gray) for value in changed]
    np.testing.assert_allclose(ColorJitter(-0.1, 1.2, 0.7).of(values), expected, rtol=1e-12)


def test_jitter_leaves_no_trace_without_strength() -> None:
    gray = torch.rand(1, 3, 3)
    torch.testing.assert_close(ColorJitter(0.0, 1.0, 1.0).of(gray), gray)
    assert ColorJitter.draw(0.0, np.random.default_rng(0)) is None


@pytest.mark.parametrize("strength", [0.1, 0.5])
def test_jitters_stay_within_their_strength(strength: float) -> None:
    random = np.random.default_rng(1)
    drawn = [jitter for _ in range(50) if (jitter := ColorJitter.draw(strength, random))]
    assert max(abs(tint.contrast - 1) for tint in drawn) <= strength
    assert max(abs(tint.brightness) for tint in drawn) <= strength / 2
    assert np.std([tint.saturation for tint in drawn]) > strength / 3
