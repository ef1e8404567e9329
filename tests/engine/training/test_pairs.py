"""Batches of pairs: cropped and turned alike, never of mixed sizes, drawn alike whatever came before."""

import torch
from torch import Tensor

from wholefield.training.pairs import PairLoader
from wholefield.training.settings import Augmentation


def pairs(count: int = 4, size: int = 14) -> list[tuple[Tensor, Tensor]]:
    """Images of different widths, and a target that follows from each."""
    generator = torch.Generator().manual_seed(1)
    images = [torch.randn(1, size, size + i, generator=generator) for i in range(count)]
    return [(image, 3 * image + 1) for image in images]


class Partial:
    """Pairs of which only parts may be read."""

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        raise AssertionError("read whole")

    def spatial(self, index: int) -> tuple[int, ...]:
        """Rows and columns of a pair."""
        return tuple(pairs()[index][0].shape[1:])

    def read(self, index: int, window: tuple[slice, ...]) -> tuple[Tensor, Tensor]:
        """A part of a pair."""
        image, target = (each[(slice(None), *window)] for each in pairs()[index])
        return image, target


def test_batches_never_mix_sizes() -> None:
    loader = PairLoader(pairs(3) + pairs(3), batch_size=4, repeats=2, seed=0)
    steps = list(loader)
    assert len(steps) == len(loader) == 3
    found = [batch for step in steps for batch in step]
    assert sum(len(image) for image, _ in found) == 12
    assert all(image.shape == target.shape for image, target in found)
    assert any(len(image) > 1 for image, _ in found)


def test_crops_are_cut_and_turned_alike() -> None:
    loader = PairLoader(pairs(), crop=9, augmentation=Augmentation.FLIPS_AND_ROTATIONS, repeats=3, seed=1)
    for ((image, target),) in loader:
        assert image.shape == (1, 1, 9, 9)
        torch.testing.assert_close(target, 3 * image + 1)


def test_volumes_are_flipped_along_all_axes_and_rotated_in_the_plane() -> None:
    volume = torch.arange(8.0).view(1, 2, 2, 2)
    loader = PairLoader(
        [(volume, volume)], augmentation=Augmentation.FLIPS_AND_ROTATIONS, repeats=200, seed=0
    )
    seen = {tuple(image.flatten().tolist()) for ((image, _),) in loader}
    assert len(seen) == 16


def test_an_axis_smaller_than_the_crop_is_taken_whole() -> None:
    ((image, _),) = next(iter(PairLoader([(torch.zeros(1, 5, 30), torch.zeros(1, 5, 30))], crop=10, seed=0)))
    assert image.shape == (1, 1, 5, 10)


def test_a_step_is_drawn_alike_whatever_came_before() -> None:
    def loader() -> PairLoader:
        return PairLoader(
            pairs(), crop=5, augmentation=Augmentation.FLIPS_AND_ROTATIONS, batch_size=2, repeats=2, seed=3
        )

    whole, late = loader(), loader()
    whole.begin(1)
    late.load_state_dict({"epoch": 1, "done": 3})
    late.begin(1)
    steps, rest = list(whole), list(late)
    assert len(rest) == 1
    for (image, target), (late_image, late_target) in zip(steps[3], rest[0], strict=True):
        assert torch.equal(image, late_image)
        assert torch.equal(target, late_target)
    whole.begin(2)
    other = next(iter(whole))
    assert any(not torch.equal(a[0], b[0]) for a, b in zip(steps[0], other, strict=False))


def test_crops_alone_are_read_from_pairs_that_can() -> None:
    whole, partial = (
        list(PairLoader(each, crop=6, augmentation=Augmentation.FLIPS_AND_ROTATIONS, seed=0))
        for each in (pairs(), Partial())
    )
    for one, other in zip(whole, partial, strict=True):
        assert torch.equal(one[0][0], other[0][0])
        assert torch.equal(one[0][1], other[0][1])


def test_without_a_seed_in_order_every_time() -> None:
    loader = PairLoader(pairs())
    for _ in range(2):
        assert [image.shape[-1] for ((image, _),) in loader] == [14, 15, 16, 17]
