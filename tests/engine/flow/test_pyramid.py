"""Levels of the features: means over squares, of any size."""

import pytest
import torch

from wholefield.flow.pyramid import FeaturePyramid, shrink


@pytest.mark.parametrize(("height", "width"), [(8, 8), (9, 13), (1, 3)])
@pytest.mark.parametrize("level", [0, 1, 2])
def test_means_over_squares(height: int, width: int, level: int) -> None:
    features = torch.rand(2, 1, 3, height, width).double()
    found, side = shrink(features, level), 2**level
    assert found.shape == (2, 1, 3, -(-height // side), -(-width // side))
    for r in range(found.shape[3]):
        for c in range(found.shape[4]):
            square = features[..., r * side : (r + 1) * side, c * side : (c + 1) * side]
            torch.testing.assert_close(found[..., r, c], square.mean((-1, -2)))


def test_coarsest_first() -> None:
    features = torch.rand(1, 1, 2, 8, 12)
    levels = FeaturePyramid(3)(features)
    assert [tuple(level.shape[3:]) for level in levels] == [(2, 3), (4, 6), (8, 12)]
    assert levels[-1] is features
