"""Bands cover every row once, in whole rows, and margins lie outside the image."""

from itertools import pairwise

import torch
from hypothesis import given, settings, strategies as st

from wholefield.networks.msd.kernel.frame import Frame


@settings(deadline=None)
@given(
    st.integers(1, 3),
    st.lists(st.integers(1, 9), min_size=2, max_size=3),
    st.integers(0, 4),
    st.integers(1, 50),
    st.integers(1, 4000),
)
def test_bands_partition_the_pixels(
    batch: int, spatial: list[int], margin: int, planes: int, cached: int
) -> None:
    frame = Frame(batch, tuple(spatial), margin)
    bands = list(frame.bands(planes, 4, cached))
    assert bands[0][0] == 0
    assert bands[-1][1] == frame.rows * frame.pitch
    assert all(one[1] == other[0] for one, other in pairwise(bands))
    assert all((end - first) % frame.pitch == 0 for first, end in bands)
    assert max(end - first for first, end in bands) == frame.band(planes, 4, cached)


def test_the_inside_is_the_image() -> None:
    frame = Frame(2, (3, 4, 5), 2)
    extended = torch.zeros(frame.padded(6))
    assert extended.shape == (6, 2, 3, 4, 9)
    assert frame.inside(extended).shape == (6, *frame.planes)
    frame.inside(extended).fill_(1)
    assert not extended[..., :2].any()
    assert not extended[..., 7:].any()
