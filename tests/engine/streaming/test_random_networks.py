"""Networks nobody would think of: branches, joins, strides, dilations, ups and downs, in one to three axes."""

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings, strategies as st
from torch import Tensor, nn
from torch.nn import functional

CHANNELS = 2
LARGEST = {1: 90, 2: 30, 3: 14}
POSITIONS = 2500
TILES = 130
CONVOLUTIONS: tuple[Any, ...] = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
TRANSPOSED: tuple[Any, ...] = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
MAXIMA: tuple[Any, ...] = (nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d)
MEANS: tuple[Any, ...] = (nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d)
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
LINEAR = ("linear", "bilinear", "trilinear")


@dataclass(frozen=True)
class Step:
    """One layer and the earlier results that it reads; several are cropped to one size and joined first."""

    sources: tuple[int, ...]
    joined_by: str
    layer: int


class Graph(nn.Module):
    """Layers wired at random; returns the last result and one from the middle."""

    def __init__(self, steps: list[Step], layers: list[nn.Module], also: int) -> None:
        super().__init__()
        self.steps, self.also = steps, also
        self.layers = nn.ModuleList(layers)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        results = [x]
        for step in self.steps:
            # A layer may work in place, on memory that no other step looks at.
            fresh = join([results[k] for k in step.sources], step.joined_by) * 1
            results.append(self.layers[step.layer](fresh))
        return results[-1], results[self.also]


def join(parts: list[Tensor], how: str) -> Tensor:
    lengths = [min(sizes) for sizes in zip(*(part.shape[2:] for part in parts), strict=True)]
    cropped = [part[(slice(None), slice(None), *(slice(length) for length in lengths))] for part in parts]
    if how == "add":
        return sum(cropped[1:], cropped[0])
    if how == "multiply":
        return torch.stack(cropped, dim=2).prod(dim=2) if len(cropped) > 1 else cropped[0]
    joined = torch.cat(cropped, dim=1)
    return joined[:, :CHANNELS] + joined[:, -CHANNELS:]


class Norm(nn.Module):
    """Layer norm over the channels of a channels-first tensor."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(CHANNELS, eps=0.1)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x.movedim(1, -1)).movedim(-1, 1)


class Sized(nn.Module):
    """Interpolation to a size that is some fraction of the input's."""

    def __init__(self, over: int, under: int, mode: str) -> None:
        super().__init__()
        self.over, self.under, self.mode = over, under, mode

    def forward(self, x: Tensor) -> Tensor:
        size = [max(length * self.over // self.under, 1) for length in x.shape[2:]]
        return functional.interpolate(x, size=size, mode=self.mode)


@st.composite
def layers(draw: st.DrawFn, axes: int) -> nn.Module:
    def each(low: int, high: int) -> tuple[int, ...]:
        return tuple(draw(st.integers(low, high)) for _ in range(axes))

    kind = draw(
        st.sampled_from(
            ["conv", "conv", "conv", "max", "mean", "transposed", "resize", "size", "norm", "point"]
        )
    )
    if kind == "conv":
        return CONVOLUTIONS[axes - 1](
            CHANNELS, CHANNELS, each(1, 4), each(1, 3), each(0, 3), each(1, 2), draw(st.sampled_from([1, 2])),
            padding_mode=draw(st.sampled_from(["zeros", "zeros", "replicate", "reflect"])),
        )  # fmt: skip
    if kind == "transposed":
        return TRANSPOSED[axes - 1](
            CHANNELS, CHANNELS, each(1, 4), each(1, 3), each(0, 2), dilation=each(1, 2)
        )
    if kind == "max":
        return MAXIMA[axes - 1](each(2, 3), each(1, 3), each(0, 1), ceil_mode=draw(st.booleans()))
    if kind == "mean":
        return MEANS[axes - 1](each(2, 3), each(1, 3), each(0, 1), draw(st.booleans()), draw(st.booleans()))
    if kind == "resize":
        mode = draw(st.sampled_from(["nearest", LINEAR[axes - 1]]))
        # Where a factor leaves the size as it is, torch's nearest forward and backward read different positions.
        factor = draw(st.sampled_from([2.0, 1.5, 0.75] + [1.25] * (mode != "nearest")))
        aligned = mode != "nearest" and draw(st.booleans())
        return nn.Upsample(scale_factor=factor, mode=mode, align_corners=aligned or None)
    if kind == "size":
        mode = draw(st.sampled_from(["nearest-exact", LINEAR[axes - 1]]))
        return Sized(draw(st.integers(1, 5)), draw(st.integers(1, 3)), mode)
    if kind == "norm":
        return draw(st.sampled_from([NORMS[axes - 1](CHANNELS).eval(), Norm()]))
    return draw(
        st.sampled_from(
            [nn.GELU(), nn.LeakyReLU(0.3, inplace=True), nn.PReLU(CHANNELS), nn.Tanh(), nn.SiLU(inplace=True)]
        )
    )


@dataclass(frozen=True)
class Example:
    """A network, an image for it, and how to stream it."""

    network: Graph
    image: Tensor
    tile: tuple[int, ...]
    smallest_block: int | None
    keep_budget: int
    workers: int

    def __repr__(self) -> str:
        return (
            f"image {tuple(self.image.shape)}, tile {self.tile}, smallest block {self.smallest_block}, keeps "
            f"{self.keep_budget} bytes, {self.workers} workers\n"
            f"{self.network.steps} and {self.network.also}\n{self.network.layers}"
        )


@st.composite
def examples(draw: st.DrawFn, axes: int) -> Example:
    shape = tuple(draw(st.integers(1, {1: 60, 2: 17, 3: 8}[axes])) for _ in range(axes))
    image = torch.randn(draw(st.integers(1, 2)), CHANNELS, *shape, dtype=torch.float64)
    steps: list[Step] = []
    chosen: list[nn.Module] = []
    sizes = [shape]
    for _ in range(draw(st.integers(1, 6))):
        layer = draw(layers(axes)).double()
        sources = tuple(
            draw(st.lists(st.integers(max(0, len(sizes) - 3), len(sizes) - 1), min_size=1, max_size=2))
        )
        step = Step(sources, draw(st.sampled_from(["add", "cat", "multiply"])), len(chosen))
        size = size_after(layer, [sizes[k] for k in sources])
        if size is not None:
            steps.append(step)
            chosen.append(layer)
            sizes.append(size)
    steps = steps or [Step((0,), "add", 0)]
    chosen = chosen or [CONVOLUTIONS[axes - 1](CHANNELS, CHANNELS, 3, padding=1).double()]
    network = Graph(steps, chosen, draw(st.integers(0, len(steps))))
    smallest_block = draw(st.sampled_from([None, 1, 1, 2, 3, 8, 16, 64]))
    keep_budget = draw(st.sampled_from([0, 2_000, 10**9]))
    workers = draw(st.sampled_from([1, 2, 5]))
    return Example(network, image, draw(tiles(shape)), smallest_block, keep_budget, workers)


def size_after(layer: nn.Module, shapes: list[tuple[int, ...]]) -> tuple[int, ...] | None:
    """The size of a layer's result; None where the layer does not fit or grows the image too much."""
    common = [min(lengths) for lengths in zip(*shapes, strict=True)]
    try:
        size = tuple(layer(torch.zeros(1, CHANNELS, *common, dtype=torch.float64)).shape[2:])
    except (RuntimeError, ValueError):
        return None
    small = max(size) <= LARGEST[len(size)] and prod(size) <= POSITIONS
    return size if small and min(size) >= 1 else None


@st.composite
def tiles(draw: st.DrawFn, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Tile sizes down to one pixel, but not so many tiles that the test takes for ever."""
    tile: list[int] = []
    left = TILES
    for length in shape:
        smallest = -(-length // left)
        tile.append(draw(st.integers(smallest, length + 2)))
        left = max(left // -(-length // tile[-1]), 1)
    return tuple(tile)


def check(example: Example, exact: Callable[..., None]) -> None:
    for parameter in example.network.parameters():
        nn.init.normal_(parameter, std=0.5)
    exact(
        example.network,
        example.image,
        example.tile,
        smallest_block=example.smallest_block,
        keep_budget=example.keep_budget,
        workers=example.workers,
    )


@pytest.fixture(autouse=True)
def keep_even_what_is_cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """So small convolutions would never be kept otherwise."""
    monkeypatch.setattr("wholefield.streaming.planning.kept_activations.LEAST_WORK", 0)


QUICK = settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@QUICK
@given(example=examples(1))
def test_one_axis(example: Example, exact: Callable[..., None]) -> None:
    check(example, exact)


@QUICK
@given(example=examples(2))
def test_two_axes(example: Example, exact: Callable[..., None]) -> None:
    check(example, exact)


@QUICK
@given(example=examples(3))
def test_three_axes(example: Example, exact: Callable[..., None]) -> None:
    check(example, exact)
