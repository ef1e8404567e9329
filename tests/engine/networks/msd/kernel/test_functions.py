"""The kernel against a brute-force loop, finite differences and torch's own convolution."""

from collections.abc import Sequence
from itertools import product

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from wholefield.compat.msd_pytorch.errors import ShapeError
from wholefield.networks.msd.kernel.functions import msd_block, msd_network
from wholefield.streaming import symmetric_pad

# shape, layers, width, dilations, group
CASES = [
    ((2, 2, 17, 13), 7, 2, (1, 2, 3, 5, 4), 3),
    ((1, 1, 9, 10), 12, 1, range(1, 10), 5),
    ((1, 3, 11, 5), 3, 3, (5, 1), 10),
    ((3, 1, 1, 7), 2, 1, (1,), 1),
    ((2, 3, 7, 9, 8), 5, 2, (1, 2, 4, 7), 2),
    ((1, 1, 5, 6, 5), 4, 1, (5, 1), 10),
]


def parameters(
    shape: Sequence[int], depth: int, width: int, dilations: Sequence[int], dtype: torch.dtype = torch.float64
) -> tuple[Tensor, Tensor, list[Tensor], tuple[int, ...]]:
    generator = torch.Generator().manual_seed(depth + width)

    def normal(*size: int, scale: float = 1.0) -> Tensor:
        values = scale * torch.randn(size, generator=generator, dtype=torch.float64)
        return values.to(dtype).requires_grad_()

    kernel = [3] * (len(shape) - 2)
    weights = [normal(width, shape[1] + i * width, *kernel, scale=0.4 / (1 + i)) for i in range(depth)]
    each = tuple(dilations[i % len(dilations)] for i in range(depth))
    return normal(*shape), normal(depth * width, scale=0.1), weights, each


def with_cat(image: Tensor, dilations: Sequence[int], bias: Tensor, weights: Sequence[Tensor]) -> Tensor:
    """The block as it is usually written: pad, convolve, concatenate."""
    convolve = functional.conv2d if image.ndim == 4 else functional.conv3d
    for biases, weight, dilation in zip(bias.view(len(weights), -1), weights, dilations, strict=True):
        padded = symmetric_pad(image, (dilation, dilation) * (image.ndim - 2))
        image = torch.cat([image, functional.relu(convolve(padded, weight, biases, dilation=dilation))], 1)
    return image


def by_loop(
    image: NDArray[np.float64],
    dilations: Sequence[int],
    bias: NDArray[np.float64],
    weights: list[NDArray[np.float64]],
) -> NDArray[np.float64]:
    """The block pixel by pixel, reading positions outside the image from their reflection."""
    for layer, (weight, dilation) in enumerate(zip(weights, dilations, strict=True)):
        batch, _, *spatial = image.shape
        out = np.zeros((batch, len(weight), *spatial))
        for position in np.ndindex(*spatial):
            for taps in product((-1, 0, 1), repeat=len(spatial)):
                at = [p + t * dilation for p, t in zip(position, taps, strict=True)]
                at = [
                    -1 - p if p < 0 else 2 * n - 1 - p if p >= n else p
                    for p, n in zip(at, spatial, strict=True)
                ]
                kernel = weight[(slice(None), slice(None), *(t + 1 for t in taps))]
                out[(slice(None), slice(None), *position)] += (
                    image[(slice(None), slice(None), *at)] @ kernel.T
                )
        biases = bias[layer * len(weight) : (layer + 1) * len(weight)]
        out += biases.reshape(1, -1, *(1,) * len(spatial))
        image = np.concatenate([image, np.maximum(out, 0)], 1)
    return image


@pytest.mark.parametrize(("shape", "depth", "width", "dilations", "group"), CASES)
def test_block_equals_the_loop(
    shape: Sequence[int], depth: int, width: int, dilations: Sequence[int], group: int
) -> None:
    image, bias, weights, each = parameters(shape, depth, width, dilations)
    found = msd_block(image, each, bias, weights, group)
    arrays = [weight.detach().numpy() for weight in weights]
    expected = by_loop(image.detach().numpy(), each, bias.detach().numpy(), arrays)
    np.testing.assert_allclose(found.detach().numpy(), expected, rtol=0, atol=1e-12)
    with torch.no_grad():
        assert torch.equal(msd_block(image, each, bias, weights, group), found)


@pytest.mark.parametrize(("shape", "depth", "width", "dilations", "group"), CASES)
def test_gradients_equal_those_of_concatenation(
    shape: Sequence[int], depth: int, width: int, dilations: Sequence[int], group: int
) -> None:
    image, bias, weights, each = parameters(shape, depth, width, dilations)
    expected = with_cat(image, each, bias, weights)
    along = torch.randn_like(expected)
    found = msd_block(image, each, bias, weights, group)
    everything = [image, bias, *weights]
    for a, b in zip(
        torch.autograd.grad(found, everything, along),
        torch.autograd.grad(expected, everything, along),
        strict=True,
    ):
        torch.testing.assert_close(a, b, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("shape", [(1, 2, 5, 4), (2, 1, 3, 4, 3)])
@pytest.mark.parametrize("width", [1, 2])
def test_gradcheck(shape: Sequence[int], width: int) -> None:
    image, bias, weights, each = parameters(shape, 3, width, (1, 3))
    channels = shape[1] + 3 * width
    final = torch.randn(2, channels, 1, dtype=torch.float64, requires_grad=True)
    final_bias = torch.randn(2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x, b, *w: msd_block(x, each, b, w, 2), (image, bias, *weights))
    assert torch.autograd.gradcheck(
        lambda x, b, f, g, *w: msd_network(x, each, b, w, f, g, 2), (image, bias, final, final_bias, *weights)
    )


@pytest.mark.parametrize("trainable", [set(), {0}, {5}, {2, 3}, {6}])
@pytest.mark.parametrize("image_too", [False, True])
def test_frozen_weights_leave_the_other_gradients_right(trainable: set[int], image_too: bool) -> None:
    image, bias, weights, each = parameters((1, 1, 8, 9), 7, 1, (1, 2, 3))
    final, final_bias = torch.randn(1, 8, dtype=torch.float64), torch.zeros(1, dtype=torch.float64)
    image, bias = image.detach().requires_grad_(image_too), bias.detach()
    weights = [weight.detach().requires_grad_(i in trainable) for i, weight in enumerate(weights)]
    asked = [each for each in (image, *weights) if each.requires_grad]
    if not asked:
        assert not msd_network(image, each, bias, weights, final, final_bias, 3).requires_grad
        return
    found = torch.autograd.grad(
        msd_network(image, each, bias, weights, final, final_bias, 3).square().sum(), asked
    )
    output = torch.einsum("oc,bchw->bohw", final, with_cat(image, each, bias, weights))
    expected = torch.autograd.grad(output.square().sum(), asked)
    for a, b in zip(found, expected, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-11, atol=1e-11)


def test_bias_alone_can_be_trained() -> None:
    image, bias, weights, each = parameters((1, 1, 8, 9), 4, 2, (1, 2, 3))
    fixed = [weight.detach() for weight in weights]
    found = torch.autograd.grad(msd_block(image.detach(), each, bias, fixed, 3).square().sum(), bias)
    expected = torch.autograd.grad(with_cat(image.detach(), each, bias, fixed).square().sum(), bias)
    torch.testing.assert_close(found, expected, rtol=1e-11, atol=1e-11)


def test_several_passes_before_one_backward_do_not_share_buffers() -> None:
    image, bias, weights, each = parameters((1, 1, 12, 9), 5, 1, (1, 2, 3))
    other = torch.randn_like(image)
    total = msd_block(image, each, bias, weights).square().sum() + msd_block(other, each, bias, weights).sum()
    expected = (
        with_cat(image, each, bias, weights).square().sum() + with_cat(other, each, bias, weights).sum()
    )
    asked = [image, bias, *weights]
    first = torch.autograd.grad(total, asked, retain_graph=True)
    again = torch.autograd.grad(total, asked)
    for a, b, c in zip(first, again, torch.autograd.grad(expected, asked), strict=True):
        assert torch.equal(a, b)
        torch.testing.assert_close(a, c, rtol=1e-11, atol=1e-11)


def test_same_inputs_give_the_same_bits() -> None:
    image, bias, weights, each = parameters((2, 1, 40, 33), 12, 1, range(1, 11), torch.float32)
    runs = []
    for _ in range(2):
        out = msd_block(image, each, bias, weights)
        runs.append((out, *torch.autograd.grad(out.square().sum(), [image, bias, *weights])))
    assert all(torch.equal(a, b) for a, b in zip(*runs, strict=True))


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float32, 1e-6), (torch.bfloat16, 2e-2)], ids=["float32", "bfloat16"]
)
def test_lower_precision_stays_close(dtype: torch.dtype, tolerance: float) -> None:
    image, bias, weights, each = parameters((1, 2, 21, 18), 12, 1, range(1, 6), dtype)
    wide = [each.detach().double().requires_grad_() for each in (image, bias, *weights)]
    expected = with_cat(wide[0], each, wide[1], wide[2:])
    found = msd_block(image, each, bias, weights)
    assert found.dtype == dtype
    assert (found - expected).norm() <= tolerance * expected.norm()
    gradients = torch.autograd.grad(found.float().square().mean(), [image, bias, *weights])
    references = torch.autograd.grad(expected.square().mean(), wide)
    for gradient, reference in zip(gradients, references, strict=True):
        assert gradient.dtype == dtype
        assert (gradient - reference).norm() <= 4 * tolerance * reference.norm()


def test_wrong_images_are_refused_with_a_sentence() -> None:
    image, bias, weights, each = parameters((1, 2, 8, 9), 2, 1, (1, 2))
    with pytest.raises(RuntimeError, match="dilation of 9 is larger than the image"):
        msd_block(image, (1, 9), bias, weights)
    with pytest.raises(ShapeError, match="2 channels"):
        msd_block(image[:, :1], each, bias, weights)
    with pytest.raises(ShapeError, match="2 spatial axes"):
        msd_block(image[None], each, bias, weights)
    with pytest.raises(ShapeError, match="float32"):
        msd_block(image.float(), each, bias, weights)
    with pytest.raises(ShapeError, match="as many kernels"):
        msd_block(image, (1, 2, 3), bias, weights)


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize(("shape", "depth", "width", "dilations", "group"), CASES)
def test_cuda_equals_cpu(
    shape: Sequence[int], depth: int, width: int, dilations: Sequence[int], group: int
) -> None:
    image, bias, weights, each = parameters(shape, depth, width, dilations)
    on_device = [tensor.detach().cuda().requires_grad_() for tensor in (image, bias, *weights)]
    expected = msd_block(image, each, bias, weights, group)
    found = msd_block(on_device[0], each, on_device[1], on_device[2:], group)
    torch.testing.assert_close(found.cpu(), expected, rtol=1e-10, atol=1e-10)
    along = torch.randn_like(expected)
    references = torch.autograd.grad(expected, [image, bias, *weights], along)
    for a, b in zip(torch.autograd.grad(found, on_device, along.cuda()), references, strict=True):
        torch.testing.assert_close(a.cpu(), b, rtol=1e-10, atol=1e-10)
