import numpy as np
import pytest
from hypothesis import given, strategies as st

from wholefield_resources.demo.stamps import ANGLES, SPORE_RADIUS, VARIANTS, Kind, Stamp, press, stamp_library

LIBRARY = stamp_library(np.random.default_rng(0))


def test_every_kind_in_every_variant_and_direction() -> None:
    assert len(LIBRARY) == len(Kind) * VARIANTS * ANGLES
    for stamp in LIBRARY.values():
        side = stamp.cover.shape[0]
        assert side % 2 == 1
        assert stamp.cover.shape == (side, side)
        assert stamp.stain.shape == (side, side, 3)
        assert 0 <= stamp.cover.min() <= stamp.cover.max() <= 1
        assert stamp.cover[[0, -1]].max() < 0.1
        assert stamp.cover[:, [0, -1]].max() < 0.1


@given(st.floats(-30, 60), st.floats(-30, 60))
def test_pressing_keeps_to_the_planes(y: float, x: float) -> None:
    stamp = Stamp(np.ones((9, 9), np.float32), np.full((9, 9, 3), 2.0, np.float32))
    planes = np.zeros((31, 27, 3), np.float32)
    press(planes, stamp, y, x)
    rows, columns = np.mgrid[:31, :27]
    inside = (abs(rows - round(y)) <= 4) & (abs(columns - round(x)) <= 4)
    np.testing.assert_array_equal(planes, np.where(inside, 2.0, 0.0)[..., None].repeat(3, 2))


def test_half_cover_mixes_and_clip_protects() -> None:
    stamp = Stamp(np.full((3, 3), 0.5, np.float32), np.full((3, 3, 3), 2.0, np.float32))
    planes = np.ones((3, 3, 3), np.float32)
    clip = np.eye(3, dtype=np.bool_)
    press(planes, stamp, 1, 1, clip)
    np.testing.assert_array_equal(planes[..., 1], np.where(clip, 1.5, 1.0))


@pytest.mark.parametrize("variant", range(VARIANTS))
def test_a_spore_is_a_ring_in_a_clear_capsule(variant: int) -> None:
    stain = LIBRARY[Kind.SPORE, variant, 0].stain.sum(axis=2)
    middle = stain.shape[0] // 2
    ray = stain[middle, middle:]
    wall = int(ray.argmax())
    assert 3 <= wall <= 6
    assert ray[wall] > 4 * ray[0]
    assert ray[wall] > 8 * ray[min(round(SPORE_RADIUS), len(ray) - 1)]
