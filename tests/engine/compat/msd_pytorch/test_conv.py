"""Convolutions, in place and not, against one in NumPy, and their gradients against finite differences."""

import numpy as np
import pytest
import torch

from tests.engine.compat.msd_pytorch.convolution_checks import (
    Function,
    check_gradients,
    check_module,
    check_values,
    parameters,
)
from tests.engine.networks.msd.reference import convolved
from wholefield.compat.msd_pytorch.conv import (
    Conv2dInPlaceModule,
    Conv3dInPlaceModule,
    conv2d,
    conv2dInPlace,
    conv3d,
    conv3dInPlace,
)


@pytest.mark.parametrize(
    ("plain", "in_place", "ndim"), [(conv2d, conv2dInPlace, 2), (conv3d, conv3dInPlace, 3)]
)
def test_values(plain: Function, in_place: Function, ndim: int) -> None:
    check_values(plain, in_place, ndim, clip=False)


@pytest.mark.parametrize(("function", "ndim"), [(conv2dInPlace, 2), (conv3dInPlace, 3)])
def test_gradients(function: Function, ndim: int) -> None:
    check_gradients(function, ndim)


@pytest.mark.parametrize("kind", [Conv2dInPlaceModule, Conv3dInPlaceModule])
def test_modules_write_into_their_output(kind: type[Conv2dInPlaceModule]) -> None:
    check_module(kind)


def test_kernels_of_other_sizes() -> None:
    image, _, bias = parameters(2)
    module = Conv2dInPlaceModule(torch.empty(2, 3, 6, 5), 2, 3, kernel_size=5)
    with torch.no_grad():
        module.bias.copy_(bias)
        found = module(image.float())
    weight = module.weight.detach().double().numpy()
    expected = convolved(
        image.detach().float().double().numpy(), weight, module.bias.detach().double().numpy()
    )
    np.testing.assert_allclose(found.numpy(), expected, rtol=0, atol=1e-5)
