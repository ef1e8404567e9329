"""Masks of slides: images of labels, and the classes of an area of them."""

from wholefield.errors import SettingError
from wholefield.sources import ImageSource
from wholefield.sources.rect import Rect
from wholefield.training.label_values import AnyArray, Classes, LabelSet

IGNORED = -100
"""Class index of pixels that count for nothing."""


def read_labels(mask: ImageSource, image: ImageSource, level: int, area: Rect[int]) -> AnyArray:
    """The label values (h, w) of an area of a level of the image.

    Raises:
        SourceError: The mask cannot be read.
        SettingError: The mask has no level of that size, or is not an image of labels.
    """
    size = image.levels[level]
    if mask.channels != 1:
        raise SettingError(
            f"The mask {mask.path} has {mask.channels} channels, but labels have one; save it as a gray image."
        )
    for index, one in enumerate(mask.levels):
        if (one.width, one.height) == (size.width, size.height):
            return mask.read_region(index, *area)[..., 0]
    raise SettingError(
        f"The mask {mask.path} is {mask.width} x {mask.height} and has no level of {size.width} x {size.height} "
        f"pixels as {image.name} has; choose a mask that fits."
    )


def read_classes(
    mask: ImageSource, image: ImageSource, level: int, area: Rect[int], labels: LabelSet
) -> Classes:
    """The classes (h, w) of an area of a level of the image, `IGNORED` where a pixel counts for nothing.

    Raises:
        SourceError: The mask cannot be read.
        SettingError: The mask does not fit the image, or holds a value that is not a label.
    """
    found = labels.classes(read_labels(mask, image, level, area), f"The mask {mask.name}")
    found[found == labels.ignored_class] = IGNORED
    return found
