"""Models over images row by row equal the models on the whole image."""

import pytest
import torch

from wholefield.compat.msd_pytorch import MSDModel, MSDRegressionModel, MSDSegmentationModel
from wholefield.networks.msd.predict import predict


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("kind", [MSDRegressionModel, MSDSegmentationModel])
def test_prediction_equals_the_whole_network(kind: type[MSDRegressionModel], ndim: int) -> None:
    torch.manual_seed(0)
    model: MSDModel = kind(1, 2, 6, 1, dilations=[1, 2, 3], ndim=ndim)
    image = torch.randn(1, *(31, 8, 9)[:ndim])
    model.set_normalization([(5 + 2 * image[None], (torch.randn_like(image) > 0).long()[None])])
    for parameter in model.msd.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    with torch.no_grad():
        expected = model.net(image[None])[0]
    torch.testing.assert_close(predict(model.network, image, 4), expected, rtol=1e-4, atol=1e-4)
