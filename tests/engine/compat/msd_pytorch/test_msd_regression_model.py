"""Regression: normalization of input and target, and the loss of the denormalized output."""

import pytest
import torch
from torch import nn

from tests.engine.compat.msd_pytorch.cases import pairs
from wholefield.compat.msd_pytorch import InputError, MSDRegressionModel


def test_normalization_is_one_mean_and_deviation_over_everything() -> None:
    model, data = MSDRegressionModel(2, 1, 2, 1), pairs()
    model.set_normalization(data)
    scaled = torch.cat([model.scale_in(image) for image, _ in data])
    assert abs(scaled.mean()) < 1e-5
    assert abs(scaled.std(correction=0) - 1) < 1e-5
    targets = torch.cat([target for _, target in data])
    assert model.scale_out.bias is not None
    assert model.scale_out.bias.tolist() == pytest.approx([targets.mean().item()])
    assert model.scale_out.weight.flatten().tolist() == pytest.approx([targets.std(correction=0).item()])
    assert not any(
        each.requires_grad for each in (*model.scale_in.parameters(), *model.scale_out.parameters())
    )


def test_constant_images_normalize_without_dividing_by_zero() -> None:
    model = MSDRegressionModel(1, 1, 1, 1)
    model.set_normalization([(torch.full((1, 1, 4, 4), 7.0), torch.full((1, 1, 4, 4), -2.0))])
    assert not model.scale_in(torch.full((1, 1, 4, 4), 7.0)).any()
    assert torch.equal(model.net(torch.full((1, 1, 4, 4), 7.0)), torch.full((1, 1, 4, 4), -2.0))
    with pytest.raises(InputError, match="no images"):
        model.set_normalization([])


@pytest.mark.parametrize(("name", "loss"), [("L1", nn.L1Loss()), ("L2", nn.MSELoss())])
def test_the_regression_loss_is_that_of_the_denormalized_output(name: str, loss: nn.Module) -> None:
    model, data = MSDRegressionModel(2, 1, 3, 1, loss=name), pairs()
    model.set_normalization(data)
    model.forward(*data[0])
    mean = torch.cat([target for _, target in data]).mean()
    assert model.get_loss() == pytest.approx(loss(mean.expand_as(data[0][1]), data[0][1]).item(), rel=1e-4)
    output = model.get_output()
    assert output is not None
    assert output.shape == data[0][1].shape
