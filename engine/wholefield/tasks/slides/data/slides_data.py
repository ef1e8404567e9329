"""Labeled slides in batches, as a network receives them."""

from collections.abc import Sequence
from contextlib import ExitStack

import torch
from torch import Tensor

from wholefield.sources import open_image
from wholefield.sources.slides.slide_image import Pixels, SlideImage
from wholefield.tasks.slides.data.slide_input import SlideSampling
from wholefield.tasks.slides.labels import LabeledSlide
from wholefield.training.settings import Augmentation
from wholefield.training.visits import Visits


class Item:
    """One slide, or one square of it, ready for the network.

    Neither tuple nor dataclass, which Lightning would take apart.

    Attributes:
        image: (1, C, h, w), read box by box.
        target: (1,) int64, the class index.
    """

    def __init__(self, image: SlideImage, target: Tensor) -> None:
        self.image = image
        self.target = target


class SlideLoader(Visits[Item]):
    """Visits labeled slides, whole or as a random square a visit."""

    def __init__(
        self,
        rows: Sequence[LabeledSlide],
        targets: Sequence[int],
        level: int,
        pixels: Pixels,
        *,
        square: int | None = None,
        repeats: int = 1,
        seed: int | None = None,
        augmentation: Augmentation = Augmentation.NONE,
        color_jitter: float = 0.0,
        batch_size: int = 1,
    ) -> None:
        """Set up the visits; nothing is read yet.

        Args:
            rows: the labeled slides.
            targets: class index of each.
            level: pyramid level to read.
            pixels: how pixels are scaled.
            square: side of a random square in pixels of the level, or None for the whole labeled part.
            repeats: visits to each row in an epoch.
            seed: seed of the order and of the squares; None keeps the order of the rows.
            augmentation: how images are flipped and rotated.
            color_jitter: strength of changes of color.
            batch_size: slides of a batch.
        """
        super().__init__(len(rows), repeats, seed, batch_size)
        self._slides = tuple(rows)
        self._targets = tuple(targets)
        self._sampling = SlideSampling(level, pixels, square, augmentation, color_jitter)

    def item(self, row: int, place: int, files: ExitStack) -> Item:
        """The item at a place of the current epoch.

        Raises:
            SourceError: the file cannot be opened.
            SettingError: the slide does not fit the settings.
        """
        labeled, random = self._slides[row], self.random(place)
        source = files.enter_context(open_image(labeled.path))
        image = self._sampling.draw(source, labeled.region, random)
        return Item(image, torch.tensor([self._targets[row]]))
