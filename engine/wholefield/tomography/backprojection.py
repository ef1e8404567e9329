"""Filtered back-projection of parallel-beam sinograms (Kak and Slaney 1988, chapter 3) on torch."""

import math

import torch
from torch import Tensor

from wholefield.tomography.enums import Window

# Angles projected back at once; bounds the memory of the interpolation.
ANGLES_AT_ONCE = 8


def ramp_filter(columns: int, window: Window = Window.RAMP) -> Tensor:
    """Transfer function of the ramp filter for real FFTs of a length that avoids wrapping around.

    It is the transform of the band-limited ramp sampled in space (Kak and Slaney, equation 61), whose mean is right,
    unlike that of a ramp sampled in frequency.

    Args:
        columns: Detector columns.
        window: Taper.

    Returns:
        (length // 2 + 1,), float64; length is the power of two of at least twice the columns.

    Example:
        >>> from wholefield.tomography import ramp_filter
        >>> ramp_filter(16).shape
        torch.Size([17])
    """
    length = 2 ** math.ceil(math.log2(max(2 * columns, 2)))
    distance = torch.fft.fftfreq(length, 1 / length, dtype=torch.float64).round()
    odd = distance.long() % 2 == 1
    kernel = torch.where(odd, -1 / (math.pi * distance.where(odd, torch.ones_like(distance))) ** 2, 0.0)
    kernel[0] = 0.25
    response = torch.fft.rfft(kernel).real
    if window is Window.HANN:
        response = response * (
            0.5 + 0.5 * torch.cos(torch.linspace(0, math.pi, len(response), dtype=torch.float64))
        )
    return response


def filter_sinogram(sinograms: Tensor, window: Window = Window.RAMP) -> Tensor:
    """Convolve sinograms with the ramp filter along the detector.

    Args:
        sinograms: (..., columns), float32 or float64.
        window: Taper.

    Returns:
        The same shape and type.

    Example:
        >>> import torch
        >>> from wholefield.tomography import filter_sinogram
        >>> filter_sinogram(torch.eye(1, 5)[None])[0, 0, 0]
        tensor(0.2500)
    """
    columns = sinograms.shape[-1]
    response = ramp_filter(columns, window).to(sinograms)
    length = 2 * (len(response) - 1)
    return torch.fft.irfft(torch.fft.rfft(sinograms, length) * response, length)[..., :columns]


def back_project(
    sinograms: Tensor, angles: Tensor, size: int | None = None, center: float | None = None
) -> Tensor:
    """Sum over all angles of the value at the ray through each pixel, linearly interpolated; zero off the detector.

    Pixel (row r, column c) lies at x = c - (size - 1) / 2, y = (size - 1) / 2 - r; its ray under angle a meets the
    detector at x cos(a) + y sin(a) + center.

    Args:
        sinograms: (slices, angles, columns).
        angles: (angles,), radians.
        size: Rows and columns of the result; as many as detector columns when None.
        center: Column of the rotation axis; the middle when None.

    Returns:
        (slices, size, size).

    Example:
        >>> import torch
        >>> from wholefield.tomography import back_project
        >>> back_project(torch.ones(1, 4, 6), torch.arange(4) * torch.pi / 4, size=2)[0, 0, 0]
        tensor(4.)
    """
    slices, _, columns = sinograms.shape
    size = columns if size is None else size
    center = (columns - 1) / 2 if center is None else center
    positions = torch.arange(size, dtype=torch.float64, device=sinograms.device) - (size - 1) / 2
    # A column of zeros on both sides takes the rays that miss the detector.
    extended = torch.nn.functional.pad(sinograms, (1, 1))
    result = sinograms.new_zeros(slices, size * size)
    for first in range(0, len(angles), ANGLES_AT_ONCE):
        some = angles[first : first + ANGLES_AT_ONCE].to(positions)
        x, y = positions[None, None, :], -positions[None, :, None]
        at = x * some.cos()[:, None, None] + y * some.sin()[:, None, None] + (center + 1)
        at = at.clamp_(0, columns + 1).flatten(1)
        left = at.floor().clamp_max_(columns).long()
        share = (at - left).to(sinograms.dtype)
        for angle in range(len(some)):
            rays = extended[:, first + angle]
            low, high = rays[:, left[angle]], rays[:, left[angle] + 1]
            result += torch.lerp(low, high, share[angle])
    return result.view(slices, size, size)


def reconstruct(
    sinograms: Tensor,
    angles: Tensor,
    *,
    size: int | None = None,
    center: float | None = None,
    window: Window = Window.RAMP,
) -> Tensor:
    """Filtered back-projection of evenly spaced angles over 180 degrees (or whole multiples of it).

    Args:
        sinograms: (slices, angles, columns), line integrals.
        angles: (angles,), radians.
        size: Rows and columns of the result; as many as detector columns when None.
        center: Column of the rotation axis, in pixels; the middle when None.
        window: Taper of the ramp filter.

    Returns:
        (slices, size, size), attenuation per pixel; see :func:`back_project` for the orientation.

    Example:
        >>> import torch
        >>> from wholefield.tomography import Ellipse, project, reconstruct
        >>> angles = torch.arange(48, dtype=torch.float64) * torch.pi / 48
        >>> disc = Ellipse(0.02, 0.0, 0.0, 0.8, 0.8)
        >>> image = reconstruct(project([disc], angles, 32)[None], angles)
        >>> round(image[0, 16, 16].item(), 3)
        0.02
    """
    filtered = filter_sinogram(sinograms, window)
    return back_project(filtered, angles, size, center).mul_(math.pi / len(angles))
