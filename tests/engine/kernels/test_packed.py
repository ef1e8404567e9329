"""Convolutions with packed weights against torch's."""

import pytest
import torch
from torch.nn import functional

from wholefield.kernels.packed import PackedWeight, available

pytestmark = pytest.mark.skipif(
    not available(torch.device("cpu"), torch.float32), reason="This build of torch has no oneDNN."
)


@pytest.mark.parametrize(
    ("taps", "stride", "dilation", "groups"),
    [((1, 1), (1, 1), (1, 1), 1), ((3, 2), (2, 1), (1, 2), 2), ((7, 7), (1, 1), (1, 1), 8)],
)
@pytest.mark.parametrize("biased", [True, False])
def test_blocks_of_any_size_one_after_another(
    taps: tuple[int, int], stride: tuple[int, int], dilation: tuple[int, int], groups: int, biased: bool
) -> None:
    weight = torch.randn(16, 8 // groups, *taps)
    bias = torch.randn(16) if biased else None
    kept = PackedWeight(stride, dilation, groups)
    for height, width in ((9, 12), (20, 8), (9, 12)):
        block = torch.randn(2, 8, height, width).contiguous(memory_format=torch.channels_last)
        exact = functional.conv2d(
            block.double(),
            weight.double(),
            None if bias is None else bias.double(),
            stride,
            0,
            dilation,
            groups,
        )
        found = kept.convolve(block, weight, bias)
        torch.testing.assert_close(found.double(), exact, rtol=1e-5, atol=1e-5)
        assert found.is_contiguous(memory_format=torch.channels_last)


def test_what_is_not_finite_stays_where_it_is() -> None:
    block, weight = torch.randn(1, 16, 9, 9), torch.randn(16, 16, 1, 1)
    block[0, 0, 4, 5], block[0, 1, 7, 2] = float("nan"), float("inf")
    found = PackedWeight((1, 1), (1, 1), 1).convolve(block, weight, None)
    torch.testing.assert_close(found, functional.conv2d(block, weight), equal_nan=True)


def test_other_types_and_devices_have_none() -> None:
    assert not available(torch.device("cpu"), torch.float64)
    assert not available(torch.device("meta"), torch.float32)
