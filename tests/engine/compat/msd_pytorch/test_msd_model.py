"""What regression and segmentation models share: data, training, validation, and what is refused."""

import pytest
import torch

from tests.engine.compat.msd_pytorch.cases import learn_faster, pairs
from wholefield.compat.msd_pytorch import (
    InputError,
    MSDModule,
    MSDModule2d,
    MSDRegressionModel,
    MSDSegmentationModel,
)


def test_unknown_losses_and_missing_data_are_refused() -> None:
    for kind in (InputError, ValueError):
        with pytest.raises(kind, match="'L3'"):
            MSDRegressionModel(1, 1, 1, 1, loss="L3")
    model = MSDRegressionModel(1, 1, 1, 1)
    assert model.get_output() is None
    assert model.get_loss() is None
    with pytest.raises(InputError, match="set_input"):
        model.forward()
    with pytest.raises(InputError, match="no pairs"):
        model.validate([])


@pytest.mark.parametrize("sizes", [(1, 1, 0, 1), (0, 1, 1, 1), (1, 0, 1, 1), (1, 1, 1, 0), (1, 1, -1, 1)])
def test_networks_without_layers_or_channels_are_refused(sizes: tuple[int, int, int, int]) -> None:
    for kind in (MSDRegressionModel, MSDSegmentationModel, MSDModule, MSDModule2d):
        with pytest.raises(ValueError, match="at least 1"):
            kind(*sizes)
    for dilations in ([], [0], [2, -1]):
        with pytest.raises(ValueError, match="at least 1"):
            MSDRegressionModel(1, 1, 1, 1, dilations=dilations)


def test_training_learns_a_linear_map_and_repeats_with_a_seed() -> None:
    losses = []
    for _ in range(2):
        torch.manual_seed(3)
        model, data = MSDRegressionModel(2, 1, 3, 1), pairs()
        model.set_normalization(data)
        learn_faster(model)
        before = model.validate(data)
        model.train(data, 40)
        losses.append(model.validate(data))
    assert losses[0] == losses[1]
    assert losses[0] < before / 20


def test_data_set_once_is_used_again() -> None:
    model, data = MSDRegressionModel(2, 1, 2, 1), pairs()
    model.set_input(data[0][0])
    model.set_target(data[0][1])
    first = model.forward().item()
    model.learn()
    assert model.forward().item() < first
    assert model.forward(target=data[1][1]).item() != first


def test_validation_counts_batches_by_their_size() -> None:
    model, data = MSDRegressionModel(2, 1, 1, 1), pairs(3)
    batches = [tuple(torch.cat(each) for each in zip(*data[:2], strict=True)), data[2]]
    assert model.validate(batches) == pytest.approx(model.validate(data), rel=1e-5)
    assert model.loss is not None
    assert not model.loss.requires_grad


def test_volumes_train_too() -> None:
    torch.manual_seed(0)
    volume = torch.randn(1, 1, 5, 6, 7)
    regression = MSDRegressionModel(1, 1, 2, 1, dilations=[1, 2], ndim=3)
    before = regression.validate([(volume, 2 * volume)])
    regression.train([(volume, 2 * volume)], 30)
    assert regression.validate([(volume, 2 * volume)]) < before
    segmentation = MSDSegmentationModel(1, 2, 2, 1, dilations=[1, 2], ndim=3)
    segmentation.train([(volume, (volume > 0).long())], 2)


def test_parallel_without_a_gpu_says_so() -> None:
    if not torch.cuda.is_available():
        with pytest.raises(InputError, match="no CUDA GPU"):
            MSDRegressionModel(1, 1, 1, 1, parallel=True)
