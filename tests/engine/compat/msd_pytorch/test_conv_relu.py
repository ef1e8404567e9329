"""Convolutions with clipping, in place and not, against one in NumPy, and their gradients."""

import pytest

from tests.engine.compat.msd_pytorch.convolution_checks import (
    Function,
    check_gradients,
    check_module,
    check_values,
)
from wholefield.compat.msd_pytorch.conv import Conv2dInPlaceModule
from wholefield.compat.msd_pytorch.conv_relu import (
    ConvRelu2dInPlaceModule,
    ConvRelu3dInPlaceModule,
    conv_relu2d,
    conv_relu2dInPlace,
    conv_relu3d,
    conv_relu3dInPlace,
)


@pytest.mark.parametrize(
    ("plain", "in_place", "ndim"),
    [(conv_relu2d, conv_relu2dInPlace, 2), (conv_relu3d, conv_relu3dInPlace, 3)],
)
def test_values(plain: Function, in_place: Function, ndim: int) -> None:
    check_values(plain, in_place, ndim, clip=True)


@pytest.mark.parametrize(("function", "ndim"), [(conv_relu2dInPlace, 2), (conv_relu3dInPlace, 3)])
def test_gradients(function: Function, ndim: int) -> None:
    check_gradients(function, ndim)


@pytest.mark.parametrize("kind", [ConvRelu2dInPlaceModule, ConvRelu3dInPlaceModule])
def test_modules_write_into_their_output(kind: type[Conv2dInPlaceModule]) -> None:
    check_module(kind)
