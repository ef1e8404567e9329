"""A slide as a published network takes it: intensities normalized as in its training, sizes filled up to multiples."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from wholefield.errors import SettingError
from wholefield.labels.tissue import Tissue
from wholefield.networks.opening import Intensity, Measured, PublishedCard
from wholefield.progress import ProgressCallback
from wholefield.sources import ImageSource
from wholefield.sources.rect import Rect
from wholefield.sources.slides.image import AnyArray
from wholefield.sources.slides.slide_image import SlideImage
from wholefield.streaming import Skip
from wholefield.streaming.geometry.spans import Span, Spans
from wholefield.tasks.applying import Measurement, mirrored, normalized
from wholefield.tasks.slides.data.slide_input import bands


class NetworkInput:
    """A level of a slide, read box by box; what is beyond its border is mirrored.

    Attributes:
        image: The slide on the scale of its file, or 0..1.
        size: (height, width) of the level.
        shape: (1, channels, height, width), filled up to multiples.
        device: Where the pixels go.
        dtype: Their type.
    """

    def __init__(
        self, image: SlideImage, card: PublishedCard, intensity: tuple[Intensity, ...], like: Tensor
    ) -> None:
        """Nothing is read yet; `intensity` is one per channel, with what was measured in it."""
        self.image, self.dtype, self.device = image, like.dtype, like.device
        self.size = int(image.shape[2]), int(image.shape[3])
        multiple = card.streaming.multiple or (1, 1)
        filled = [-(-side // each) * each for side, each in zip(self.size, multiple, strict=True)]
        self.shape = torch.Size((1, image.shape[1], *filled))
        self._scale = _stored_scale(image.source, card)
        self._intensity = intensity

    def read(self, spans: Spans) -> Tensor:
        """(1, channels, *box) of the normalized slide."""
        rows, columns = (mirrored(*span, side) for span, side in zip(spans, self.size, strict=True))
        box = (_range(rows), _range(columns))
        values = self.image.read(box)[0].double().cpu().numpy() * self._scale
        values = values[:, rows - box[0][0]][:, :, columns - box[1][0]]
        return torch.from_numpy(self._normalized(values))[None].to(self.device, self.dtype)

    def background(self, tissue: Tissue) -> Skip:
        """Where there is no tissue, and the color of the glass as the network gets it."""
        fill = self._normalized(np.array(self.image.as_input(tissue.background)) * self._scale)
        seen = Skip(~tissue.mask)

        def empty(spans: Spans) -> bool:
            rows, columns = (mirrored(*span, side) for span, side in zip(spans, self.size, strict=True))
            return seen.covers((_range(rows), _range(columns)), self.size)

        return Skip(empty, fill.tolist())

    def _normalized(self, values: AnyArray) -> AnyArray:
        """Pixels or a color, (channels, ...), on the scale of the file, as the network takes them."""
        return np.stack([normalized(each, how) for each, how in zip(values, self._intensity, strict=True)])


def measured_intensity(
    image: SlideImage, card: PublishedCard, progress: ProgressCallback
) -> tuple[Intensity, ...]:
    """How each channel is normalized, with what of the image it is normalized by; one pass where that is needed.

    Args:
        image: The level of the slide, without normalization.
        card: What the network takes.
        progress: Called with the rows read and the rows in all.
    """
    given = tuple(card.channel(index) for index in range(int(image.shape[1])))
    if all(each.measured is Measured.NOTHING for each in given):
        return given
    scale = _stored_scale(image.source, card)
    measurements = [Measurement(each) for each in given]
    for band in bands(image.area):
        pixels = image.read(_spans(band, image.area)).double().numpy()[0] * scale
        for measurement, values in zip(measurements, pixels, strict=True):
            measurement.add(values)
        progress(band.bottom - image.area.y, image.area.height)
    return tuple(each.result() for each in measurements)


def plain_image(source: ImageSource, level: int, card: PublishedCard) -> SlideImage:
    """A level of a slide with the channels that a network takes.

    Raises:
        SettingError: The slide has no such level, or other channels.
    """
    if level >= len(source.levels):
        raise SettingError(
            f"{source.name} has levels up to {len(source.levels) - 1}; the setting level cannot be {level}."
        )
    if source.channels not in (1, card.channels) and (source.channels, card.channels) != (4, 3):
        raise SettingError(
            f"{source.name} has {source.channels} channels, but the model takes {card.channels}; choose another."
        )
    return SlideImage(source, level, channels=card.channels)


def _stored_scale(source: ImageSource, card: PublishedCard) -> float:
    """What turns the scale 0..1 into the numbers of the file, where the network takes those."""
    whole = source.dtype.kind in "ui"
    return 1.0 if card.unit_scale or not whole else float(np.iinfo(source.dtype).max)


def _range(positions: AnyArray) -> Span:
    return int(positions.min()), int(positions.max()) + 1


def _spans(band: Rect[int], area: Rect[int]) -> Spans:
    return (band.y - area.y, band.bottom - area.y), (0, area.width)
