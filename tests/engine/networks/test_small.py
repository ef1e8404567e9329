"""The small network: cut and whole agree, and its scale survives the depth."""

import pytest
import torch

from wholefield.networks import small_cnn


@pytest.mark.parametrize("size", [(97, 61), (16, 130)])
def test_parts_equal_the_whole(size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    net = small_cnn(num_classes=4).double()
    image = torch.randn(2, 3, *size, dtype=torch.float64)
    assert net(image).shape == (2, 4)
    torch.testing.assert_close(net.head(net.features(image)), net(image))


def test_takes_any_number_of_channels() -> None:
    assert small_cnn(in_channels=1)(torch.zeros(1, 1, 40, 40)).shape == (1, 2)


def test_fresh_features_keep_their_scale() -> None:
    torch.manual_seed(0)
    features = small_cnn().features(torch.randn(1, 3, 256, 256))
    assert 0.2 < features.square().mean().sqrt() < 5
