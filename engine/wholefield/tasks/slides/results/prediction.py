"""What a prediction of a slide is: probabilities and a map per class, saved in one file. Imports no torch."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from wholefield.errors import SourceError
from wholefield.files import replacing

PREDICTION = "prediction.npz"


@dataclass(frozen=True, eq=False)
class SlidePrediction:
    """The predicted class of a slide and where the evidence for each class lies.

    Attributes:
        slide: the slide file.
        classes: names of the classes.
        probabilities: (classes,) float32, sums to 1.
        maps: (classes, h, w) float32 in 0..1. Each is the class-activation map, one value a feature position,
            squashed against the other classes at that position (softmax over classes): 0.5 in a map of two
            classes is a position that speaks for neither.
        box: rectangle (x, y, width, height) in pixels of level 0 that the maps cover.
    """

    slide: Path
    classes: tuple[str, ...]
    probabilities: NDArray[np.float32]
    maps: NDArray[np.float32]
    box: tuple[float, float, float, float]

    @property
    def winner(self) -> str:
        """The most probable class."""
        return self.classes[int(self.probabilities.argmax())]

    def save(self, path: Path) -> None:
        """Write everything into one compressed `.npz` file."""
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.savez_compressed(
                file,
                slide=str(self.slide),
                classes=np.array(self.classes),
                probabilities=self.probabilities,
                maps=self.maps,
                box=np.array(self.box, dtype=np.float64),
            )

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote.

        Raises:
            SourceError: the file is missing or holds no prediction.
        """
        try:
            with path.open("rb") as stream, _archive(np.load(stream, allow_pickle=False)) as file:
                x, y, width, height = (float(value) for value in file["box"])
                return cls(
                    slide=Path(str(file["slide"])),
                    classes=tuple(str(name) for name in file["classes"]),
                    probabilities=file["probabilities"],
                    maps=file["maps"],
                    box=(x, y, width, height),
                )
        except (OSError, EOFError, KeyError, ValueError, BadZipFile) as error:
            raise SourceError(f"{path} is not a saved prediction; predict the slide again.") from error


def summary_of(path: Path) -> list[str]:
    """Every class of a saved prediction with its probability.

    Raises:
        SourceError: The file is missing or holds no prediction.
    """
    found = SlidePrediction.load(path)
    return [f"{name}\t{share:.6f}" for name, share in zip(found.classes, found.probabilities, strict=True)]


def _archive(loaded: Any) -> np.lib.npyio.NpzFile:
    if not isinstance(loaded, np.lib.npyio.NpzFile):
        raise ValueError("a single array")
    return loaded
