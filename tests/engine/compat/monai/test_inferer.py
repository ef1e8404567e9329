"""StreamedInferer beside MONAI's SlidingWindowInferer: every documented argument, and the result of the whole image."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from tqdm import tqdm

pytest.importorskip("monai")

from monai.data.meta_tensor import MetaTensor
from monai.inferers import SlidingWindowInferer
from monai.networks.nets.unet import UNet

from tests.there import a
from wholefield.compat.monai import StreamedInferer
from wholefield.streaming import NotLocalError, StreamingError


@pytest.fixture(autouse=True)
def no_monitor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bars start no thread."""
    monkeypatch.setattr(tqdm, "monitor_interval", 0)


def network(axes: int = 2) -> nn.Module:
    """Halves the image twice, so sizes must be multiples of four."""
    torch.manual_seed(0)
    return UNet(axes, 1, 2, channels=(4, 6, 8), strides=(2, 2), norm="batch").double().eval()


def image(*shape: int) -> Tensor:
    return torch.randn(1, 1, *shape, dtype=torch.double, generator=torch.Generator().manual_seed(1))


def assert_same(found: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


ARGUMENTS: list[dict[str, Any]] = [
    {},
    {"sw_batch_size": 4},
    {"overlap": 0.5},
    {"overlap": (0.25, 0.5)},
    {"mode": "gaussian", "sigma_scale": 0.2},
    {"mode": "gaussian", "cache_roi_weight_map": True},
    {"sw_device": "cpu", "device": torch.device("cpu")},
    {"progress": True},
    {"cpu_thresh": 100},
    {"buffer_steps": 2, "buffer_dim": 0},
    {"padding_mode": "reflect"},
]


@pytest.mark.parametrize("given", ARGUMENTS, ids=lambda given: "-".join(given) or "none")
@torch.no_grad()
def test_the_whole_image_whatever_the_arguments(given: dict[str, Any]) -> None:
    net, x = network(), image(52, 40)
    whole = net(x)
    assert_same(StreamedInferer((16, 16), **given)(x, net), whole)
    # The windows have seams; that is what this is for.
    assert (SlidingWindowInferer((16, 16), **given)(x, net) - whole).abs().max() > 1e-3


@torch.no_grad()
def test_volumes_and_batches() -> None:
    net, x = network(3), torch.cat([image(12, 20, 16), image(12, 20, 16) + 1])
    assert_same(StreamedInferer(8)(x, net), net(x))


@pytest.mark.parametrize(
    "given", [{}, {"cval": 0.5}, *({"padding_mode": mode} for mode in ("reflect", "replicate", "circular"))]
)
@torch.no_grad()
def test_images_smaller_than_the_window_are_padded_alike(given: dict[str, Any]) -> None:
    net, x = network(), image(25, 31)
    windows, streamed = (
        SlidingWindowInferer((32, 32), **given),
        StreamedInferer((32, 32), tile_size=16, **given),
    )
    assert_same(streamed(x, net), windows(x, net))


# The network refuses 50, and makes 40 of 39.
@pytest.mark.parametrize("shape", [(50, 40), (52, 39), (50, 39)])
@torch.no_grad()
def test_a_size_that_the_network_cannot_take_is_padded_with_a_warning(shape: tuple[int, int]) -> None:
    net, (height, width) = network(), shape
    x = image(height, width)
    with pytest.warns(UserWarning, match=r"padded to \(52, 40\)"):
        found = StreamedInferer((16, 16), cval=0.5)(x, net)
    padded = nn.functional.pad(x, (0, 40 - width, 0, 52 - height), value=0.5)
    assert_same(found, net(padded)[..., :height, :width])


class Outputs(nn.Module):
    """Several results, one of half the resolution, and arguments beside the image."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self.first = nn.Conv2d(1, 2, 3, padding=1).double()

    def forward(self, x: Tensor, factor: float = 1.0, *, shift: float = 0.0) -> Any:
        full = self.first(x) * factor + shift
        half = nn.functional.avg_pool2d(full, 2)
        return {"full": full, "half": half} if self.kind == "dict" else (full, half)


@pytest.mark.parametrize("kind", ["tuple", "dict"])
@torch.no_grad()
def test_results_keep_their_structure_and_arguments_are_passed_on(kind: str) -> None:
    net, x = Outputs(kind), image(18, 22)
    found = StreamedInferer((24, 24))(x, net, 2.0, shift=0.5)
    expected = SlidingWindowInferer((24, 24))(x, net, 2.0, shift=0.5)
    assert type(found) is type(expected)
    for key in ("full", "half") if kind == "dict" else (0, 1):
        assert_same(found[key], expected[key])


@torch.no_grad()
def test_any_callable_is_a_network() -> None:
    net, x = network(), image(32, 20)
    found = StreamedInferer((16, 16))(x, lambda part: net(part).softmax(1), device="cpu", buffer_steps=1)
    assert_same(found, net(x).softmax(1))


@torch.no_grad()
def test_a_condition_is_seen_alongside_the_image() -> None:
    net, x, condition = network(), image(32, 20), image(32, 20) * 2
    found = StreamedInferer((16, 16))(x, lambda part, condition: net(part + condition), condition=condition)
    assert_same(found, net(x * 3))


@torch.no_grad()
def test_coordinates_are_those_of_the_whole_image() -> None:
    seen: list[Any] = []

    def predictor(part: Tensor, where: list[list[slice]]) -> Tensor:
        seen.append(where)
        return part * 2

    x = torch.cat([image(9, 7), image(9, 7)])
    assert_same(StreamedInferer((4, 4), with_coord=True)(x, predictor), x * 2)
    whole = [slice(None), slice(0, 9), slice(0, 7)]
    assert seen[-1] == [[slice(0, 1), *whole], [slice(1, 2), *whole]]


@torch.no_grad()
def test_metadata_stays() -> None:
    net, x = network(), MetaTensor(image(16, 12).float(), meta={"filename_or_obj": "a.nii"})
    found = StreamedInferer((8, 8))(x, net.float())
    expected = SlidingWindowInferer((8, 8))(x, net.float())
    assert a(MetaTensor, found).meta == a(MetaTensor, expected).meta
    torch.testing.assert_close(found.as_tensor(), net(x.as_tensor()), rtol=1e-5, atol=1e-5)


def test_gradients_are_those_of_the_whole_image() -> None:
    net, x = network(), image(20, 24).requires_grad_()
    wanted = [x, *net.parameters()]
    expected = torch.autograd.grad(net(x).square().sum(), wanted)
    found = torch.autograd.grad(StreamedInferer((8, 8))(x, net).square().sum(), wanted)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10)


class Sorted(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(2).sort(2).values.view_as(x)


def test_a_network_that_is_not_local_is_refused_unless_windows_are_asked_for() -> None:
    x = image(12, 12)
    with pytest.raises(NotLocalError, match="cannot be streamed"):
        StreamedInferer((8, 8))(x, Sorted())
    with pytest.warns(UserWarning, match="in sliding windows, with their seams"):
        found = StreamedInferer((8, 8), fallback=True)(x, Sorted())
    assert_same(found, SlidingWindowInferer((8, 8))(x, Sorted()))


def test_what_windows_refuse_is_refused_here() -> None:
    x, net = image(12, 12), network()
    for inferer, named, sentence in (
        (StreamedInferer((8, 8, 8)), {}, "roi_size has 3"),
        (StreamedInferer((8, 8), overlap=1.0), {}, "overlap"),
        (StreamedInferer((8, 8), buffer_steps=1, buffer_dim=5), {}, "buffer_dim"),
        (StreamedInferer((8, 8)), {"condition": image(12, 11)}, "condition"),
    ):
        with pytest.raises(ValueError, match=sentence):
            inferer(x, net, **named)
    with pytest.raises(StreamingError, match="fails on tensors of the shape"):
        StreamedInferer((8, 8))(x, nn.Conv2d(3, 1, 3).double())
