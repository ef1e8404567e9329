"""Networks over rows that flow through them equal the network on the whole image."""

from collections.abc import Sequence

import pytest
import torch

from wholefield.networks.msd.errors import ShapeError
from wholefield.networks.msd.modules import MSDModule
from wholefield.networks.msd.predict import stream_rows


def random_network(ndim: int, depth: int, width: int, dilations: Sequence[int]) -> MSDModule:
    torch.manual_seed(depth)
    network = MSDModule(2, 3, depth, width, dilations, ndim).double()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    return network


@pytest.mark.parametrize(
    ("shape", "depth", "width", "dilations", "step"),
    [
        ((40, 13), 12, 1, (1, 2, 3, 4), 4),
        ((97, 11), 7, 2, (5, 1, 3), 1),
        ((10, 12), 12, 1, range(1, 11), 3),
        ((33, 9), 5, 1, (2, 2, 8), 64),
        ((23, 7, 6), 6, 1, (1, 2, 5), 4),
        ((9, 8, 5), 4, 2, (4, 1), 2),
    ],
)
def test_streamed_rows_equal_the_whole(
    shape: Sequence[int], depth: int, width: int, dilations: Sequence[int], step: int
) -> None:
    network = random_network(len(shape), depth, width, dilations)
    image = torch.randn(2, *shape, dtype=torch.float64)
    asked = []

    def read(first: int, end: int) -> torch.Tensor:
        asked.append((first, end))
        return image[:, first:end]

    blocks = list(stream_rows(network, read, shape, step))
    firsts = [first for first, _ in blocks]
    assert firsts == sorted(firsts)
    found = torch.cat([block for _, block in blocks], 1)
    with torch.no_grad():
        torch.testing.assert_close(found, network(image[None])[0], rtol=0, atol=1e-12)
    assert [row for first, end in asked for row in range(first, end)] == list(range(shape[0]))


def test_lower_precision_streams_too() -> None:
    network = random_network(2, 9, 1, (1, 2, 3)).bfloat16()
    image = torch.randn(2, 50, 20).bfloat16()
    found = torch.cat(
        [block for _, block in stream_rows(network, lambda a, b: image[:, a:b], (50, 20), 8)], 1
    )
    with torch.no_grad():
        expected = network(image[None])[0].float()
    assert (found.float() - expected).norm() < 0.02 * expected.norm()


def test_images_smaller_than_a_dilation_are_refused() -> None:
    network = random_network(2, 2, 1, (1, 9))
    with pytest.raises(ShapeError, match="dilation of 9"):
        next(stream_rows(network, lambda a, b: torch.empty(0), (20, 8)))
