"""What is shown of a published network's values over a slide. Imports no torch."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class SlideMaps:
    """Maps of values over a slide, small enough to be shown, and the file that holds them whole.

    Attributes:
        slide: The slide.
        classes: What the maps are called.
        maps: (maps, h, w) float32, each scaled to 0..1.
        limits: Lowest and highest value of each before that.
        box: Rectangle (x, y, width, height) in pixels of level 0 that they cover.
        path: The file with the values themselves.
    """

    slide: Path
    classes: tuple[str, ...]
    maps: NDArray[np.float32]
    limits: tuple[tuple[float, float], ...]
    box: tuple[float, float, float, float]
    path: Path

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """The mean of each map, as it is shown."""
        return self.maps.mean((1, 2), dtype=np.float64)

    def title(self, index: int) -> str:
        """What the legend calls a map."""
        low, high = self.limits[index]
        return f"{self.classes[index]}, {low:.3g} to {high:.3g}"


@dataclass(frozen=True, eq=False)
class SlideImageResult:
    """An image that a published network made of a slide.

    Attributes:
        slide: The slide.
        path: The file.
    """

    slide: Path
    path: Path
