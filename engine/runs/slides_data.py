"""Labelled slides, one a step, as a network is given them."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from engine.runs.labels import LabelledSlide
from engine.runs.views import Pixels, View, labelled_area, random_square, read_view
from engine.runs.visits import Visits
from engine.sources import open_image


class Item(NamedTuple):
    """One slide, or one square of it, ready for the network.

    Attributes:
        image: (1, C, h, w) float32.
        target: (1,) int64, the class index.
        view: where the image comes from.
    """

    image: Tensor
    target: Tensor
    view: View


class SlideLoader(Visits[Item]):
    """Visits labelled slides, whole or as a random square a visit."""

    def __init__(
        self,
        rows: Sequence[LabelledSlide],
        targets: Sequence[int],
        level: int,
        pixels: Pixels,
        *,
        square: int | None = None,
        repeats: int = 1,
        shuffle_seed: int | None = None,
    ) -> None:
        """Set up the visits; nothing is read yet.

        Args:
            rows: the labelled slides.
            targets: class index of each.
            level: pyramid level to read.
            pixels: how pixels are scaled.
            square: side of a random square in pixels of the level, or None for the whole labelled part.
            repeats: visits to each row in an epoch.
            shuffle_seed: seed of the order and of the squares; None keeps the order of the rows.
        """
        super().__init__(len(rows), repeats, shuffle_seed)
        self._slides = tuple(rows)
        self._targets = tuple(targets)
        self._level = level
        self._pixels = pixels
        self._square = square

    def item(self, row: int, place: int) -> Item:
        """Read the item at a place of the current epoch.

        Raises:
            SourceError: a file cannot be read.
            SettingError: a slide does not fit the settings.
        """
        labelled = self._slides[row]
        with open_image(labelled.path) as source:
            area = labelled_area(source, labelled.region, self._level)
            if self._square is not None:
                area = random_square(area, self._square, self.random(place))
            image, view = read_view(source, self._level, area, self._pixels)
        return Item(image, torch.tensor([self._targets[row]]), view)
