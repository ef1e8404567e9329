"""Files of ours and of msd_pytorch, built from its documented key layout: data-parallel, pruned, both tasks."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from wholefield.compat.msd_pytorch import (
    CheckpointError,
    MSDRegressionModel,
    MSDSegmentationModel,
    open_model,
)
from wholefield.compat.msd_pytorch.msd_model import MSDModel


def randomise(model: MSDModel) -> None:
    for parameter in model.net.parameters():
        torch.nn.init.normal_(parameter, std=0.3)


def old_file(model: MSDModel, path: Path, change: Any = lambda state: state) -> Path:
    """What msd_pytorch writes: epoch, state_dict and optimizer, nothing about dilations."""
    state = {name: tensor.clone() for name, tensor in model.net.state_dict().items()}
    torch.save({"epoch": 7, "state_dict": change(state), "optimizer": model.optimizer.state_dict()}, path)
    return path


def data_parallel(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {f"module.{name}": tensor for name, tensor in state.items()}


def pruned(state: dict[str, Tensor]) -> dict[str, Tensor]:
    result: dict[str, Tensor] = {}
    for name, tensor in state.items():
        if "msd_block.weight" in name:
            mask = (tensor.abs() > 0.2).to(tensor.dtype)
            result |= {f"{name}_orig": tensor, f"{name}_mask": mask}
        else:
            result[name] = tensor
    return result


def test_keys_are_the_documented_ones() -> None:
    assert list(MSDRegressionModel(1, 1, 2, 1).net.state_dict()) == [
        *("0.weight", "0.bias", "1.msd_block.bias", "1.msd_block.weight0", "1.msd_block.weight1"),
        *("1.final_layer.linear.weight", "1.final_layer.linear.bias", "2.weight", "2.bias"),
    ]
    assert list(MSDSegmentationModel(1, 2, 1, 1).net.state_dict()) == [
        *("0.weight", "0.bias", "1.0.msd_block.bias", "1.0.msd_block.weight0"),
        *("1.0.final_layer.linear.weight", "1.0.final_layer.linear.bias"),
    ]


@pytest.mark.parametrize("change", [lambda state: state, data_parallel], ids=["plain", "data parallel"])
@pytest.mark.parametrize("ndim", [2, 3])
def test_old_files_open_by_their_shapes(tmp_path: Path, change: Any, ndim: int) -> None:
    image = torch.randn(1, 2, *(12, 13, 11)[:ndim])
    for model in (
        MSDRegressionModel(2, 3, 5, 2, ndim=ndim),
        MSDSegmentationModel(2, 3, 4, 1, ndim=ndim),
    ):
        randomise(model)
        opened, epoch = open_model(old_file(model, tmp_path / "old.torch", change))
        assert epoch == 7
        assert opened.settings == model.settings
        with torch.no_grad():
            assert torch.equal(opened.net(image), model.net(image))


def test_dilations_of_old_files_are_asked_for(tmp_path: Path) -> None:
    model = MSDRegressionModel(1, 1, 6, 1, dilations=[1, 2, 4, 8])
    randomise(model)
    path = old_file(model, tmp_path / "old.torch")
    opened, _ = open_model(path, [1, 2, 4, 8])
    image = torch.randn(1, 1, 15, 14)
    with torch.no_grad():
        assert torch.equal(opened.net(image), model.net(image))
        assert not torch.equal(open_model(path)[0].net(image), model.net(image))


def test_pruned_weights_are_masked(tmp_path: Path) -> None:
    model = MSDRegressionModel(1, 1, 3, 1)
    randomise(model)
    opened, _ = open_model(old_file(model, tmp_path / "pruned.torch", pruned))
    for mine, theirs in zip(opened.msd.msd_block.weights, model.msd.msd_block.weights, strict=True):
        assert torch.equal(mine, theirs * (theirs.abs() > 0.2))
    both, _ = open_model(old_file(model, tmp_path / "both.torch", lambda state: data_parallel(pruned(state))))
    assert torch.equal(both.msd.msd_block.weights[1], opened.msd.msd_block.weights[1])


def test_training_goes_on_where_it_stopped(tmp_path: Path) -> None:
    torch.manual_seed(0)
    data = [(torch.randn(1, 1, 8, 8), torch.randn(1, 1, 8, 8))]
    model = MSDRegressionModel(1, 1, 2, 1, dilations=[2, 1])
    model.set_normalization(data)
    model.train(data, 3)
    model.save(tmp_path / "ours.torch", 3)
    opened, epoch = open_model(tmp_path / "ours.torch")
    assert epoch == 3
    assert opened.settings == model.settings
    for each in (model, opened):
        each.train(data, 2)
    assert model.validate(data) == opened.validate(data)


def test_files_of_another_shape_or_kind_are_refused(tmp_path: Path) -> None:
    model = MSDRegressionModel(1, 1, 2, 1)
    model.save(tmp_path / "ours.torch", 1)
    with pytest.raises(CheckpointError, match="depth 2, this one has 3"):
        MSDRegressionModel(1, 1, 3, 1).load(tmp_path / "ours.torch")
    with pytest.raises(CheckpointError, match="task regression"):
        MSDSegmentationModel(1, 1, 2, 1).load(tmp_path / "ours.torch")
    with pytest.raises(CheckpointError, match="dilations"):
        MSDRegressionModel(1, 1, 2, 1, dilations=[3]).load(tmp_path / "ours.torch")
    with pytest.raises(CheckpointError, match="do not pass dilations"):
        open_model(tmp_path / "ours.torch", [5])
    with pytest.raises(CheckpointError, match="does not exist"):
        open_model(tmp_path / "absent.torch")
    (tmp_path / "text.torch").write_text("not a checkpoint")
    with pytest.raises(CheckpointError, match=r"text\.torch is not a checkpoint"):
        open_model(tmp_path / "text.torch")
    torch.save({"state_dict": torch.nn.Linear(2, 2).state_dict()}, tmp_path / "other.torch")
    with pytest.raises(CheckpointError, match="no mixed-scale dense network"):
        open_model(tmp_path / "other.torch")
