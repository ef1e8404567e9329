"""Periodic textures from several generators with random spectra, so that what learns from them sees no single look."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from wholefield.flow.simulator.texture import SIZE, draw_marks

Image = npt.NDArray[np.float64]
# No brighter or darker than that many standard deviations: sparse marks would otherwise have the contrast of lamps.
LARGEST = 3.0


def random_texture(rng: np.random.Generator, contrast: float, size: int = SIZE) -> npt.NDArray[np.float32]:
    """A square texture that repeats without a seam: one or two generators, with a random sharpness.

    Args:
        rng: Random numbers.
        contrast: Standard deviation of the logarithm of brightness.
        size: Side in px, a power of two.

    Returns:
        float32 (size, size), logarithmic brightness around 0.

    Example:
        >>> import numpy as np
        >>> from wholefield.flow.simulator.textures import random_texture
        >>> random_texture(np.random.default_rng(0), contrast=0.5).shape
        (256, 256)
    """
    count = 1 + int(rng.random() < 0.4)
    chosen = rng.choice(len(GENERATORS), count, replace=False)
    texture = sum(float(rng.uniform(0.4, 1)) * _unit(GENERATORS[index](rng, size)) for index in chosen)
    sharpness = np.exp(rng.uniform(np.log(0.08), np.log(0.4)))
    soft = np.exp(-0.5 * (_frequency(size) / sharpness) ** 2)
    texture = np.fft.irfft2(np.fft.rfft2(texture) * soft, (size, size))
    limited = np.clip(_unit(texture), -LARGEST, LARGEST)
    return (contrast * limited).astype(np.float32)


def _spectrum(rng: np.random.Generator, size: int) -> Image:
    """Noise whose amplitude falls with a random power of the frequency."""
    amplitude = np.maximum(_frequency(size), 1 / size) ** -rng.uniform(0.5, 2.2)
    return np.fft.irfft2(np.fft.rfft2(rng.normal(size=(size, size))) * amplitude, (size, size))


def _blobs(rng: np.random.Generator, size: int) -> Image:
    """Noise of about one size, black and white."""
    wavelength = np.exp(rng.uniform(np.log(6), np.log(64)))
    band = np.exp(-0.5 * ((_frequency(size) * wavelength - 1) / rng.uniform(0.1, 0.5)) ** 2)
    noise = np.fft.irfft2(np.fft.rfft2(rng.normal(size=(size, size))) * band, (size, size))
    return (noise > rng.uniform(-0.5, 1.0) * noise.std()).astype(np.float64)


def _marks(rng: np.random.Generator, size: int) -> Image:
    """Discs and bars, few or many."""
    return draw_marks(rng, size, int(np.exp(rng.uniform(np.log(8), np.log(120)))))


def _cells(rng: np.random.Generator, size: int) -> Image:
    """Patches of one brightness with straight borders (a Voronoi diagram)."""
    count = int(np.exp(rng.uniform(np.log(12), np.log(500))))
    y, x = np.mgrid[:size, :size].astype(np.float64)
    centers = rng.uniform(0, size, (count, 2))
    nearest = cKDTree(centers, boxsize=size).query(np.stack([x.ravel(), y.ravel()], 1))[1]
    values: Image = rng.normal(size=count)[nearest].reshape(size, size)
    return values


def _stripes(rng: np.random.Generator, size: int) -> Image:
    """Crossed gratings with soft or hard edges; two at least, for one alone has no motion along it."""
    y, x = np.mgrid[:size, :size] / size
    image = np.zeros((size, size))
    for _ in range(int(rng.integers(2, 5))):
        across, down = rng.integers(-24, 25, 2)
        wave = np.sin(2 * np.pi * (across * x + down * y + rng.random()))
        image += np.tanh(wave * np.exp(rng.uniform(-1, 3)))
    return image


def _dots(rng: np.random.Generator, size: int) -> Image:
    """Small dots on a plain ground."""
    image = np.zeros((size, size))
    count = int(np.exp(rng.uniform(np.log(30), np.log(1000))))
    image[tuple(rng.integers(0, size, (2, count)))] = rng.normal(1, 0.5, count)
    spread = np.exp(rng.uniform(np.log(0.8), np.log(4)))
    soft = np.exp(-0.5 * (2 * np.pi * spread * _frequency(size)) ** 2)
    return np.fft.irfft2(np.fft.rfft2(image) * soft, (size, size))


def _lines(rng: np.random.Generator, size: int) -> Image:
    """Long thin lines in all directions."""
    image = np.zeros((size, size))
    steps = np.arange(0, size, 0.5)
    for _ in range(int(rng.integers(6, 50))):
        angle, bend = rng.uniform(0, 2 * np.pi), rng.normal(0, 0.004)
        turned = angle + bend * steps
        x = rng.uniform(0, size) + np.cumsum(np.cos(turned)) / 2
        y = rng.uniform(0, size) + np.cumsum(np.sin(turned)) / 2
        shown = slice(int(rng.uniform(0.2, 1) * len(steps)))
        image[y[shown].astype(int) % size, x[shown].astype(int) % size] = rng.normal()
    return image


GENERATORS: tuple[Callable[[np.random.Generator, int], Image], ...] = (
    _spectrum,
    _blobs,
    _marks,
    _cells,
    _stripes,
    _dots,
    _lines,
)


def _frequency(size: int) -> Image:
    found: Image = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None])
    return found


def _unit(image: Image) -> Image:
    return (image - image.mean()) / max(float(image.std()), 1e-9)
