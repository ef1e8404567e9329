"""The two calls of StreamingCNN: what autograd finds in one piece, and the forward never run twice without need."""

import copy
import io
import logging
import pickle
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.parts import part
from wholefield.compat.lightstream import StreamingCNN
from wholefield.compat.lightstream.core.pixels import Image
from wholefield.networks.resnet import resnet18
from wholefield.networks.split import split_resnet
from wholefield.streaming import StreamingError, Sweep, TileVisit

TILE = (1, 3, 24, 17)


@pytest.fixture
def network(backbone: nn.Sequential) -> nn.Module:
    return backbone.double()


@pytest.fixture
def image() -> Tensor:
    return torch.randn(2, 3, 61, 45, dtype=torch.float64)


def weighted(output: Tensor) -> Tensor:
    """A loss with a gradient that differs everywhere."""
    return (output * torch.linspace(-1, 2, output.numel(), dtype=output.dtype).view_as(output)).sum()


def gradients(network: nn.Module) -> dict[str, Tensor]:
    found = {name: p.grad.clone() for name, p in network.named_parameters() if p.grad is not None}
    network.zero_grad(set_to_none=True)
    return found


def expected(network: nn.Module, image: Tensor) -> tuple[Tensor, dict[str, Tensor], Tensor]:
    """Output, parameter gradients and image gradient of the plain network."""
    leaf = image.clone().requires_grad_()
    output = network.eval()(leaf)
    weighted(output).backward()
    assert leaf.grad is not None
    return output.detach(), gradients(network), leaf.grad


def two_calls(streaming: StreamingCNN, image: Image) -> Tensor:
    output = streaming(image)
    weighted(output).backward()
    streaming.backward(image, output.grad)
    return output.detach()


class Counter:
    """Counts sweeps by their first tile."""

    def __init__(self) -> None:
        self.sweeps: list[Sweep] = []

    def __call__(self, visit: TileVisit) -> None:
        first = (0, 0) if visit.sweep is Sweep.FORWARD else tuple(count - 1 for count in visit.counts)
        if visit.index == first:
            self.sweeps.append(visit.sweep)


@pytest.mark.parametrize("tile", [(1, 3, 1, 7), (1, 3, 24, 17), (1, 3, 600, 600)])
def test_two_calls_find_what_autograd_finds(
    network: nn.Module, image: Tensor, tile: Any, same: Callable[..., Any]
) -> None:
    wanted, wanted_gradients, wanted_image = expected(network, image)
    streaming = StreamingCNN(network.train(), tile, saliency=True)
    same({"output": two_calls(streaming, image)}, {"output": wanted}, 1e-12)
    same(gradients(network), wanted_gradients, 1e-12)
    assert streaming.saliency_map is not None
    same({"image": streaming.saliency_map}, {"image": wanted_image}, 1e-12)


def test_resnet18_through_a_head(same: Callable[..., Any]) -> None:
    whole = resnet18(num_classes=5).double().eval()
    image, labels = torch.randn(2, 3, 99, 70, dtype=torch.float64), torch.tensor([4, 1])
    functional.cross_entropy(whole(image), labels).backward()
    wanted = gradients(whole)
    backbone, head = split_resnet(whole)
    streaming = StreamingCNN(backbone, (1, 3, 40, 40))
    output = streaming(image)
    functional.cross_entropy(head(output), labels).backward()
    streaming.backward(image, output.grad)
    same(gradients(whole), wanted, 1e-12)


def test_the_result_is_a_leaf_that_takes_gradients(network: nn.Module, image: Tensor) -> None:
    streaming = StreamingCNN(network, TILE)
    output = streaming(image)
    assert output.is_leaf
    assert output.requires_grad
    output.requires_grad = False
    with torch.no_grad():
        assert not streaming(image).requires_grad
    with torch.inference_mode():
        assert torch.equal(streaming(image), output)


def test_gradients_add_up_over_calls(network: nn.Module, image: Tensor, same: Callable[..., Any]) -> None:
    _, wanted, _ = expected(network, image)
    streaming = StreamingCNN(network, TILE)
    two_calls(streaming, image)
    two_calls(streaming, image)
    same(gradients(network), {name: 2 * grad for name, grad in wanted.items()}, 1e-12)


def test_the_forward_is_run_once(network: nn.Module, image: Tensor) -> None:
    counter = Counter()
    streaming = StreamingCNN(network, TILE, on_tile=counter)
    two_calls(streaming, image)
    assert counter.sweeps == [Sweep.FORWARD, Sweep.REVERSE]


def test_a_view_of_the_same_image_needs_no_second_forward(network: nn.Module, image: Tensor) -> None:
    counter = Counter()
    streaming = StreamingCNN(network, TILE, on_tile=counter)
    output = streaming(image[:])
    streaming.backward(image[:], torch.ones_like(output))
    assert counter.sweeps == [Sweep.FORWARD, Sweep.REVERSE]


@pytest.mark.parametrize("change", ["copied", "written to", "result gone", "second backward"])
def test_otherwise_the_forward_is_run_again_and_the_gradients_are_right(
    network: nn.Module, image: Tensor, change: str, same: Callable[..., Any]
) -> None:
    counter = Counter()
    streaming = StreamingCNN(network, TILE, on_tile=counter, saliency=True)
    output = streaming(image)
    ramp = torch.linspace(-1, 2, output.numel(), dtype=output.dtype).view_as(output)
    if change == "copied":
        image = image.clone()
    elif change == "written to":
        image.mul_(1.5)
    elif change == "result gone":
        del output
    else:
        streaming.backward(image, ramp)
        gradients(network)
    before = len(counter.sweeps)
    streaming.backward(image, ramp)
    assert counter.sweeps[before:] == [Sweep.FORWARD, Sweep.REVERSE]
    found = gradients(network)
    _, wanted, wanted_image = expected(network, image)
    same(found, wanted, 1e-12)
    assert streaming.saliency_map is not None
    same({"image": streaming.saliency_map}, {"image": wanted_image}, 1e-12)


def test_weights_that_changed_before_the_backward_are_refused(network: nn.Module, image: Tensor) -> None:
    streaming = StreamingCNN(network, TILE)
    output = streaming(image)
    with torch.no_grad():
        part(network, "0.weight").mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        streaming.backward(image, torch.ones_like(output))


def test_forwards_in_wait_of_their_backward_keep_their_dropout(image: Tensor) -> None:
    """Two forwards of one image draw differently; by Euler's theorem <w, dy/dw> = y with one and the same draw."""
    network = nn.Sequential(nn.Conv2d(3, 4, 3, bias=False), nn.Dropout(0.5)).double()
    streaming = StreamingCNN(network, TILE)
    outputs = [streaming(image), streaming(image), streaming(2 * image)]
    values = [weighted(output) for output in outputs]
    for value in values:
        value.backward()
    for value, output in zip(values[:2], outputs[:2], strict=True):
        streaming.backward(image, output.grad)
        (weight_grad,) = gradients(network).values()
        assert (part(network, "0.weight") * weight_grad).sum().item() == pytest.approx(
            value.item(), rel=1e-11
        )


def test_images_that_share_memory_are_told_apart(network: nn.Module, same: Callable[..., Any]) -> None:
    batch = torch.randn(2, 3, 45, 45, dtype=torch.float64)
    views = [batch[:1], batch[1:], batch[:1].transpose(2, 3), batch[:1, :, :40]]
    counter = Counter()
    streaming = StreamingCNN(network, TILE, on_tile=counter)
    outputs = [streaming(view) for view in views]
    for view, output in zip(views, outputs, strict=True):
        weighted(output).backward()
        streaming.backward(view, output.grad)
        found = gradients(network)
        same(found, expected(network, view)[1], 1e-12)
    assert counter.sweeps == [Sweep.FORWARD] * 4 + [Sweep.REVERSE] * 4


def test_a_forward_is_forgotten_with_its_result(network: nn.Module, image: Tensor) -> None:
    streaming = StreamingCNN(network, TILE)
    output = streaming(image)
    assert len(streaming._runs) == 1
    del output
    assert len(streaming._runs) == 0


def test_an_image_that_learns_gets_its_gradient(
    network: nn.Module, image: Tensor, same: Callable[..., Any]
) -> None:
    _, wanted, wanted_image = expected(network, image)
    for saliency in (False, True):
        leaf = image.clone().requires_grad_()
        streaming = StreamingCNN(network, TILE, saliency=saliency)
        two_calls(streaming, leaf * 1)
        same(gradients(network), wanted, 1e-12)
        assert leaf.grad is not None
        same({"image": leaf.grad}, {"image": wanted_image}, 1e-12)
        if saliency:
            assert streaming.saliency_map is not None
            same({"image": streaming.saliency_map}, {"image": wanted_image}, 1e-12)


def test_a_frozen_network_needs_no_reverse_sweep(network: nn.Module, image: Tensor) -> None:
    counter = Counter()
    streaming = StreamingCNN(network.requires_grad_(False), TILE, on_tile=counter)
    two_calls(streaming, image)
    assert counter.sweeps == [Sweep.FORWARD]
    assert not gradients(network)


def test_disabled_it_runs_the_network_whole_through_the_same_calls(
    network: nn.Module, image: Tensor, same: Callable[..., Any]
) -> None:
    wanted, wanted_gradients, wanted_image = expected(network, image)
    counter = Counter()
    streaming = StreamingCNN(network, TILE, saliency=True, on_tile=counter)
    streaming.disable()
    same({"output": two_calls(streaming, image)}, {"output": wanted}, 1e-14)
    same(gradients(network), wanted_gradients, 1e-14)
    same({"image": streaming.saliency_map}, {"image": wanted_image}, 1e-14)
    assert not counter.sweeps
    streaming.enable()
    two_calls(streaming, image)
    assert counter.sweeps == [Sweep.FORWARD, Sweep.REVERSE]


class Pyramid(nn.Module):
    """Two results in a dict, and something that is no tensor."""

    def __init__(self) -> None:
        super().__init__()
        self.fine = nn.Conv2d(3, 2, 3)
        self.coarse = nn.Conv2d(2, 4, 3, stride=2)

    def forward(self, x: Tensor) -> dict[str, Any]:
        fine = self.fine(x)
        return {"fine": fine, "coarse": self.coarse(fine), "levels": 2}


@pytest.mark.parametrize("used", [("fine", "coarse"), ("fine",), ("coarse",)])
def test_several_results(image: Tensor, used: tuple[str, ...], same: Callable[..., Any]) -> None:
    network = Pyramid().double()
    whole = network(image)
    torch.stack([weighted(whole[name]) for name in used]).sum().backward()
    wanted = gradients(network)
    streaming = StreamingCNN(network, TILE)
    result = streaming(image)
    assert result["levels"] == 2
    torch.stack([weighted(result[name]) for name in used]).sum().backward()
    streaming.backward(image, {"fine": result["fine"].grad, "coarse": result["coarse"].grad})
    same(gradients(network), wanted, 1e-12)
    with pytest.raises(StreamingError, match="has 2 output tensors, but 1 gradients were given"):
        streaming.backward(image, result["fine"].grad)


@pytest.mark.parametrize("axes", [1, 3])
def test_other_numbers_of_axes(axes: int, same: Callable[..., Any]) -> None:
    kind = {1: nn.Conv1d, 3: nn.Conv3d}[axes]
    network = nn.Sequential(kind(2, 3, 3, stride=2), nn.SiLU(), kind(3, 2, 3, padding=1)).double()
    image = torch.randn(1, 2, *(23, 15, 18)[:axes], dtype=torch.float64)
    _, wanted, _ = expected(network, image)
    streaming = StreamingCNN(
        network, (1, 2, *(7, 5, 6)[:axes]), normalize_on_gpu=True, mean=[0.0] * 2, std=[1.0] * 2
    )
    two_calls(streaming, image)
    same(gradients(network), wanted, 1e-12)
    assert streaming.plan.stride == (2,) * axes


def test_normalization_stays_frozen(backbone: nn.Sequential) -> None:
    streaming = StreamingCNN(backbone, TILE).train()
    assert streaming.training
    assert part(streaming.stream_module, "0.training")
    assert not part(streaming.stream_module, "1.training")
    backbone.train()
    assert part(streaming.stream_module, "1.training")


@pytest.mark.parametrize("streamed", [True, False])
@pytest.mark.parametrize("kind", [torch.uint8, torch.float32, torch.float64])
def test_normalize_on_gpu(
    network: nn.Module, kind: torch.dtype, streamed: bool, same: Callable[..., Any]
) -> None:
    mean, std = [0.4, 0.5, 0.7], [0.2, 0.25, 0.3]
    values = torch.randint(0, 256, (1, 3, 61, 45))
    image = values.to(torch.uint8) if kind == torch.uint8 else (values / 255).to(kind)
    offset, divisor = (torch.tensor(values, dtype=torch.float64).view(-1, 1, 1) for values in (mean, std))
    normal = (image.double() / (255 if kind == torch.uint8 else 1) - offset) / divisor
    wanted, wanted_gradients, _ = expected(network, normal)
    streaming = StreamingCNN(network, TILE, normalize_on_gpu=True, mean=mean, std=std)
    if not streamed:
        streaming.disable()
    same({"output": two_calls(streaming, image)}, {"output": wanted}, 1e-12)
    same(gradients(network), wanted_gradients, 1e-12)
    same({"whole": streaming.whole(image).detach()}, {"whole": wanted}, 1e-12)


@pytest.mark.parametrize("streamed", [True, False])
def test_saliency_of_normalized_bytes_is_per_gray_value(
    network: nn.Module, streamed: bool, same: Callable[..., Any]
) -> None:
    image = torch.randint(0, 256, (1, 3, 45, 45)).to(torch.uint8)
    leaf = image.double().requires_grad_()
    statistics = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    mean, std = (torch.tensor(values, dtype=torch.float64).view(-1, 1, 1) for values in statistics)
    weighted(network.eval()((leaf / 255 - mean) / std)).backward()
    network.zero_grad()
    streaming = StreamingCNN(network, TILE, saliency=True, normalize_on_gpu=True)
    if not streamed:
        streaming.disable()
    two_calls(streaming, image)
    same({"image": streaming.saliency_map}, {"image": leaf.grad}, 1e-12)


def test_an_image_of_another_type_is_converted(network: nn.Module, same: Callable[..., Any]) -> None:
    image = torch.randint(0, 256, (1, 3, 45, 45)).to(torch.uint8)
    wanted, _, _ = expected(network, image.double())
    same({"output": two_calls(StreamingCNN(network, TILE), image)}, {"output": wanted}, 1e-13)
    single = StreamingCNN(network.float(), TILE, dtype=torch.float32)
    assert single(image.double()).dtype == torch.float32


class Stored:
    """An image that is read box by box."""

    def __init__(self, pixels: Tensor) -> None:
        self.shape, self.dtype, self.device = pixels.shape, pixels.dtype, pixels.device
        self._pixels = pixels
        self.largest = 0

    def read(self, spans: Any) -> Tensor:
        box = self._pixels[(slice(None), slice(None), *(slice(*span) for span in spans))]
        self.largest = max(self.largest, box[0, 0].numel())
        return box


@pytest.mark.parametrize("normal", [True, False])
def test_an_image_that_is_read_box_by_box(
    network: nn.Module, image: Tensor, normal: bool, same: Callable[..., Any]
) -> None:
    image = torch.randn(1, 3, 150, 600, dtype=image.dtype)
    options: dict[str, Any] = {"normalize_on_gpu": normal, "mean": [0.1, 0.2, 0.3], "std": [1.0, 2.0, 0.5]}
    counter = Counter()
    wanted = two_calls(StreamingCNN(network, TILE, **options), image)
    wanted_gradients = gradients(network)
    stored = Stored(image)
    streaming = StreamingCNN(network, TILE, on_tile=counter, **options)
    same({"output": two_calls(streaming, stored)}, {"output": wanted}, 1e-14)
    same(gradients(network), wanted_gradients, 1e-14)
    assert counter.sweeps == [Sweep.FORWARD, Sweep.REVERSE]
    assert stored.largest < 150 * 600 / 3
    assert torch.allclose(streaming.whole(stored), wanted, rtol=1e-12)


def test_the_precision_of_the_forward_holds_when_it_is_run_again(backbone: nn.Sequential) -> None:
    image = torch.randn(1, 3, 61, 45)
    streaming = StreamingCNN(backbone, TILE)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output = streaming(image)
    assert output.dtype == torch.bfloat16
    grad = torch.randn(output.shape)
    streaming.backward(image, grad.bfloat16())
    wanted = gradients(backbone)
    streaming.backward(image, grad)
    found = gradients(backbone)
    assert all(torch.equal(found[name], wanted[name]) for name in wanted)


def test_cudnn_is_deterministic_only_while_streaming(image: Tensor) -> None:
    seen: list[tuple[bool, bool]] = []

    def look(_: TileVisit) -> None:
        seen.append((torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark))

    before = torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark
    network = nn.Conv2d(3, 2, 3).double()
    two_calls(StreamingCNN(network, TILE, deterministic=True, on_tile=look), image)
    assert set(seen) == {(True, False)}
    assert (torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark) == before
    seen.clear()
    two_calls(StreamingCNN(network, TILE, on_tile=look), image)
    assert set(seen) == {before}


def test_result_on_cpu_and_moot_options(network: nn.Module, image: Tensor) -> None:
    streaming = StreamingCNN(network, TILE, eps=1e-3, statistics_on_cpu=True, copy_to_gpu=False)
    output = streaming(image, result_on_cpu=True)
    assert output.device.type == "cpu"
    streaming.backward(image, torch.ones_like(output))
    assert gradients(network)


def test_copies_and_pickles_leave_the_forward_in_wait_behind(network: nn.Module, image: Tensor) -> None:
    streaming = StreamingCNN(network, TILE, normalize_on_gpu=True)
    output = streaming(image)
    for other in (copy.deepcopy(streaming), pickle.loads(pickle.dumps(streaming))):
        assert torch.equal(two_calls(other, image), output)
        assert gradients(other.stream_module)
    assert not gradients(network)


def test_its_state_is_that_of_the_network(network: nn.Module) -> None:
    names = [f"stream_module.{name}" for name in network.state_dict()]
    streaming = StreamingCNN(network, TILE, normalize_on_gpu=True)
    assert list(streaming.state_dict()) == names
    torch.save(streaming.state_dict(), io.BytesIO())


def test_verbose_tells_of_every_forward(
    network: nn.Module, image: Tensor, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        StreamingCNN(network, TILE)(image)
        assert not caplog.messages
        StreamingCNN(network, TILE, verbose=True)(image)
    assert caplog.messages == ["streaming an image (2, 3, 61, 45) in tiles (24, 17)"]


def test_a_tile_size_for_another_number_of_axes_is_refused(network: nn.Module, image: Tensor) -> None:
    with pytest.raises(StreamingError, match="has 3 numbers; the image has 2 axes"):
        StreamingCNN(network, (1, 3, 8, 8, 8))(image)


def test_device_and_dtype_can_be_set(backbone: nn.Sequential) -> None:
    streaming = StreamingCNN(backbone, (1, 3, 24, 24))
    streaming.device = torch.device("cpu")
    assert streaming.device == torch.device("cpu")
    image = torch.randn(1, 3, 40, 31, dtype=torch.float64)
    backbone.double()
    streaming.dtype = torch.float64
    assert streaming.dtype is torch.float64
    assert torch.allclose(streaming(image), backbone(image), rtol=1e-12, atol=1e-12)
    streaming.dtype = torch.float32
    backbone.float()
    assert streaming(image).dtype is torch.float32
    streaming.device = "meta"
    assert {p.device.type for p in backbone.parameters()} == {"meta"}
    assert streaming.device.type == "meta"


def test_half_precision_input_under_autocast(backbone: nn.Sequential) -> None:
    """As Lightning's mixed precision sets it: the tiles in bfloat16, the weights in float32."""
    streaming = StreamingCNN(backbone, (1, 3, 24, 24))
    streaming.dtype = torch.bfloat16
    image = torch.randn(1, 3, 40, 31)
    with torch.autocast("cpu", torch.bfloat16):
        found = streaming(image)
        wanted = backbone(image.bfloat16())
    assert torch.allclose(found.float(), wanted.float(), rtol=0.05, atol=0.05)
