"""Bright pixels, metal and values that are not finite: Winograd's convolution errs no more than the direct one."""

import pytest
import torch
from hypothesis import given, settings, strategies as st
from torch import Tensor
from torch.nn import functional

from wholefield.kernels import winograd, winograd_range

CHANNELS, FILTERS = 40, 33
BOUND = 2e-5
"""Of the size of a result that nothing bright is near to."""

Gradients = tuple[Tensor, Tensor, Tensor]


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def image() -> Tensor:
    return drawn(2, CHANNELS, 45, 38)


@pytest.fixture
def weight() -> Tensor:
    return drawn(FILTERS, CHANNELS, 3, 3, seed=1) / 20


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many tiles were computed directly, call by call."""
    counts: list[int] = []
    add = winograd_range.WideTiles.add

    def counted(self: winograd_range.WideTiles, tiles: Tensor, first_row: int) -> None:
        counts.append(len(tiles))
        add(self, tiles, first_row)

    monkeypatch.setattr(winograd_range.WideTiles, "add", counted)
    return counts


def near(image: Tensor, places: list[tuple[int, int]]) -> Tensor:
    """Which results of a convolution have one of the places in their window, as (height, width)."""
    marked = torch.zeros(1, 1, *image.shape[2:])
    for y, x in places:
        marked[..., y, x] = 1
    return functional.conv2d(marked, torch.ones(1, 1, 3, 3))[0, 0] > 0


def wide_gradients(gradient: Tensor, image: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """The gradients of image and weight in double precision."""
    x, w = (tensor.double().requires_grad_() for tensor in (image, weight))
    functional.conv2d(x, w).backward(gradient.double())
    assert x.grad is not None
    assert w.grad is not None
    return x.grad, w.grad


@settings(max_examples=40, deadline=None)
@given(
    y=st.integers(0, 44),
    x=st.integers(0, 37),
    channel=st.integers(0, CHANNELS - 1),
    bright=st.sampled_from([30.0, 300.0, 1e3, -1e5, 1e9, 1e20]),
)
def test_a_bright_pixel_spoils_nothing_but_what_it_is_part_of(
    y: int, x: int, channel: int, bright: float
) -> None:
    image, weight = drawn(1, CHANNELS, 45, 38), drawn(FILTERS, CHANNELS, 3, 3, seed=1) / 20
    image[0, channel, y, x] = bright
    expected = functional.conv2d(image.double(), weight.double())
    there = near(image, [(y, x)])
    usual = float(expected[..., ~there].abs().mean())
    error, direct = (
        (found - expected).abs()
        for found in (winograd.convolve(image, weight), functional.conv2d(image, weight))
    )
    # Just below the limit it is largest.
    assert float(error[..., ~there].max()) < 4 * BOUND * usual
    assert float(error[..., there].max()) <= 10 * max(float(direct[..., there].max()), 1e-6 * usual)


@pytest.mark.parametrize("bright", [1e3, 1e5])
def test_metal_in_a_slice(image: Tensor, weight: Tensor, bright: float) -> None:
    """A bar of bright pixels, all channels of them, as in CT."""
    image[:, :, 20:23, 10:30] *= bright
    places = [(y, x) for y in range(20, 23) for x in range(10, 30)]
    expected = functional.conv2d(image.double(), weight.double())
    usual = expected[..., ~near(image, places)].abs().mean()
    error = (winograd.convolve(image, weight) - expected).abs()[..., ~near(image, places)].max()
    assert error / usual < BOUND


@pytest.mark.parametrize("bright", [1e3, 1e5])
def test_gradients_beside_bright_pixels(image: Tensor, weight: Tensor, bright: float) -> None:
    gradient = drawn(2, FILTERS, 43, 36, seed=2)
    gradient[0, 4, 17, 9] = bright
    image[1, 3, 30, 30] = bright
    grad_image, grad_weight, _ = winograd.gradients(gradient, image, weight, (True, True, False))
    wide_image, wide_weight = wide_gradients(gradient, image, weight)
    assert grad_image is not None
    assert grad_weight is not None
    spoiled = torch.zeros(45, 38, dtype=torch.bool)
    spoiled[17:20, 9:12] = True
    error = (grad_image - wide_image).abs()
    assert error[1].max() / wide_image[1].abs().mean() < BOUND
    assert error[0][:, ~spoiled].max() / wide_image[0][:, ~spoiled].abs().mean() < BOUND
    direct = torch.ops.aten.convolution_backward(
        gradient, image, weight, None, [1, 1], [0, 0], [1, 1], False, [0, 0], 1, (False, True, False)
    )[1]
    assert (grad_weight - wide_weight).norm() <= 5 * (direct - wide_weight).norm()
    # Filters and channels without a bright pixel.
    still = (grad_weight - wide_weight)[:4, :3].abs().max() / wide_weight[:4, :3].abs().mean()
    assert still < BOUND


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("place", [(0, 0), (21, 17), (44, 37), (6, 5)])
def test_what_is_not_finite_stays_where_the_direct_sum_has_it(
    image: Tensor, weight: Tensor, value: float, place: tuple[int, int]
) -> None:
    image[1, 7, *place] = value
    result, expected = winograd.convolve(image, weight), functional.conv2d(image, weight)
    assert torch.equal(torch.isnan(result), torch.isnan(expected))
    assert torch.equal(torch.isposinf(result), torch.isposinf(expected))
    fine = torch.isfinite(expected)
    torch.testing.assert_close(result[fine], expected[fine], rtol=1e-4, atol=1e-4)
    count = int((~torch.isfinite(result)).any(1).sum())
    assert count == int(near(image, [place]).sum())


def test_a_gradient_that_is_not_finite(image: Tensor, weight: Tensor) -> None:
    gradient = drawn(2, FILTERS, 43, 36, seed=2)
    gradient[0, 0, 11, 35] = float("nan")
    found = winograd.gradients(gradient, image, weight, (True, True, False))
    assert found[0] is not None
    assert found[1] is not None
    spoiled = torch.zeros(45, 38, dtype=torch.bool)
    spoiled[11:14, 35:38] = True
    assert torch.equal(torch.isnan(found[0][0]).any(0), spoiled)
    assert not torch.isnan(found[0][1]).any()
    assert torch.isnan(found[1][0]).all()
    assert not torch.isnan(found[1][1:]).any()


@pytest.mark.parametrize("kind", ["noise", "positive", "sparse", "uneven channels", "empty", "step"])
def test_ordinary_images_take_the_fast_way(
    kind: str, image: Tensor, weight: Tensor, found: list[int]
) -> None:
    chance = torch.rand(image.shape, generator=torch.Generator().manual_seed(7))
    ordinary = {
        "noise": image,
        "positive": image.relu() + 0.1,
        "sparse": image * (chance < 0.05),
        "uneven channels": image * torch.logspace(-2, 1, CHANNELS).view(-1, 1, 1),
        "empty": torch.zeros_like(image),
        "step": image * torch.where(torch.arange(38) < 20, 1.0, 6.0),
    }
    winograd.convolve(ordinary[kind], weight)
    assert found
    assert sum(found) == 0


def test_a_bright_pixel_takes_the_direct_way(image: Tensor, weight: Tensor, found: list[int]) -> None:
    # Tiles of six pixels begin at every fourth.
    image[0, 0, 22, 22] = 1e4
    winograd.convolve(image, weight)
    assert sum(found) == 1
    image[0, 0, 22, 22], image[0, 0, 20, 20] = 1.0, 1e4
    found.clear()
    winograd.convolve(image, weight)
    assert sum(found) == 4


@pytest.mark.parametrize("scale", [1e-30, 1e-12, 1e12, 1e25])
def test_very_small_and_very_large_values(scale: float, image: Tensor, weight: Tensor) -> None:
    expected = functional.conv2d(image.double() * scale, weight.double())
    error = (winograd.convolve(image * scale, weight) - expected).abs().max()
    assert error < 1e-5 * float(expected.abs().max())
    gradient = drawn(2, FILTERS, 43, 36, seed=2)
    given = winograd.gradients(gradient, image * scale, weight, (True, True, True))
    for mine, wanted in zip(given[:2], wide_gradients(gradient, image * scale, weight), strict=True):
        assert mine is not None
        assert (mine - wanted).abs().max() < 1e-5 * float(wanted.abs().max())
    assert given[2] is not None
    torch.testing.assert_close(given[2], gradient.sum((0, 2, 3)), rtol=1e-4, atol=1e-3)


def test_an_image_that_is_zero_but_for_a_few_pixels(weight: Tensor) -> None:
    image = torch.zeros(1, CHANNELS, 45, 38)
    image[0, :, 3, 3], image[0, :, 29, 21] = drawn(CHANNELS), 1e4 * drawn(CHANNELS, seed=5)
    expected = functional.conv2d(image.double(), weight.double())
    result = winograd.convolve(image, weight)
    far = ~near(image, [(29, 21)])
    assert (result - expected)[..., far].abs().max() < 1e-6 * float(expected[..., far].abs().max())
