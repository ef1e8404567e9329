"""Regression and segmentation models: normalisation, losses, labels, training, validation."""

import pytest
import torch
from torch import Tensor, nn

from wholefield.compat.msd_pytorch import (
    InputError,
    LabelError,
    MSDModel,
    MSDModule,
    MSDModule2d,
    MSDRegressionModel,
    MSDSegmentationModel,
)
from wholefield.networks.msd.scaling import Moments, scaling_module, set_scaling

Pair = tuple[Tensor, Tensor]


def pairs(count: int = 3, channels: int = 2, size: int = 12) -> list[Pair]:
    generator = torch.Generator().manual_seed(1)
    inputs = [3 + 5 * torch.randn(1, channels, size, size, generator=generator) for _ in range(count)]
    return [(image, 100 - 7 * image.mean(1, keepdim=True)) for image in inputs]


def learn_faster(model: MSDModel) -> None:
    for group in model.optimizer.param_groups:
        group["lr"] = 0.02


def test_normalisation_is_one_mean_and_deviation_over_everything() -> None:
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


def test_constant_images_normalise_without_dividing_by_zero() -> None:
    model = MSDRegressionModel(1, 1, 1, 1)
    model.set_normalization([(torch.full((1, 1, 4, 4), 7.0), torch.full((1, 1, 4, 4), -2.0))])
    assert not model.scale_in(torch.full((1, 1, 4, 4), 7.0)).any()
    assert torch.equal(model.net(torch.full((1, 1, 4, 4), 7.0)), torch.full((1, 1, 4, 4), -2.0))
    with pytest.raises(InputError, match="no images"):
        model.set_normalization([])


def test_moments_equal_those_of_all_values_together() -> None:
    parts = [torch.randn(1, 1, n, 3) + n for n in (1, 5, 40)]
    moments = Moments()
    for part in parts:
        moments.add(part)
    values = torch.cat([part.flatten() for part in parts]).double()
    assert moments.mean == pytest.approx(values.mean().item(), rel=1e-12)
    assert moments.std == pytest.approx(values.std(correction=0).item(), rel=1e-12)


@pytest.mark.parametrize("conv3d", [False, True])
def test_scaling_scales_every_channel_alike(conv3d: bool) -> None:
    module = scaling_module(2, 2, conv3d=conv3d)
    image = torch.randn(1, 2, *(3,) * (3 if conv3d else 2))
    assert torch.equal(module(image), image)
    set_scaling(module, 2.0, -1.0)
    torch.testing.assert_close(module(image), 2 * image - 1)


@pytest.mark.parametrize(("name", "loss"), [("L1", nn.L1Loss()), ("L2", nn.MSELoss())])
def test_the_regression_loss_is_that_of_the_denormalised_output(name: str, loss: nn.Module) -> None:
    model, data = MSDRegressionModel(2, 1, 3, 1, loss=name), pairs()
    model.set_normalization(data)
    model.forward(*data[0])
    mean = torch.cat([target for _, target in data]).mean()
    assert model.get_loss() == pytest.approx(loss(mean.expand_as(data[0][1]), data[0][1]).item(), rel=1e-4)
    output = model.get_output()
    assert output is not None
    assert output.shape == data[0][1].shape


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


def test_segmentation_learns_and_gives_log_probabilities() -> None:
    torch.manual_seed(0)
    image = torch.randn(2, 1, 16, 16)
    labels = (image > 0.5).long() + (image > -0.5).long()
    model = MSDSegmentationModel(1, 3, 4, 2)
    model.set_normalization([(image, labels)])
    learn_faster(model)
    model.train([(image, labels)], 80)
    output = model.get_output()
    assert output is not None
    torch.testing.assert_close(output.exp().sum(1), torch.ones(2, 16, 16))
    assert (output.argmax(1) == labels[:, 0]).float().mean() > 0.9
    assert model.validate([(image, labels.float())]) == pytest.approx(model.validate([(image, labels)]))


@pytest.mark.parametrize(
    ("value", "error", "words"),
    [(3, LabelError, "0 to 2"), (-1, ValueError, "-1"), (0.5, ValueError, "whole numbers")],
)
def test_wrong_labels_are_refused(value: float, error: type[Exception], words: str) -> None:
    model = MSDSegmentationModel(1, 3, 1, 1)
    with pytest.raises(error, match=words):
        model.set_target(torch.full((1, 1, 4, 4), value))


def test_labels_need_one_channel() -> None:
    for shape in ((1, 2, 4, 4), (1, 4, 4)):
        with pytest.raises(RuntimeError, match="one channel"):
            MSDSegmentationModel(1, 3, 1, 1).set_target(torch.zeros(shape))


def test_ignored_labels_do_not_count_and_classes_are_weighed() -> None:
    image, labels = torch.randn(1, 1, 6, 6), torch.zeros(1, 1, 6, 6)
    labels[..., 3:] = 9
    labels[..., 0, :3] = 1
    model = MSDSegmentationModel(1, 2, 1, 1, class_weights=[1, 5], ignore_label=9)
    assert model.msd.final_layer.linear.bias is not None
    with torch.no_grad():
        model.msd.final_layer.linear.bias.copy_(torch.tensor([1.0, -1.0]))
    logs = torch.log_softmax(torch.tensor([1.0, -1.0]), 0)
    expected = -(15 * logs[0] + 5 * 3 * logs[1]) / (15 + 5 * 3)
    assert model.forward(image, labels).item() == pytest.approx(expected.item(), rel=1e-5)


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
