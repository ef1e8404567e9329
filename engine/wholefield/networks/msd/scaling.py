"""Normalization as fixed 1 x 1 convolutions, so that it is saved and loaded with the network."""

import math

import torch
from torch import Tensor, nn

from wholefield.networks.msd.errors import InputError


def scaling_module(c_in: int, c_out: int, *, conv3d: bool = False) -> nn.Conv2d | nn.Conv3d:
    """A 1 x 1 convolution with the scale on the diagonal; saved with the network, never trained.

    Args:
        c_in: Input channels.
        c_out: Output channels.
        conv3d: For volumes instead of images.

    Returns:
        The convolution, with scale 1 and offset 0.

    Example:
        >>> import torch
        >>> from wholefield.networks.msd import scaling_module
        >>> scaling_module(2, 2)(torch.full((1, 2, 1, 1), 5.0)).flatten()
        tensor([5., 5.])
    """
    module = (nn.Conv3d if conv3d else nn.Conv2d)(c_in, c_out, 1)
    module.requires_grad_(False)
    set_scaling(module, 1.0, 0.0)
    return module


def set_scaling(module: nn.Conv2d | nn.Conv3d, scale: float, offset: float) -> None:
    """Make a scaling module compute scale * x + offset."""
    with torch.no_grad():
        module.weight.zero_()
        diagonal = range(min(module.weight.shape[:2]))
        module.weight[diagonal, diagonal] = scale
        if module.bias is not None:
            module.bias.fill_(offset)


class Moments:
    """Mean and standard deviation of images that come one by one, summed in double precision.

    Attributes:
        count: Values seen.
        mean: Their mean.

    Example:
        >>> import torch
        >>> from wholefield.networks.msd import Moments
        >>> moments = Moments()
        >>> for image in (torch.tensor([1.0, 3.0]), torch.tensor([5.0])):
        ...     moments.add(image)
        >>> moments.mean, round(moments.std, 3)
        (3.0, 1.633)
    """

    def __init__(self) -> None:
        self.count, self.mean = 0, 0.0
        self._squares = 0.0

    def add(self, image: Tensor) -> None:
        """Take all finite values of an image into account.

        Chan, Golub and LeVeque 1979: merge the moments of two parts.
        """
        values = image.detach().double().flatten()
        values = values[values.isfinite()]
        if not values.numel():
            return
        size, average = values.numel(), values.mean().item()
        difference, total = average - self.mean, self.count + size
        self._squares += (values - average).square().sum().item()
        self._squares += difference**2 * self.count * size / total
        self.mean += difference * size / total
        self.count = total

    @property
    def std(self) -> float:
        """Standard deviation; one for constant images, so that dividing by it is safe.

        Raises:
            InputError: There were no images.
        """
        if not self.count:
            raise InputError(
                "The data loader holds no images with finite values to normalize by; check its paths."
            )
        return math.sqrt(self._squares / self.count) or 1.0


def filled(module: nn.Conv2d | nn.Conv3d, image: Tensor) -> Tensor:
    """An image with the mean that a scaling module subtracts in the place of values that are not finite.

    Args:
        module: The scaling of the input of a network; its channels share one scale.
        image: Any shape.

    Returns:
        The image itself where all values are finite.
    """
    finite = image.isfinite()
    if finite.all():
        return image
    scale = module.weight[0, 0].reshape(()).item()
    offset = 0.0 if module.bias is None else module.bias[0].item()
    return torch.where(
        finite, image, torch.as_tensor(-offset / scale, dtype=image.dtype, device=image.device)
    )


def normalize_input(module: nn.Conv2d | nn.Conv3d, moments: Moments) -> None:
    """Make a scaling module subtract the mean and divide by the standard deviation."""
    set_scaling(module, 1 / moments.std, -moments.mean / moments.std)


def denormalize_output(module: nn.Conv2d | nn.Conv3d, moments: Moments) -> None:
    """Make a scaling module multiply by the standard deviation and add the mean."""
    set_scaling(module, moments.std, moments.mean)
