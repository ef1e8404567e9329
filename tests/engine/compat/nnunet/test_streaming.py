"""The step of nnU-Net's predictor that is ours, on predictors with its attributes."""

from itertools import chain, combinations
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from wholefield.compat.nnunet.streaming import StreamsLogits
from wholefield.streaming import StreamingError

CONVOLUTIONS: dict[int, Any] = {2: nn.Conv2d, 3: nn.Conv3d}
TRANSPOSED: dict[int, Any] = {2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}
NORMS: dict[int, Any] = {2: nn.InstanceNorm2d, 3: nn.InstanceNorm3d}


class Small(nn.Module):
    """Two levels as nnU-Net builds them."""

    def __init__(self, axes: int) -> None:
        super().__init__()
        self.first = nn.Sequential(
            CONVOLUTIONS[axes](1, 4, 3, padding=1), NORMS[axes](4, affine=True), nn.LeakyReLU()
        )
        self.deep = nn.Sequential(
            CONVOLUTIONS[axes](4, 4, 3, 2, 1), NORMS[axes](4, affine=True), nn.LeakyReLU()
        )
        self.up = TRANSPOSED[axes](4, 4, 2, 2)
        self.last = CONVOLUTIONS[axes](8, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        skip = self.first(x)
        found: Tensor = self.last(torch.cat([self.up(self.deep(skip)), skip], 1))
        return found


class Windows:
    """Stands for nnU-Net's predictor."""

    def predict_sliding_window_return_logits(self, input_image: Tensor) -> Tensor:
        return torch.full_like(input_image, 7.0)


class Predictor(StreamsLogits, Windows):
    def __init__(self, network: nn.Module, axes: int, mirror: bool, patch: int = 8) -> None:
        self.network, self.device = network, torch.device("cpu")
        self.configuration_manager = SimpleNamespace(
            patch_size=(patch,) * axes, pool_op_kernel_sizes=[[1] * axes, [2] * axes]
        )
        self.allowed_mirroring_axes, self.use_mirroring = range(axes), mirror
        self.tile_size, self.workers = 8, 1


def whole(network: nn.Module, image: Tensor, mirror: bool) -> Tensor:
    axes = range(2, image.ndim)
    every = list(chain.from_iterable(combinations(axes, k) for k in range(len(axes) + 1))) if mirror else [()]
    with torch.no_grad():
        return sum(network(image.flip(turned)).flip(turned) for turned in every) / len(every)


@pytest.mark.parametrize("mirror", [False, True])
def test_a_volume_is_that_of_the_whole(mirror: bool) -> None:
    network, image = Small(3).double(), torch.randn(1, 11, 12, 9).double()
    found = Predictor(network, 3, mirror).predict_sliding_window_return_logits(image)
    expected = whole(network, functional.pad(image, [0, 1, 0, 0, 0, 1])[None], mirror)[0, :, :11, :, :9]
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("mirror", [False, True])
def test_a_network_of_two_axes_gets_slices(mirror: bool) -> None:
    network, image = Small(2).double(), torch.randn(1, 3, 21, 18).double()
    found = Predictor(network, 2, mirror).predict_sliding_window_return_logits(image)
    slices = [
        whole(network, functional.pad(image[:, k], [0, 0, 0, 1])[None], mirror)[0, :, :21] for k in range(3)
    ]
    torch.testing.assert_close(found, torch.stack(slices, 1), rtol=0, atol=1e-12)


def test_an_image_smaller_than_a_patch_is_filled_up_with_zeros() -> None:
    network, image = Small(2).double(), torch.randn(1, 1, 5, 18).double()
    found = Predictor(network, 2, False).predict_sliding_window_return_logits(image)
    expected = whole(network, functional.pad(image[:, 0], [0, 0, 1, 2])[None], False)[0, :, 1:6]
    torch.testing.assert_close(found[:, 0], expected, rtol=0, atol=1e-12)


def test_frozen_statistics_are_those_of_the_patch_in_the_middle() -> None:
    network, image = Small(2).double(), torch.randn(1, 1, 16, 16).double()
    predictor = Predictor(network, 2, False, patch=16)
    plain = predictor.predict_sliding_window_return_logits(image)
    predictor.statistics = "frozen"
    torch.testing.assert_close(
        predictor.predict_sliding_window_return_logits(image), plain, rtol=0, atol=1e-12
    )
    predictor.configuration_manager.patch_size = (8, 8)
    assert not torch.allclose(predictor.predict_sliding_window_return_logits(image), plain)


def test_what_does_not_stream_is_an_error_or_falls_back_with_a_warning() -> None:
    class Sorted(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.flatten(2).sort(-1).values.view_as(x)

    predictor, image = Predictor(Sorted(), 2, False), torch.randn(1, 1, 8, 8)
    with pytest.raises(StreamingError, match="sort"):
        predictor.predict_sliding_window_return_logits(image)
    predictor.fallback = True
    with pytest.warns(UserWarning, match="sliding windows"):
        assert predictor.predict_sliding_window_return_logits(image).unique().tolist() == [7.0]
