"""How an image is cut into strips, and what is kept of the rows in front of them."""

import pytest
import torch

from wholefield.networks.msd.streaming.cuts import Cuts, strips


def test_strips_cover_the_axis() -> None:
    assert strips(10, 4) == [(0, 4), (4, 8), (8, 10)]


@pytest.mark.parametrize("step", [1, 3, 10])
def test_cuts_keep_the_rows_in_front_of_every_strip(step: int) -> None:
    channels = torch.randn(3, 10, 5)
    cuts = Cuts(10, 2, 3)
    for first in range(0, 10, step):
        cuts.see(first, channels[:, first : first + step])
    assert cuts.above(0) is None
    for first in (2, 4, 6, 8):
        above = cuts.above(first)
        assert above is not None
        assert torch.equal(above, channels[:, max(0, first - 3) : first])
