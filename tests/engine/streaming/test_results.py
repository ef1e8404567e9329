"""What a streamed network returns and learns: structures of results, element types, memory layouts, odd images."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.engine.streaming.layers import Apply, between, conv, image
from tests.parts import gradient, part
from wholefield.streaming import Streamed


def test_the_gradient_of_a_part_that_is_detached_is_none(exact: Callable[..., None]) -> None:
    class Frozen(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem, self.body = conv(2, 4), conv(4, 4)

        def forward(self, x: Tensor) -> Tensor:
            with torch.no_grad():
                stem = self.stem(x) * part(self, "stem.weight").mean()
            return self.body(stem) + x.sum(1, keepdim=True)

    network = Frozen().double()
    exact(network, image(), 5)
    assert network.stem.weight.grad is None


def outputs_of(name: str) -> Callable[..., Any]:
    return {
        "tuple": lambda x, a, b: (a(x), b(a(x))),
        "nested": lambda x, a, b: {"deep": [b(a(x)), {"shallow": a(x)}], "count": 3, "none": None},
        "different strides": lambda x, a, b: (a(x), functional.max_pool2d(b(a(x)), 3, 2), x[..., 3:, ::2]),
        "the input itself": lambda x, a, b: (x, b(a(x))),
        "only the input": lambda x, a, b: x,
        "the same twice": lambda x, a, b: (lambda y: (y, y))(a(x)),
        "not the deepest": lambda x, a, b: (lambda y: (b(y), y)[1])(a(x)),
        "a part of the input": lambda x, a, b: a(x[..., 5:9, 2:6]),
        "whole numbers and truth": lambda x, a, b: (a(x).argmax(dim=1), a(x) > 0, b(a(x))),
    }[name]  # fmt: skip


@pytest.mark.parametrize(
    "name",
    [
        "tuple", "nested", "different strides", "the input itself", "only the input", "the same twice",
        "not the deepest", "a part of the input", "whole numbers and truth",
    ],
)  # fmt: skip
def test_results(name: str, exact: Callable[..., None]) -> None:
    network = Apply(outputs_of(name), conv(2, 4), conv(4, 2)).double()
    exact(network, image(batch=3), 4, (40, 3))
    exact(network, image(batch=3), 4, smallest_block=16)


def test_results_keep_their_structure() -> None:
    network = Apply(outputs_of("nested"), conv(2, 4), conv(4, 2)).double()
    x = image()
    found, expected = Streamed(network, 5)(x), network(x)
    assert found.keys() == expected.keys()
    assert found["count"] == 3
    assert found["none"] is None
    assert found["deep"][1]["shallow"].shape == expected["deep"][1]["shallow"].shape


def test_results_without_a_gradient_require_none() -> None:
    network = Apply(outputs_of("whole numbers and truth"), conv(2, 4), conv(4, 2)).double()
    classes, positive, values = Streamed(network, 5)(image())
    assert classes.dtype == torch.int64
    assert positive.dtype == torch.bool
    assert not classes.requires_grad
    assert not positive.requires_grad
    assert values.requires_grad


def test_a_loss_of_one_of_several_results(exact: Callable[..., None]) -> None:
    network = Apply(outputs_of("tuple"), conv(2, 4), conv(4, 2)).double()
    x = image()
    network(x)[0].square().sum().backward()
    expected = {name: p.grad for name, p in network.named_parameters()}
    network.zero_grad(set_to_none=True)
    Streamed(network, 5, smallest_block=1)(x)[0].square().sum().backward()
    for name, parameter in network.named_parameters():
        wanted = expected[name]
        assert (parameter.grad is None) == (wanted is None), name
        if wanted is not None:
            assert torch.allclose(gradient(parameter), wanted, rtol=0, atol=1e-12 * wanted.abs().max().item())


def test_parameters_learn_from_an_image_that_does_not(project: Any, same: Any) -> None:
    network, x = between(nn.GELU(), 2), image()
    expected = project(network, x, image_learns=False)
    same(project(Streamed(network, 5), x, image_learns=False), expected, 1e-12)
    assert expected[1]["image"] is None


def test_an_image_learns_through_a_frozen_network(exact: Callable[..., None]) -> None:
    network = between(nn.GELU(), 2).requires_grad_(False)
    exact(network, image(), 5)


def test_integer_images(exact: Callable[..., None]) -> None:
    network = Apply(lambda x, layer: layer(x.double() / 255), conv(2, 3)).double()
    pixels = torch.randint(0, 256, (1, 2, 17, 13), dtype=torch.uint8)
    assert torch.allclose(Streamed(network, 5)(pixels), network(pixels), atol=1e-13)
    Streamed(network, 5)(pixels).sum().backward()
    found = [p.grad.clone() for p in network.parameters() if p.grad is not None]
    network.zero_grad()
    network(pixels).sum().backward()
    for grad, parameter in zip(found, network.parameters(), strict=True):
        assert parameter.grad is not None
        assert torch.allclose(grad, parameter.grad, rtol=1e-12)


def test_pooling_of_integers() -> None:
    pixels = torch.randint(-100, 100, (1, 2, 17, 13), dtype=torch.int32)
    network = nn.MaxPool2d(3, 2, padding=1)
    assert torch.equal(Streamed(network, 4)(pixels), network(pixels))


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 2e-6), (torch.bfloat16, 3e-2)])
def test_lower_precisions(dtype: torch.dtype, tolerance: float, project: Any, same: Any) -> None:
    network = between(nn.Sequential(nn.MaxPool2d(3, 2, 1), nn.GELU()), 2).to(dtype)
    x = image(batch=2).to(dtype)
    same(project(Streamed(network, 7), x), project(network, x), tolerance)


def test_many_tiles_in_half_precision_add_up() -> None:
    """A running sum of 8 bits stops growing after some hundred terms; the gradient of 1,024 tiles must not."""
    network = nn.Conv2d(1, 4, 3, padding=1)
    x = torch.rand(1, 1, 128, 128)
    network.double()(x.double()).sum().backward()
    assert network.weight.grad is not None
    expected = network.weight.grad
    network.zero_grad(set_to_none=True)
    Streamed(network.bfloat16(), 4, smallest_block=1)(x.bfloat16()).sum().backward()
    assert network.weight.grad.dtype == torch.bfloat16
    assert (network.weight.grad - expected).norm() < 5e-3 * expected.norm()


def test_no_grad_and_inference_mode() -> None:
    network, x = between(nn.GELU(), 2), image()
    expected = network(x).detach()
    with torch.no_grad():
        found = Streamed(network, 5)(x)
    assert not found.requires_grad
    assert torch.allclose(found, expected, atol=1e-13)
    with torch.inference_mode():
        assert torch.allclose(Streamed(network, 5)(x), expected, atol=1e-13)


@pytest.mark.parametrize("layout", ["channels last", "strided", "expanded"])
def test_images_in_any_memory_layout(layout: str, exact: Callable[..., None]) -> None:
    x = image(batch=2)
    if layout == "channels last":
        x = x.contiguous(memory_format=torch.channels_last)
    elif layout == "strided":
        x = torch.randn(2, 2, 30, 40, dtype=torch.float64)[..., ::2, 1::2]
    else:
        x = torch.randn(1, 2, 17, 22, dtype=torch.float64).expand(2, 2, 17, 22)
    exact(between(nn.MaxPool2d(2), 2), x, 5)


def test_the_image_is_left_as_it_is() -> None:
    network = nn.Sequential(
        nn.ReLU(inplace=True), conv(2, 2), nn.Dropout(0.0), nn.ReLU(inplace=True)
    ).double()
    x = image()
    before = x.clone()
    Streamed(network, 40)(x)
    Streamed(network, 5)(x)
    assert torch.equal(x, before)


def test_the_image_is_left_as_it_is_where_the_network_writes_over_it() -> None:
    """The plain network would change it; streamed, the next tile needs its border as it was."""

    def overwrite(x: Tensor, layer: nn.Module) -> Tensor:
        y = layer(x)
        same = functional.dropout(x.contiguous(), training=False)
        same.relu_()
        return y + same

    x = image()
    before = x.clone()
    for kernel in (1, 3):
        network = Apply(overwrite, conv(2, 2, kernel)).double()
        with torch.no_grad():
            expected = network(x.clone())
            for tile in (40, 5, (40, 6)):
                assert torch.allclose(Streamed(network, tile)(x), expected, atol=1e-13)
                assert torch.equal(x, before)


def test_an_image_smaller_than_a_tile_and_than_a_stride(exact: Callable[..., None]) -> None:
    network = nn.Sequential(
        nn.Conv2d(2, 3, 3, 4, 1), nn.MaxPool2d(3, 2, 1), nn.Upsample(scale_factor=3)
    ).double()
    for height, width in [(1, 1), (1, 7), (2, 3)]:
        exact(network, torch.randn(1, 2, height, width, dtype=torch.float64), 1, 2, 64)


def test_many_images_at_once(exact: Callable[..., None]) -> None:
    exact(between(nn.BatchNorm2d(4).eval(), 2), image(batch=5), 6)
