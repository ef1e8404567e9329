"""Pairs hold what the stacks hold: neighbours, windows, volumes; nothing beyond a window is read."""

from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch

from wholefield.sources.stacks.opening import open_stack
from wholefield.sources.stacks.stack import AnyArray, Box, StackDescription, StackSource
from wholefield.tasks.stacks.data.pairs import SlicePairs, Target, VolumePairs, reflected, slab_around
from wholefield.training.label_values import LabelSet
from wholefield.training.pairs import PartialPairs


class Watched(StackSource):
    """An array in memory that remembers which boxes were read."""

    def __init__(self, array: AnyArray) -> None:
        channels = array.shape[3] if array.ndim == 4 else 1
        super().__init__(Path("array"), StackDescription("array", array.shape[:3], channels, array.dtype))
        self.array, self.boxes = array, list[tuple[tuple[int, int], ...]]()

    def _read_box(self, box: Box) -> AnyArray:
        self.boxes.append(tuple((side.start, side.stop) for side in box))
        return self.array[box]


def test_positions_reflect_symmetrically() -> None:
    assert [reflected(index, 3) for index in range(-4, 8)] == [2, 2, 1, 0, 0, 1, 2, 2, 1, 0, 0, 1]
    padded = np.pad(np.arange(3), 4, mode="symmetric")
    assert [reflected(index, 3) for index in range(-4, 7)] == padded.tolist()


@pytest.mark.parametrize("slab", [1, 3, 7])
@pytest.mark.parametrize("channels", [1, 2])
def test_neighbours_are_channels(slab: int, channels: int) -> None:
    shape = (5, 6, 7) if channels == 1 else (5, 6, 7, 2)
    array = np.random.default_rng(0).integers(0, 999, shape).astype(np.uint16)
    padded = np.pad(array, [(3, 3)] + [(0, 0)] * (len(shape) - 1), mode="symmetric")
    for at in range(5):
        found = slab_around(Watched(array), at, slab, slice(1, 4), slice(2, 7))
        expected = padded[at + 3 - slab // 2 : at + 4 + slab // 2, 1:4, 2:7].astype(np.float32)
        if channels == 2:
            expected = expected.transpose(0, 3, 1, 2).reshape(-1, 3, 5)
        assert found.dtype == torch.float32
        np.testing.assert_array_equal(found, expected)


def test_only_the_window_is_read() -> None:
    stack, target = Watched(np.zeros((9, 30, 40), np.int16)), Watched(np.zeros((9, 30, 40), np.uint8))
    pairs = SlicePairs(stack, Target(target, LabelSet((0, 1))), [2, 5], slab=3)
    assert isinstance(pairs, PartialPairs)
    image, labels = pairs.read(1, (slice(3, 10), slice(20, 31)))
    assert (image.shape, labels.shape, labels.dtype) == ((3, 7, 11), (1, 7, 11), torch.int64)
    assert stack.boxes == [((4, 7), (3, 10), (20, 31))]
    assert target.boxes == [((5, 6), (3, 10), (20, 31))]


def test_volumes_are_runs_of_slices(stacks: Path) -> None:
    volume = tifffile.imread(stacks / "input.tif")
    with open_stack(stacks / "input.tif") as stack, open_stack(stacks / "target.tif") as target:
        pairs = VolumePairs(stack, Target(target), [range(3), range(5, 9)])
        image, wanted = pairs[1]
        np.testing.assert_array_equal(image[0], volume[5:])
        np.testing.assert_allclose(wanted[0], 3 * volume[5:] - 500)
        assert pairs.spatial(0) == (3, 37, 41)
        part, _ = pairs.read(1, (slice(1, 3), slice(4, 8), slice(0, 2)))
        np.testing.assert_array_equal(part[0], volume[6:8, 4:8, :2])
