"""Nothing is computed twice: torch counts as many operations in a streamed forward as in the plain one."""

import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from wholefield.networks import resnet18, small_cnn, split_resnet
from wholefield.networks.normalization import freeze_normalization
from wholefield.streaming import Streamed


def flops(module: nn.Module, x: Tensor, *, backward: bool = False) -> int:
    with FlopCounterMode(display=False) as counter:
        y = module(x)
        if backward:
            y.sum().backward()
    return int(counter.get_total_flops())


@pytest.mark.parametrize("tile", [1, 16, 33, (20, 97), 128])
@pytest.mark.parametrize("smallest_block", [1, 16])
def test_small_cnn(tile: int | tuple[int, int], smallest_block: int) -> None:
    network = freeze_normalization(small_cnn().features)
    x = torch.zeros(1, 3, 31, 37) if tile == 1 else torch.zeros(2, 3, 101, 67)
    streamed = Streamed(network, tile, smallest_block=smallest_block)
    with torch.no_grad():
        assert flops(streamed, x) == flops(network, x) > 0
    assert flops(streamed, x) == flops(network, x)


@pytest.mark.parametrize("tile", [32, 64, 96, 256])
def test_resnet18(tile: int) -> None:
    network, _ = split_resnet(resnet18())
    freeze_normalization(network)
    x = torch.zeros(1, 3, 131, 165)
    assert flops(Streamed(network, tile), x) == flops(network, x) > 10**9


def test_one_and_three_axes() -> None:
    one = nn.Sequential(nn.Conv1d(2, 4, 5, 2, padding=2), nn.GELU(), nn.Conv1d(4, 4, 3, dilation=2))
    three = nn.Sequential(nn.Conv3d(2, 4, 3, padding=1), nn.MaxPool3d(2), nn.Conv3d(4, 2, 3, groups=2))
    for network, x in ((one, torch.zeros(1, 2, 101)), (three, torch.zeros(1, 2, 13, 14, 15))):
        assert flops(Streamed(network, 6), x) == flops(network, x) > 0


def test_training_repeats_the_forward_as_far_as_it_keeps_nothing() -> None:
    """Plain: the forward, and twice as much backward. Streamed: at most one forward more, and nothing else."""
    network, _ = split_resnet(resnet18())
    freeze_normalization(network)
    x = torch.zeros(1, 3, 131, 165)
    forward, training = flops(network, x), flops(network, x, backward=True)
    assert flops(Streamed(network, 64, keep_budget=0), x, backward=True) == training + forward
    some = flops(Streamed(network, 64, keep_budget=200_000), x, backward=True)
    assert training < some < training + forward
    # The stem and the 1x1 convolutions are computed again.
    assert training < flops(Streamed(network, 64), x, backward=True) < training + forward // 4
