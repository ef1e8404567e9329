"""Stitching: values and gradients of a dense network over shared buffers equal those over concatenation."""

import torch
from torch import Tensor, nn

from wholefield.compat.msd_pytorch.relu_inplace import ReLUInplaceModule
from wholefield.compat.msd_pytorch.stitch import (
    StitchBuffer,
    StitchCopyModule,
    StitchLazyModule,
    stitchCopy,
    stitchLazy,
    stitchSlow,
)


def test_slow_stitching_concatenates() -> None:
    one, two = (torch.randn(1, n, 3, dtype=torch.float64, requires_grad=True) for n in (2, 1))
    assert torch.equal(stitchSlow(one, two), torch.cat([one, two], 1))
    assert torch.autograd.gradcheck(stitchSlow, (one, two))


def test_copy_stitching_writes_and_lazy_stitching_only_reads() -> None:
    buffer, image = StitchBuffer(), torch.randn(2, 1, 4)
    buffer.like_(image, (2, 3, 4))
    assert torch.equal(StitchCopyModule(buffer, 1)(image)[:, 1:], image)
    assert not buffer.L[:, 2].any()
    assert torch.equal(StitchLazyModule(buffer, 1)(image), buffer.L[:, :2])
    full = torch.randn(2, 1, 4, requires_grad=True)
    stitchLazy(full, buffer.L, buffer.G, 2).sum().backward()
    assert torch.equal(buffer.G, torch.ones(2, 3, 4))
    buffer.zero_()
    assert not buffer.G.any()


def plain_network(copies: bool) -> None:
    """A dense network out of nn.Conv2d, ReLUInplaceModule and stitching, against concatenation."""
    torch.manual_seed(0)
    buffer, count = StitchBuffer(), 3
    layers = [nn.Conv2d(1 + i, 1, 3, padding=1).double() for i in range(count)]
    image = torch.randn(2, 1, 6, 5, dtype=torch.float64, requires_grad=True)
    asked = [image, *(parameter for layer in layers for parameter in layer.parameters())]

    def stitched() -> Tensor:
        buffer.like_(image, (2, 1 + count, 6, 5))
        value: Tensor = StitchCopyModule(buffer, 0)(image)
        for i, layer in enumerate(layers, 1):
            clipped = ReLUInplaceModule()(layer(value))
            value = StitchCopyModule(buffer, i)(clipped) if copies else stitchSlow(value, clipped)
        return value

    def concatenated() -> Tensor:
        value = image
        for layer in layers:
            value = torch.cat([value, layer(value).relu()], 1)
        return value

    along = torch.randn(2, 1 + count, 6, 5, dtype=torch.float64)
    expected = torch.autograd.grad(concatenated(), asked, along)
    for found in (torch.autograd.grad(stitched(), asked, along) for _ in range(2)):
        for a, b in zip(found, expected, strict=True):
            torch.testing.assert_close(a, b)


def test_copy_stitching_in_a_network_of_plain_layers() -> None:
    plain_network(copies=True)


def test_slow_stitching_in_a_network_of_plain_layers() -> None:
    plain_network(copies=False)


def test_the_last_stitch_starts_its_gradients_anew() -> None:
    """So gradcheck works, which calls backward again and again."""
    buffer, image = StitchBuffer(), torch.randn(1, 1, 4, dtype=torch.float64, requires_grad=True)
    buffer.like_(image, (1, 3, 4))
    assert torch.autograd.gradcheck(lambda x: stitchCopy(x, buffer.L, buffer.G, 2)[:, 2:], image)
