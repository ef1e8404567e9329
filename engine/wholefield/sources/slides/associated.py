"""The small pictures that come with a slide, such as its label and macro image, read when they are wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]
"""(height, width, 1 or 3)."""


class AssociatedImages(Mapping[str, Picture]):
    """Pictures by name. Names are known at once; a picture is read each time it is taken.

    Example:
        >>> import numpy as np
        >>> from wholefield.sources.slides.associated import AssociatedImages
        >>> pictures = AssociatedImages({"label": lambda: np.zeros((20, 30, 3), np.uint8)})
        >>> list(pictures), pictures["label"].shape
        (['label'], (20, 30, 3))
    """

    def __init__(self, readers: Mapping[str, Callable[[], npt.NDArray[Any]]]) -> None:
        """Keep how each picture is read.

        Args:
            readers: By name, functions that read a picture (height, width, 1 or 3) of uint8.
        """
        self._readers = {name.lower(): reader for name, reader in readers.items()}

    def __getitem__(self, name: str) -> Picture:
        return self._readers[name]()

    def __iter__(self) -> Iterator[str]:
        return iter(self._readers)

    def __len__(self) -> int:
        return len(self._readers)


NO_PICTURES = AssociatedImages({})
