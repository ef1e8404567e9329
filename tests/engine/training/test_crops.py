"""Crops, flips and turns treat input and target alike and repeat with their seed."""

import torch

from wholefield.training.crops import Augmentation, augment

EVERYTHING = Augmentation(5, flips=True, turns=True)


def test_input_and_target_stay_together() -> None:
    generator = torch.Generator().manual_seed(0)
    image = torch.arange(7.0 * 9).view(1, 7, 9)
    seen = set()
    for _ in range(200):
        one, two = augment(image, torch.cat([image, -image]), EVERYTHING, generator)
        assert one.shape == (1, 5, 5)
        assert torch.equal(one, two[:1])
        assert torch.equal(one, -two[1:])
        seen.add((one[0, 0, 0].item(), one[0, 0, 1].item()))
    # 3 x 5 positions in 8 orientations
    assert len(seen) > 80


def test_volumes_are_cut_to_cubes_and_small_axes_kept() -> None:
    volume = torch.randn(1, 3, 8, 9)
    one, _ = augment(volume, volume, EVERYTHING, torch.Generator().manual_seed(1))
    assert one.shape == (1, 3, 5, 5)


def test_nothing_asked_nothing_changed() -> None:
    image = torch.randn(2, 4, 5)
    one, two = augment(image, image, Augmentation(), torch.Generator())
    assert torch.equal(one, image)
    assert torch.equal(two, image)


def test_seeds_repeat() -> None:
    image = torch.randn(1, 9, 9)
    first, second = (
        [augment(image, image, EVERYTHING, generator)[0] for _ in range(5)]
        for generator in (torch.Generator().manual_seed(4), torch.Generator().manual_seed(4))
    )
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
