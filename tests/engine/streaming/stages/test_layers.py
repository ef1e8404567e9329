"""Every layer that takes values of the whole image, by itself, beside plain autograd in double precision."""

from collections.abc import Callable
from copy import deepcopy

import pytest
import torch
from torch import nn

from tests.engine.streaming.layers import between, image
from tests.engine.streaming.stages.networks import LAYERS
from wholefield.streaming import NotLocalError, Streamed


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_of_the_whole_image_is_exact(name: str, axes: int, exact: Callable[..., None]) -> None:
    network = between(LAYERS[name](axes), axes)
    exact(network, image(axes, batch=2), 5, *([1] if axes == 1 else []), (7, 4, 6)[:axes])


def test_two_of_a_kind_follow_each_other(exact: Callable[..., None]) -> None:
    norm = nn.InstanceNorm2d(4, affine=True)
    exact(between(nn.Sequential(norm, nn.ReLU(inplace=True), nn.Conv2d(4, 4, 3), norm), 2), image(), 6, 1)


def test_a_head_behind_the_pooling_is_part_of_it(exact: Callable[..., None]) -> None:
    network = nn.Sequential(
        nn.Conv2d(2, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3), nn.Tanh()
    ).double()
    exact(network, image(batch=2), 6)


@pytest.mark.parametrize("momentum", [0.1, 0.5])
def test_running_statistics_move_once(momentum: float) -> None:
    norm = nn.BatchNorm2d(4, momentum=momentum)
    network = between(norm, 2)
    plain = deepcopy(network)
    x = image(batch=3)
    for _ in range(2):
        plain(x)
        Streamed(network, 6)(x).sum().backward()
    for name, buffer in plain.named_buffers():
        assert torch.allclose(dict(network.named_buffers())[name], buffer, atol=1e-14), name
    assert norm.num_batches_tracked == 2


def test_an_average_of_all_batches_is_refused() -> None:
    with pytest.raises(NotLocalError, match="give a batch norm a momentum"):
        Streamed(between(nn.BatchNorm2d(4, momentum=None), 2), 6)(image())
