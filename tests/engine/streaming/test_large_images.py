"""Images and outputs larger than memory: lazy input, arrays as output, running reductions, halos on disk."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import zarr
from torch import Tensor, nn

from tests.parts import gradient
from wholefield.sources import SlideImage, open_image
from wholefield.streaming import GatedAttentionPool, MaxPool, MeanPool, Reduction, Streamed, StreamingError
from wholefield.streaming.execution.images import ReadAhead
from wholefield.streaming.execution.saved_halos import SavedHalos

REDUCTIONS: list[Callable[[], Reduction]] = [MeanPool, MaxPool, lambda: GatedAttentionPool(6, hidden=5)]


def network() -> nn.Module:
    torch.manual_seed(3)
    return nn.Sequential(
        nn.Conv2d(3, 4, 5, stride=2, padding=2), nn.GELU(), nn.Conv2d(4, 6, 3, padding=1), nn.MaxPool2d(2)
    ).double()


class BoxedImage:
    """A tensor that is only handed out box by box and remembers what was asked for."""

    def __init__(self, pixels: Tensor) -> None:
        self.pixels = pixels
        self.shape, self.dtype, self.device = pixels.shape, pixels.dtype, pixels.device
        self.largest = 0

    def read(self, spans: tuple[tuple[int, int], ...]) -> Tensor:
        (top, bottom), (left, right) = spans
        self.largest = max(self.largest, (bottom - top) * (right - left))
        return self.pixels[:, :, top:bottom, left:right].clone()


def gradients(result: Tensor, *modules: nn.Module) -> list[Tensor]:
    parameters = [p for module in modules for p in module.parameters()]
    weights = torch.randn(result.shape, generator=torch.Generator().manual_seed(5), dtype=result.dtype)
    grads = torch.autograd.grad((result * weights).sum(), parameters)
    return [result.detach(), *grads]


def assert_same(found: list[Tensor], expected: list[Tensor]) -> None:
    for a, b in zip(found, expected, strict=True):
        assert (a - b).abs().max() <= 1e-12 * b.abs().max().clamp_min(1e-3)


@pytest.mark.parametrize("make", REDUCTIONS)
@pytest.mark.parametrize("tile", [9, 32, 200])
def test_a_running_reduction_has_the_gradients_of_the_whole(make: Callable[[], Reduction], tile: int) -> None:
    net, reduction = network(), make().double()
    image = torch.randn(2, 3, 67, 53, dtype=torch.double)
    expected = gradients(reduction(net(image)), net, reduction)
    found = gradients(Streamed(net, tile, reduction=reduction)(image), net, reduction)
    assert_same(found, expected)


def test_mean_and_max_are_those_of_torch() -> None:
    features = torch.randn(2, 5, 7, 3, dtype=torch.double)
    assert torch.allclose(MeanPool()(features), features.mean((2, 3)), rtol=1e-14)
    assert torch.equal(MaxPool()(features), features.amax((2, 3)))


def test_attention_is_a_softmax_over_positions() -> None:
    pool = GatedAttentionPool(5, hidden=4).double()
    features = torch.randn(2, 5, 7, 3, dtype=torch.double)
    positions = features.flatten(2).transpose(1, 2)
    hidden = torch.tanh(pool.value(positions)) * torch.sigmoid(pool.gate(positions))
    share = torch.softmax(pool.score(hidden), 1)
    assert torch.allclose(pool(features), (share * positions).sum(1), rtol=1e-12)


def test_equal_largest_values_share_the_gradient() -> None:
    image = torch.zeros(1, 1, 8, 8, dtype=torch.double, requires_grad=True)
    Streamed(nn.Identity(), 3, reduction=MaxPool())(image).sum().backward()
    assert torch.allclose(gradient(image), torch.full_like(image, 1 / 64))


def test_outputs_behind_the_one_that_is_pooled_come_as_they_are() -> None:
    class Two(nn.Module):
        def forward(self, x: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
            return x + 1, {"twice": x * 2}

    x = torch.randn(1, 3, 8, 8)
    pooled, others = Streamed(Two(), 4, reduction=MeanPool())(x)
    assert torch.allclose(pooled, (x + 1).mean((2, 3)))
    assert torch.equal(others["twice"], x * 2)


def test_the_pooled_output_cannot_be_returned_as_it_is_as_well() -> None:
    class Twice(nn.Module):
        def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
            y = x + 1
            return y, y

    with pytest.raises(StreamingError, match="pooled twice"):
        Streamed(Twice(), 4, reduction=MeanPool())(torch.zeros(1, 1, 8, 8))


def test_a_lazy_image_gives_the_same_and_is_never_read_whole() -> None:
    net, pixels = network(), torch.randn(1, 3, 101, 87, dtype=torch.double)
    image = BoxedImage(pixels)
    expected = gradients(net(pixels), net)
    assert_same(gradients(Streamed(net, 24, smallest_block=1)(image), net), expected)
    assert image.largest <= (24 + 8) ** 2


def test_an_error_while_reading_reaches_the_caller_and_leaves_no_thread() -> None:
    class Broken(BoxedImage):
        def read(self, spans: tuple[tuple[int, int], ...]) -> Tensor:
            if spans[0][0] > 40:
                raise OSError("the disk is gone")
            return super().read(spans)

    with pytest.raises(OSError, match="the disk is gone"):
        Streamed(network(), 24)(Broken(torch.zeros(1, 3, 101, 87, dtype=torch.double)))


def test_reading_ahead_answers_out_of_order_requests() -> None:
    asked: list[object] = []

    def read(spans: tuple[tuple[int, int], ...]) -> Tensor:
        asked.append(spans)
        return torch.tensor(spans)

    boxes = [((0, 1),), ((1, 2),), ((2, 3),)]
    with ReadAhead(read, boxes) as ahead:
        assert ahead(boxes[0]).tolist() == [[0, 1]]
        assert ahead(((7, 9),)).tolist() == [[7, 9]]
        assert ahead(boxes[1]).tolist() == [[1, 2]]


def test_a_slide_streams_without_being_read_whole(data_folder: Path) -> None:
    net = network().float()
    with open_image(data_folder / "slides" / "cmu_mini_pyramid.tif") as source:
        image = SlideImage(source, mean=[0.7, 0.6, 0.7], std=[0.2, 0.2, 0.2])
        height, width = image.shape[2:]
        pixels = torch.from_numpy(source.read_region(0, 0, 0, width, height)).permute(2, 0, 1)[None] / 255
        whole = (pixels - torch.tensor([0.7, 0.6, 0.7]).reshape(1, 3, 1, 1)) / 0.2
        with torch.no_grad():
            assert torch.allclose(Streamed(net, 300)(image), net(whole), atol=1e-5)


@pytest.mark.parametrize("kind", ["numpy", "memmap", "zarr"])
def test_an_output_goes_into_an_array(kind: str, tmp_path: Path) -> None:
    net, image = network(), torch.randn(1, 3, 90, 71, dtype=torch.double)
    expected = net(image).detach().numpy()
    arrays = {
        "numpy": lambda: np.zeros(expected.shape),
        "memmap": lambda: np.lib.format.open_memmap(tmp_path / "a.npy", "w+", float, expected.shape),
        "zarr": lambda: zarr.create_array(
            tmp_path / "a.zarr", shape=expected.shape, dtype="f8", chunks=(1, 6, 8, 8)
        ),
    }
    array = arrays[kind]()
    Streamed(net, 32).write(image, array)
    assert np.abs(np.asarray(array[:]) - expected).max() < 1e-13


def test_an_array_of_another_shape_is_refused() -> None:
    with pytest.raises(StreamingError, match=r"\(1, 6, 2, 2\).*\(1, 6, 22, 18\)"):
        Streamed(network(), 32).write(torch.zeros(1, 3, 90, 71, dtype=torch.double), np.zeros((1, 6, 2, 2)))


@pytest.mark.parametrize("budget", [0, 10_000, None])
def test_halos_beyond_the_budget_wait_on_disk(budget: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    spilled: list[object] = []
    original = SavedHalos._spill

    def noted(self: SavedHalos, tile: tuple[int, ...]) -> None:
        spilled.append(tile)
        original(self, tile)

    monkeypatch.setattr(SavedHalos, "_spill", noted)
    net, image = network(), torch.randn(1, 3, 101, 87, dtype=torch.double)
    expected = gradients(net(image), net)
    assert_same(gradients(Streamed(net, 16, halo_budget=budget, smallest_block=16)(image), net), expected)
    assert bool(spilled) == (budget is not None)


def test_halos_on_disk_are_removed_when_the_result_is_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    result = Streamed(network(), 16, halo_budget=0, smallest_block=1)(
        torch.randn(1, 3, 60, 60, dtype=torch.double)
    )
    assert list(tmp_path.iterdir())
    del result
    assert not list(tmp_path.iterdir())
