"""Tiles in which a Winograd convolution would lose small values beside large ones, and their direct way.

The maps of F(4x4, 3x3) mix the 36 pixels of a tile, so that the rounding errors of the largest fall on all results of
the tile: one pixel a thousand times as bright as the rest spoils those around it by 8e-4 of their size, where the
direct sum does by 5e-6; and a pixel that is not finite spoils them all. Metal in CT and hot pixels look like that.
Such tiles are found while they are mapped, left out of the products, and computed by torch.
"""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional

RANGE = 8.0
"""A tile is too wide if the fourth root of the mean fourth power of its values is that many times the usual size.

One bright pixel among 64 channels is then noticed from 55 times the usual size on, where it spoils by 5e-5.
"""

SAMPLED = 8
"""Of so many rows and columns one is looked at to find the usual size."""

CHUNK_BYTES = 2**24

Places = tuple[Tensor, Tensor, Tensor]
"""Image, row and column of every pixel of some tiles: (tiles, 1, 1), (tiles, side, 1), (tiles, 1, side)."""


def usual_size(image: Tensor) -> float:
    """The median over pixels of the root of the mean square over channels, of those that are neither zero nor infinite.

    Args:
        image: (batch, channels, height, width).

    Returns:
        The size; 0 where none of those that are looked at has one.
    """
    sizes = image.detach()[:, :, ::SAMPLED, ::SAMPLED].double().square().mean(1).sqrt()
    sizes = sizes[torch.isfinite(sizes) & (sizes > 0)]
    return float(sizes.median()) if sizes.numel() else 0.0


def limit_of(image: Tensor, pixels: int) -> float | None:
    """The largest sum of fourth powers of a tile that has that many pixels; None where the type cannot hold it.

    Of an image that is zero but for a few places, those are the tiles that are too wide.
    """
    kind, size = torch.finfo(image.dtype), usual_size(image)
    least, limit = kind.tiny * 1e6, (RANGE * size) ** 4 * pixels * image.shape[1]
    if not size:
        return least
    return limit if least < limit < kind.max * 1e-3 else None


def too_wide(powers: Tensor, limit: float) -> Tensor:
    """The indices of the tiles whose sums of fourth powers are too large, or not a number."""
    return torch.nonzero(~(powers <= limit)).flatten()


class WideTiles:
    """The tiles of a result that are computed directly.

    Attributes:
        tiles: Their indices over the batch, row by row.
    """

    def __init__(self, down: int, across: int) -> None:
        """None yet.

        Args:
            down: Rows of tiles of an image.
            across: Tiles of a row.
        """
        self._down, self._across = down, across
        self._found: list[Tensor] = []

    def add(self, tiles: Tensor, first_row: int) -> None:
        """Tiles by their indices from a row of tiles on; several threads may add."""
        if len(tiles):
            self._found.append(tiles + first_row * self._across)

    def write_results(self, image: Tensor, weight: Tensor, bias: Tensor | None, out: Tensor) -> None:
        """Compute the tiles of a convolution.

        Args:
            image: (batch, channels in, height + 2, width + 2).
            weight: (channels out, channels in, 3, 3).
            bias: (channels out,) or None.
            out: (batch, channels out, height, width), channels last.
        """
        for tiles in self._chunks(image):
            values = functional.conv2d(_pixels(image, self._places(tiles, 6)), weight, bias)
            _put(out, self._places(tiles, 4), values, add=False)

    def add_input_gradients(self, gradient: Tensor, weight: Tensor, target: Tensor) -> None:
        """Add what the tiles of the gradient of the result bring to that of the image."""
        for tiles in self._chunks(target):
            arriving = _pixels(gradient, self._places(tiles, 4))
            _put(target, self._places(tiles, 6), functional.conv_transpose2d(arriving, weight), add=True)

    def add_weight_gradients(self, gradient: Tensor, image: Tensor, target: Tensor) -> None:
        """Add what the tiles bring to the gradient of the weights, (channels out, channels in, 3, 3)."""
        for tiles in self._chunks(image):
            arriving = _pixels(gradient, self._places(tiles, 4))
            seen = _pixels(image, self._places(tiles, 6))
            target += torch.ops.aten.convolution_backward(
                arriving, seen, target, None, [1, 1], [0, 0], [1, 1], False, [0, 0], 1, (False, True, False)
            )[1]

    def _chunks(self, image: Tensor) -> Iterator[Tensor]:
        if not self._found:
            return iter(())
        tiles = torch.cat(self._found).sort().values
        return iter(tiles.split(max(1, CHUNK_BYTES // (36 * image.shape[1] * image.element_size()))))

    def _places(self, tiles: Tensor, side: int) -> Places:
        row, x = tiles // self._across, tiles % self._across * 4
        number, y = row // self._down, row % self._down * 4
        steps = torch.arange(side)
        return number[:, None, None], (y[:, None] + steps)[:, :, None], (x[:, None] + steps)[:, None, :]


def _pixels(image: Tensor, places: Places) -> Tensor:
    """The pixels of tiles, (tiles, channels, side, side); zeros beyond the image."""
    number, y, x = places
    height, width = image.shape[2:]
    found = image.permute(0, 2, 3, 1)[number, y.clamp(max=height - 1), x.clamp(max=width - 1)]
    inside = ((y < height) & (x < width)).unsqueeze(-1)
    return torch.where(inside, found, found.new_zeros(())).permute(0, 3, 1, 2)


def _put(image: Tensor, places: Places, values: Tensor, *, add: bool) -> None:
    """Write the pixels of tiles that lie inside an image, or add them."""
    number, y, x = torch.broadcast_tensors(*places)
    inside = (y < image.shape[2]) & (x < image.shape[3])
    where = number[inside], y[inside], x[inside]
    image.permute(0, 2, 3, 1).index_put_(where, values.permute(0, 2, 3, 1)[inside], accumulate=add)
