"""A slide as a published network takes it: intensities normalized as in its training, sizes filled up to multiples."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from wholefield.errors import SettingError
from wholefield.networks.opening import Intensity, Measured, PublishedCard
from wholefield.progress import ProgressCallback
from wholefield.sources import ImageSource
from wholefield.sources.rect import Rect
from wholefield.sources.slides.image import AnyArray
from wholefield.sources.slides.slide_image import SlideImage
from wholefield.streaming.geometry.spans import Span, Spans
from wholefield.tasks.slides.data.slide_input import bands

SMALLEST_DEVIATION = 1e-8


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
        rows, columns = (_mirrored(span, side) for span, side in zip(spans, self.size, strict=True))
        box = (_range(rows), _range(columns))
        values = self.image.read(box).double() * self._scale
        values = values[:, :, rows - box[0][0]][:, :, :, columns - box[1][0]]
        normalized = [normalize(values[:, index], each) for index, each in enumerate(self._intensity)]
        return torch.stack(normalized, 1).to(self.device, self.dtype)


def normalize(values: Tensor, intensity: Intensity) -> Tensor:
    """Values of one channel as a network takes them; what is measured must be in offset and divisor."""
    clipped = values if intensity.clip is None else values.clamp(*intensity.clip)
    normalized = (clipped - intensity.offset) / intensity.divisor
    return torch.where(values != 0, normalized, 0.0) if intensity.nonzero else normalized


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
    count, mean, squares = (np.zeros(len(given)) for _ in range(3))
    low, high = np.full(len(given), np.inf), np.full(len(given), -np.inf)
    for band in bands(image.area):
        pixels = image.read(_spans(band, image.area)).double().numpy()[0] * scale
        for index, each in enumerate(given):
            values = pixels[index].ravel()
            values = values[values != 0] if each.nonzero else values
            if not values.size:
                continue
            # Chan, Golub and LeVeque's merging of count, mean and sum of squared differences.
            total, shift = count[index] + values.size, values.mean() - mean[index]
            squares[index] += ((values - values.mean()) ** 2).sum() + shift**2 * count[
                index
            ] * values.size / total
            mean[index] += shift * values.size / total
            count[index] = total
            low[index], high[index] = min(low[index], values.min()), max(high[index], values.max())
        progress(band.bottom - image.area.y, image.area.height)
    return tuple(_with(each, count[i], mean[i], squares[i], low[i], high[i]) for i, each in enumerate(given))


def _with(each: Intensity, count: float, mean: float, squares: float, low: float, high: float) -> Intensity:
    if each.measured is Measured.NOTHING or not count:
        return replace(each, measured=Measured.NOTHING)
    if each.measured is Measured.MEAN:
        offset, divisor = mean, max(np.sqrt(squares / count), SMALLEST_DEVIATION)
    else:
        offset, divisor = low, max(high - low, SMALLEST_DEVIATION)
    return replace(each, offset=float(offset), divisor=float(divisor), measured=Measured.NOTHING)


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


def _mirrored(span: Span, side: int) -> AnyArray:
    """The positions in an image that a range shows which may go beyond its far end, mirrored there."""
    at = np.arange(*span)
    period = max(2 * (side - 1), 1)
    at = at % period
    return np.minimum(at, period - at) if side > 1 else np.zeros_like(at)


def _range(positions: AnyArray) -> Span:
    return int(positions.min()), int(positions.max()) + 1


def _spans(band: Rect[int], area: Rect[int]) -> Spans:
    return (band.y - area.y, band.bottom - area.y), (0, area.width)
