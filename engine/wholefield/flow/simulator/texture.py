"""Periodic textures of logarithmic brightness: soft noise of all sizes with discs and bars on it."""

import numpy as np
import numpy.typing as npt

SIZE = 256
MARKS = 40
SHARPNESS = 0.22
# How strong the noise and the marks are.
SHARES = 0.5, 1.0


def make_texture(rng: np.random.Generator, contrast: float, size: int = SIZE) -> npt.NDArray[np.float32]:
    """A square texture that repeats without a seam.

    Args:
        rng: Random numbers.
        contrast: Standard deviation of the logarithm of brightness.
        size: Side in px, a power of two.

    Returns:
        float32 (size, size), logarithmic brightness around 0, without detail finer than about 2 px.
    """
    frequency = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None])
    noise = np.fft.rfft2(rng.normal(size=(size, size))) / np.maximum(frequency, 2 / size) ** 1.2
    marks = np.fft.rfft2(draw_marks(rng, size))
    soft = np.exp(-0.5 * (frequency / SHARPNESS) ** 2)
    layers = [np.fft.irfft2(layer * soft, (size, size)) for layer in (noise, marks)]
    texture = sum(
        share * (layer - layer.mean()) / layer.std() for share, layer in zip(SHARES, layers, strict=True)
    )
    return (contrast * texture / np.std(texture)).astype(np.float32)


def draw_marks(rng: np.random.Generator, size: int, count: int = MARKS) -> npt.NDArray[np.float64]:
    """Discs and bars at random places, brighter or darker than their surroundings."""
    canvas = np.zeros((size, size))
    axis = np.arange(size)
    for _ in range(count):
        x, y, angle = rng.uniform(0, size), rng.uniform(0, size), rng.uniform(0, np.pi)
        dx = (axis - x + size / 2) % size - size / 2
        dy = ((axis - y + size / 2) % size - size / 2)[:, None]
        along, across = dx * np.cos(angle) + dy * np.sin(angle), dy * np.cos(angle) - dx * np.sin(angle)
        radius = rng.uniform(3, 16)
        inside = (
            along**2 + across**2 < radius**2
            if rng.random() < 0.5
            else (abs(along) < 2 * radius) & (abs(across) < radius / 3)
        )
        canvas[inside] = rng.normal()
    return canvas
