"""Random squares of pairs of images, flipped and rotated, for benchmarks that train."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

Pair = tuple[Tensor, Tensor]


def random_crops(pairs: Sequence[Pair], size: int, seed: int = 0) -> Iterator[Pair]:
    """Endless batches of one: (1, channels, size, size) of input and target; every pair once a round."""
    generator = torch.Generator().manual_seed(seed)
    while True:
        for index in torch.randperm(len(pairs), generator=generator).tolist():
            yield varied(pairs[index], size, generator)


def varied(pair: Pair, size: int, generator: torch.Generator) -> Pair:
    """The same random square of input and target, flipped and rotated alike."""
    rows, columns = pair[0].shape[1:]
    row, column = (int(torch.randint(each - size + 1, (), generator=generator)) for each in (rows, columns))
    flips, quarters = torch.randint(4, (2,), generator=generator).tolist()
    axes = [axis for axis in (1, 2) if flips & axis]
    image, target = (
        each[:, row : row + size, column : column + size].flip(axes).rot90(quarters, (1, 2))[None]
        for each in pair
    )
    return image, target
