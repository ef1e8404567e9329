"""Objects of ellipses, whose images and projections are known exactly."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Ellipse:
    """An ellipse of constant attenuation; lengths as shares of half the image, y upwards.

    Attributes:
        density: Attenuation that it adds, per pixel.
        x: Center, to the right.
        y: Center, upwards.
        a: Half axis along its own first direction.
        b: Half axis along its second direction.
        turn: Angle of the first direction against the x axis, radians, counter-clockwise.

    Example:
        >>> from wholefield.tomography import Ellipse, draw
        >>> draw([Ellipse(1.0, 0.0, 0.0, 0.5, 0.5)], 4)[1, 1] > 0.5
        tensor(True)
    """

    density: float
    x: float
    y: float
    a: float
    b: float
    turn: float = 0.0


def draw(ellipses: Sequence[Ellipse], size: int, samples: int = 4) -> Tensor:
    """The object's image.

    Args:
        ellipses: The object; densities add up where they overlap.
        size: Rows and columns.
        samples: Every pixel is the mean over samples x samples points.

    Returns:
        (size, size), float64, attenuation per pixel.

    Example:
        >>> from wholefield.tomography import Ellipse, draw
        >>> draw([Ellipse(2.0, 0.0, 0.0, 2.0, 2.0)], 3).unique()
        tensor([2.], dtype=torch.float64)
    """
    fine = (torch.arange(size * samples, dtype=torch.float64) + 0.5) / (size * samples) * 2 - 1
    x, y = fine[None, :], -fine[:, None]
    image = torch.zeros(size * samples, size * samples, dtype=torch.float64)
    for each in ellipses:
        along = (x - each.x) * math.cos(each.turn) + (y - each.y) * math.sin(each.turn)
        across = (y - each.y) * math.cos(each.turn) - (x - each.x) * math.sin(each.turn)
        image += each.density * ((along / each.a) ** 2 + (across / each.b) ** 2 <= 1)
    return image.view(size, samples, size, samples).mean((1, 3))


def project(ellipses: Sequence[Ellipse], angles: Tensor, columns: int) -> Tensor:
    """The object's exact line integrals (Kak and Slaney 1988, section 3.1).

    Args:
        ellipses: The object.
        angles: (angles,), radians.
        columns: Detector columns, as many as the image has.

    Returns:
        (angles, columns), float64.

    Example:
        >>> import torch
        >>> from wholefield.tomography import Ellipse, project
        >>> project([Ellipse(0.5, 0.0, 0.0, 1.0, 1.0)], torch.zeros(1), 4)
        tensor([[1.3229, 1.9365, 1.9365, 1.3229]], dtype=torch.float64)
    """
    half = columns / 2
    at = (torch.arange(columns, dtype=torch.float64) - (columns - 1) / 2)[None]
    angles = angles.double()[:, None]
    sinogram = torch.zeros(len(angles), columns, dtype=torch.float64)
    for each in ellipses:
        a, b = each.a * half, each.b * half
        width = (a * (angles - each.turn).cos()) ** 2 + (b * (angles - each.turn).sin()) ** 2
        center = half * (each.x * angles.cos() + each.y * angles.sin())
        chord = (width - (at - center) ** 2).clamp_min(0).sqrt()
        sinogram += 2 * each.density * a * b * chord / width
    return sinogram


def random_foam(count: int, seed: int, density: float = 0.02) -> list[Ellipse]:
    """A disc with random holes and inclusions; the same for the same seed.

    Args:
        count: Holes and inclusions.
        seed: Seed of the random numbers.
        density: Attenuation of the disc, per pixel.

    Returns:
        The disc and what is in it.

    Example:
        >>> from wholefield.tomography import random_foam
        >>> len(random_foam(5, seed=0))
        6
    """
    generator = torch.Generator().manual_seed(seed)
    draws = torch.rand(count, 6, generator=generator, dtype=torch.float64).tolist()
    disc = Ellipse(density, 0.0, 0.0, 0.9, 0.9)
    return [disc, *(_inclusion(values, density) for values in draws)]


def _inclusion(values: Sequence[float], density: float) -> Ellipse:
    radius, direction = 0.75 * math.sqrt(values[0]), 2 * math.pi * values[1]
    sign = -0.6 if values[2] < 0.6 else 0.6
    size = 0.02 + 0.08 * values[3]
    turn = math.pi * values[5]
    x, y = radius * math.cos(direction), radius * math.sin(direction)
    return Ellipse(sign * density, x, y, size, size * (0.5 + 0.5 * values[4]), turn)


def add_noise(sinogram: Tensor, photons: float, seed: int) -> Tensor:
    """Line integrals as they are measured with a limited number of photons (Poisson noise).

    Args:
        sinogram: Line integrals of any shape.
        photons: Photons per detector pixel of the open beam.
        seed: Seed of the random numbers.

    Returns:
        The same shape; the same values for the same seed.

    Example:
        >>> import torch
        >>> from wholefield.tomography import add_noise
        >>> noisy = add_noise(torch.zeros(1000), photons=400, seed=0)
        >>> 0.04 < noisy.std() < 0.06
        tensor(True)
    """
    generator = torch.Generator().manual_seed(seed)
    counts = torch.poisson(photons * (-sinogram).exp(), generator)
    return -(counts.clamp_min(1) / photons).log()
