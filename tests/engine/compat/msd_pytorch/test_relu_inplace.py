"""Clipping in place: values, gradients, and the places in which scripts use it."""

import torch
from torch import nn

from wholefield.compat.msd_pytorch.conv import Conv2dInPlaceModule
from wholefield.compat.msd_pytorch.relu_inplace import ReLUInplaceFunction, ReLUInplaceModule
from wholefield.compat.msd_pytorch.stitch import StitchBuffer, StitchCopyModule


def test_values_are_overwritten_and_gradients_masked() -> None:
    values = torch.randn(3, 4, dtype=torch.float64, requires_grad=True)
    inner = values * 1
    clipped = ReLUInplaceModule()(inner)
    assert clipped.data_ptr() == inner.data_ptr()
    assert torch.equal(clipped, values.clamp_min(0))
    clipped.sum().backward()
    assert values.grad is not None
    assert torch.equal(values.grad, (values > 0).double())


def test_gradients_are_those_of_finite_differences() -> None:
    values = torch.randn(3, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: ReLUInplaceFunction.apply(x.clone()), values)


def test_a_tensor_that_needs_a_gradient_itself() -> None:
    values = torch.tensor([-1.0, 0.5, 2.0], requires_grad=True)
    clipped = ReLUInplaceModule()(values)
    (clipped * torch.tensor([1.0, 2.0, 3.0])).sum().backward()
    assert values.tolist() == [0.0, 0.5, 2.0]
    assert values.grad is not None
    assert values.grad.tolist() == [0.0, 2.0, 3.0]


def test_in_a_plain_network() -> None:
    torch.manual_seed(0)
    convolution = nn.Conv2d(1, 2, 3, padding=1).double()
    image = torch.randn(1, 1, 5, 6, dtype=torch.float64, requires_grad=True)
    asked = [image, *convolution.parameters()]
    found = torch.autograd.grad(ReLUInplaceModule()(convolution(image)).square().sum(), asked)
    expected = torch.autograd.grad(convolution(image).relu().square().sum(), asked)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other)


def test_in_a_shared_buffer_that_is_written_to_afterwards() -> None:
    torch.manual_seed(0)
    buffer, image = StitchBuffer(), torch.randn(1, 1, 5, 6, dtype=torch.float64, requires_grad=True)
    buffer.like_(image, (1, 3, 5, 6))
    module = Conv2dInPlaceModule(buffer.L[:, :1], 1, 1).double()
    clipped = ReLUInplaceModule()(module(image))
    assert clipped.data_ptr() == buffer.L.data_ptr()
    stitched = StitchCopyModule(buffer, 1)(clipped)
    buffer.L[:, 2] = 7
    (found,) = torch.autograd.grad(stitched.sum(), image)
    module.output = torch.empty(1, 1, 5, 6, dtype=torch.float64)
    (expected,) = torch.autograd.grad(module(image).relu().sum(), image)
    torch.testing.assert_close(found, expected)


def test_the_result_of_a_stitch_can_be_clipped() -> None:
    buffer, image = StitchBuffer(), torch.randn(1, 1, 4, requires_grad=True)
    buffer.like_(image, (1, 1, 4))
    ReLUInplaceModule()(StitchCopyModule(buffer, 0)(image)).sum().backward()
    assert image.grad is not None
    assert torch.equal(image.grad, (image > 0).float())
