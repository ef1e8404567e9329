"""Models over images row by row equal the models on the whole image."""

import pytest
import torch

from wholefield.networks.msd.enums import Task
from wholefield.networks.msd.network import MSDNetwork
from wholefield.networks.msd.predict import predict, predict_image


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("task", Task)
def test_prediction_equals_the_whole_network(task: Task, ndim: int) -> None:
    torch.manual_seed(0)
    network = MSDNetwork(1, 2, 6, dilations=[1, 2, 3], ndim=ndim, task=task)
    image = torch.randn(1, *(31, 8, 9)[:ndim])
    network.set_normalization([(5 + 2 * image[None], (torch.randn_like(image) > 0).long()[None])])
    for parameter in network.msd.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    with torch.no_grad():
        expected = network(image[None])[0]
    torch.testing.assert_close(predict(network, image, 4), expected, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(predict_image(network, image), expected, rtol=1e-4, atol=1e-4)


def test_bfloat16_layers_are_normalized_in_single_precision() -> None:
    torch.manual_seed(0)
    network = MSDNetwork(1, 1, 4)
    torch.nn.init.normal_(network.msd.final_layer.linear.weight, std=0.5)
    # Far from zero, bfloat16 would round all contrast away.
    image = 10_000 + torch.randn(1, 20, 21)
    network.set_normalization([(image[None], 500 + torch.randn(1, 1, 20, 21))])
    expected = predict_image(network, image)
    network.msd.bfloat16()
    found = predict_image(network, image)
    assert found.dtype == torch.float32
    assert 0 < (found - expected).norm() < 0.02 * (expected - expected.mean()).norm()
