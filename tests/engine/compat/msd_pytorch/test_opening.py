"""A saved network opens as the model that wrote it."""

from pathlib import Path

import pytest
import torch

from wholefield.compat.msd_pytorch import (
    CheckpointError,
    MSDModel,
    MSDRegressionModel,
    MSDSegmentationModel,
    build_model,
    open_model,
)


@pytest.mark.parametrize("kind", [MSDRegressionModel, MSDSegmentationModel])
@pytest.mark.parametrize("ndim", [2, 3])
def test_models_come_back(
    tmp_path: Path, kind: type[MSDRegressionModel | MSDSegmentationModel], ndim: int
) -> None:
    model: MSDModel = kind(2, 3, 4, 2, dilations=[1, 3], ndim=ndim)
    target = torch.ones(1, 1 if kind is MSDSegmentationModel else 3, *(8,) * ndim)
    model.learn(torch.randn(1, 2, *(8,) * ndim), target)
    model.save(tmp_path / "net.torch", 5)
    opened, epoch = open_model(tmp_path / "net.torch")
    assert epoch == 5
    assert type(opened) is kind
    assert opened.settings == model.settings
    assert build_model(opened.settings).settings == model.settings
    image = torch.randn(1, 2, *(8,) * ndim)
    assert torch.equal(opened.net(image), model.net(image))
    # The optimizer goes on, too.
    for each in (model, opened):
        each.learn(image, target)
    assert torch.equal(opened.net(image), model.net(image))


def test_what_is_no_network_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="does not exist"):
        open_model(tmp_path / "absent.torch")
