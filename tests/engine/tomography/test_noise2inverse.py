"""Splits, pairs, and a short training that gains against a known truth."""

import math

import pytest
import torch

from wholefield.errors import SettingError
from wholefield.networks.msd.network import MSDNetwork
from wholefield.tomography.backprojection import reconstruct
from wholefield.tomography.enums import Strategy
from wholefield.tomography.noise2inverse import (
    SplitPairs,
    TensorReconstructions,
    denoise,
    pair_of,
    split_error,
    split_reconstructions,
)
from wholefield.tomography.phantom import add_noise, draw, project, random_foam


def test_splits_average_to_the_whole_reconstruction() -> None:
    angles = torch.arange(12, dtype=torch.float64) * math.pi / 12
    sinograms = torch.randn(2, 12, 20, dtype=torch.float64)
    parts = split_reconstructions(sinograms, angles, 3)
    assert parts.shape == (3, 2, 20, 20)
    torch.testing.assert_close(parts.mean(0), reconstruct(sinograms, angles))
    torch.testing.assert_close(parts[1], reconstruct(sinograms[:, 1::3], angles[1::3]))
    for wrong in (1, 13):
        with pytest.raises(SettingError, match=f"into {wrong} parts"):
            split_reconstructions(sinograms, angles, wrong)


def test_strategies_put_the_single_part_on_either_side() -> None:
    parts = torch.arange(4.0)[:, None, None].expand(4, 2, 2)
    image, target = pair_of(parts, 3, Strategy.X_TO_1)
    assert (image[0, 0].item(), target[0, 0].item()) == (1, 3)
    image, target = pair_of(parts, 3, Strategy.ONE_TO_X)
    assert (image[0, 0].item(), target[0, 0].item()) == (3, 1)


def test_an_epoch_holds_every_part_of_every_slice() -> None:
    parts = torch.arange(6.0).view(3, 2, 1, 1).expand(3, 2, 4, 5)
    pairs = SplitPairs.of(parts, Strategy.ONE_TO_X)
    assert sorted(image[0, 0, 0].item() for image, _ in pairs) == list(range(6))
    image, target = pairs.read(3, (slice(1, 3), slice(0, 5)))
    assert image.shape == target.shape == (1, 2, 5)
    held_out = SplitPairs(TensorReconstructions(parts), Strategy.ONE_TO_X, [1])
    assert [image[0, 0, 0].item() for image, _ in held_out] == [1, 3, 5]


def test_a_network_that_changes_nothing_denoises_to_the_mean() -> None:
    model = MSDNetwork(1, 1, 1)
    torch.nn.init.ones_(model.msd.final_layer.linear.weight[:, :1])
    parts = torch.randn(4, 2, 5, 6)
    for strategy in Strategy:
        torch.testing.assert_close(denoise(model, parts, strategy), parts.mean(0))
        assert split_error(model, parts, strategy) == pytest.approx(split_error(None, parts, strategy))


@pytest.mark.parametrize("strategy", Strategy)
def test_a_short_training_gains_against_the_truth(strategy: Strategy) -> None:
    torch.manual_seed(0)
    angles = torch.arange(64, dtype=torch.float64) * math.pi / 64
    foam = random_foam(12, 1)
    sinogram = add_noise(project(foam, angles, 64), 200, 0)
    parts = split_reconstructions(sinogram[None].float(), angles, 4)
    truth = draw(foam, 64).float()
    pairs = SplitPairs.of(parts, strategy)
    model = MSDNetwork(1, 1, 10)
    model.set_normalization(pairs)
    optimizer = torch.optim.Adam(model.msd.parameters(), 5e-3)
    generator = torch.Generator().manual_seed(0)
    for _ in range(40):
        for index in torch.randperm(len(pairs), generator=generator).tolist():
            quarters, flip = torch.randint(4, (2,), generator=generator).tolist()
            image, target = (
                each.rot90(quarters, (1, 2)).flip([1] * (flip % 2))[None] for each in pairs[index]
            )
            optimizer.zero_grad()
            model.loss(model(image), target).backward()
            optimizer.step()
    noisy = (parts.mean(0)[0] - truth).square().mean()
    denoised = (denoise(model, parts, strategy)[0] - truth).square().mean()
    assert 10 * torch.log10(noisy / denoised) > 4
    assert split_error(model, parts, strategy) < split_error(None, parts, strategy)
