"""Settings that are given once or per axis of the image."""

from collections.abc import Sequence
from operator import index

from wholefield.streaming.errors import StreamingError


def sizes_per_axis(
    given: int | Sequence[int], axes: int, name: str = "tile size", usual: str = "256 to 1024"
) -> tuple[int, ...]:
    """A size given once or per axis, as one number per axis.

    Args:
        given: The size.
        axes: Number of axes of the image.
        name: What it is the size of, for messages.
        usual: Which sizes are usual, for messages.

    Raises:
        StreamingError: It is not a whole number, not positive, or given for another number of axes.
    """
    numbers = given if isinstance(given, Sequence) else [given] * axes
    try:
        sizes = tuple(index(size) for size in numbers)
    except TypeError:
        raise StreamingError(
            f"The {name} {given!r} is neither a whole number nor one per axis; use for example {usual.split()[0]}."
        ) from None
    if len(sizes) != axes:
        raise StreamingError(f"The {name} {sizes} has {len(sizes)} numbers; the image has {axes} axes.")
    if min(sizes) < 1:
        raise StreamingError(f"The {name} {sizes} is not positive; use at least 1, usually {usual}.")
    return sizes
