"""Background that is skipped: the result of the painted image, and how few tiles are computed for it."""

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st
from torch import Tensor, nn
from torch.nn import functional

from tests.engine.streaming.layers import Apply, between, conv, small
from wholefield.streaming import MeanPool, Skip, Streamed, StreamingError
from wholefield.streaming.execution import sweep
from wholefield.streaming.execution.tile import compute_tile
from wholefield.streaming.geometry.spans import Spans

FILL = (0.7, -0.3)


def spotted(*lengths: int, spot: int = 20) -> tuple[Tensor, np.ndarray[Any, np.dtype[np.bool_]]]:
    """An image of one color but for a spot in a corner and one behind the middle, and a mask of its background."""
    image = torch.tensor(FILL, dtype=torch.float64).reshape(1, 2, *[1] * len(lengths)).repeat(1, 1, *lengths)
    empty = np.ones(lengths, dtype=bool)
    for start in (0, max(lengths) // 2):
        spots = tuple(slice(start, start + spot) for _ in lengths)
        at = (slice(None), slice(None), *spots)
        image[at] = torch.randn_like(image[at])
        empty[spots] = False
    return image, empty


def up_and_down() -> nn.Module:
    return Apply(
        lambda x, one, two, three: three(
            functional.interpolate(two(functional.avg_pool2d(one(x), 4)), scale_factor=4)
        ),
        conv(2),
        conv(),
        conv(4, 3),
    ).double()


def ramp() -> nn.Module:
    return Apply(lambda x, one: one(x) * torch.linspace(0, 1, x.shape[-1], dtype=x.dtype), conv(2)).double()


@torch.no_grad()
def counted(streamed: Streamed, image: Any) -> tuple[Tensor, int]:
    with patch.object(sweep, "compute_tile", side_effect=compute_tile) as computed:
        return streamed(image), computed.call_count


@pytest.mark.parametrize(
    ("network", "lengths", "tile", "most"),
    [
        (small, (203, 190), 10, 140),
        # Tiles that lie differently among the positions of the pooled maps.
        (small, (203, 190), 11, 140),
        (up_and_down, (200, 208), 16, 100),
        (lambda: between(nn.Conv2d(4, 4, 3, stride=2, dilation=2), 2), (203, 190), 12, 140),
        (lambda: between(nn.ConvTranspose2d(4, 4, 4, stride=2, padding=1), 2), (203, 190), 12, 140),
        (lambda: between(nn.MaxPool3d(2), 3), (50, 44, 46), 6, 300),
        (lambda: between(nn.MaxPool1d(3), 1), (400,), 9, 25),
    ],
)
def test_background_is_computed_once(
    network: Callable[[], nn.Module], lengths: tuple[int, ...], tile: int, most: int
) -> None:
    net = network().double()
    image, empty = spotted(*lengths, spot=10)
    found, computed = counted(Streamed(net, tile, smallest_block=1, workers=1, skip=Skip(empty, FILL)), image)
    with torch.no_grad():
        assert torch.allclose(found, net(image), rtol=1e-12, atol=1e-12)
    assert computed <= most
    assert computed < np.prod([-(-length // tile) for length in lengths]) / 1.5


@settings(max_examples=12)
@given(
    lengths=st.tuples(st.integers(30, 60), st.integers(30, 60)),
    tile=st.tuples(st.integers(7, 12), st.integers(7, 12)),
    block=st.integers(1, 9),
    stride=st.integers(1, 3),
    seed=st.integers(0, 99),
)
def test_any_mask_means_the_painted_image(
    lengths: tuple[int, int], tile: tuple[int, int], block: int, stride: int, seed: int
) -> None:
    torch.manual_seed(seed)
    net = nn.Sequential(
        nn.Conv2d(2, 3, 3, stride, padding=1),
        nn.MaxPool2d(3, 2, 1),
        nn.ReLU(),
        nn.ConvTranspose2d(3, 2, 2, 2),
    ).double()
    image = torch.randn(1, 2, *lengths, dtype=torch.float64)
    empty = np.random.default_rng(seed).random((3, 4)) < 0.8
    skip = Skip(empty, FILL)
    painted = image.clone()
    for y in range(0, lengths[0], tile[0]):
        for x in range(0, lengths[1], tile[1]):
            box = ((y, min(y + tile[0], lengths[0])), (x, min(x + tile[1], lengths[1])))
            if skip.covers(box, lengths):
                painted[..., y : y + tile[0], x : x + tile[1]] = torch.tensor(
                    FILL, dtype=torch.float64
                ).reshape(2, 1, 1)
    with torch.no_grad():
        found = Streamed(net, tile, smallest_block=block, skip=skip)(image)
        assert torch.allclose(found, net(painted), rtol=1e-12, atol=1e-12)


def test_a_mask_of_another_resolution_covers_what_it_touches() -> None:
    empty = np.array([[True, False], [True, True]])
    skip = Skip(empty)
    assert skip.covers(((0, 10), (0, 5)), (20, 10))
    assert not skip.covers(((0, 10), (0, 6)), (20, 10))
    assert skip.covers(((10, 20), (0, 10)), (20, 10))
    assert Skip(lambda box: box[0][0] > 3).covers(((4, 5),), (9,))


def test_pixels_of_background_are_not_read_and_results_are_folded_and_written() -> None:
    net = small().double()
    image, empty = spotted(160, 130, spot=10)
    boxes: list[Spans] = []

    class Lazy:
        shape, dtype, device = image.shape, image.dtype, image.device

        def read(self, spans: Spans) -> Tensor:
            boxes.append(spans)
            return image[:, :, slice(*spans[0]), slice(*spans[1])]

    with torch.no_grad():
        expected = net(image)
    options: dict[str, Any] = {"smallest_block": 1, "skip": Skip(empty, FILL)}
    pooled, computed = counted(Streamed(net, 10, reduction=MeanPool(), workers=3, **options), Lazy())
    assert torch.allclose(pooled, expected.mean((2, 3)), rtol=1e-12, atol=1e-12)
    assert len(boxes) < computed < 100
    array = np.full(expected.shape, np.nan)
    Streamed(net, 10, **options).write(Lazy(), array)
    assert np.allclose(array, expected.numpy(), rtol=1e-12, atol=1e-12)


def test_what_varies_over_the_image_is_computed_everywhere() -> None:
    net = ramp()
    image, empty = spotted(60, 60)
    found, computed = counted(Streamed(net, 10, skip=Skip(empty, FILL)), image)
    with torch.no_grad():
        assert torch.allclose(found, net(image), rtol=1e-12, atol=1e-12)
    assert computed == 36


def test_training_and_statistics_of_the_whole_image_are_refused() -> None:
    image, empty = spotted(40, 40)
    with torch.no_grad(), pytest.raises(StreamingError, match="to which background counts"):
        Streamed(nn.InstanceNorm2d(2).double(), 10, skip=Skip(empty, FILL))(image)
    with pytest.raises(StreamingError, match="in inference only"):
        Streamed(small().double(), 10, skip=Skip(empty, FILL))(image)
