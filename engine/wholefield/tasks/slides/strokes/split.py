"""Which strokes are kept for validation: a share of every class, settled once for each stroke."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import shapely
from shapely.geometry.base import BaseGeometry

from wholefield.errors import SourceError
from wholefield.files import replacing

LEAST_OVERLAP = 0.5
"""Px of level 0 that two areas must share; where one was cut out of the other, rounding leaves them some."""


@dataclass(frozen=True, eq=False)
class Stroke:
    """An area that a person has labeled in one piece.

    Attributes:
        key: What it is called while it is edited.
        label: Index of its class.
        area: Where it is, in px of level 0: a Polygon.
    """

    key: str
    label: int
    area: BaseGeometry


class StrokeSplit:
    """Keeps a share of the strokes of every class for validation.

    Of every class, the first stroke trains; with a share of 1/4 the fourth is held out, the eighth, and so on. A stroke
    stays on its side, except that one which covers pixels that were trained on before trains from then on: held out,
    it would be judged by what the network has seen.

    Attributes:
        share: The share that is held out, between 0 and 1.
        held_out: Whether a stroke is, by its key.
    """

    def __init__(self, share: float) -> None:
        self.share = share
        self.held_out: dict[str, bool] = {}
        self._counts: dict[int, int] = {}
        self._trained: dict[str, BaseGeometry] = {}

    def update(self, strokes: Iterable[Stroke]) -> None:
        """Settle new strokes, and look again at those that have changed."""
        now = list(strokes)
        before = list(self._trained.values())
        tree = shapely.STRtree(before)
        for stroke in now:
            if stroke.key not in self.held_out:
                self.held_out[stroke.key] = self._next(stroke.label)
            if self.held_out[stroke.key] and _overlaps(stroke.area, before, tree):
                self.held_out[stroke.key] = False
        for stroke in now:
            if not self.held_out[stroke.key]:
                known = self._trained.get(stroke.key)
                self._trained[stroke.key] = (
                    stroke.area if known is None else shapely.union(known, stroke.area)
                )

    def save(self, path: Path) -> None:
        """Write what is settled, so that a resumed run keeps it."""
        with replacing(path) as temporary:
            values = {
                "held_out": self.held_out,
                "counts": list(self._counts.items()),
                "trained": {key: shapely.to_wkt(area) for key, area in self._trained.items()},
            }
            temporary.write_text(json.dumps(values), encoding="utf-8")

    def load(self, path: Path) -> None:
        """Take up what an earlier part of the run has settled.

        Raises:
            SourceError: The file is damaged.
        """
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            self.held_out = {str(key): bool(held) for key, held in values["held_out"].items()}
            self._counts = {int(label): int(count) for label, count in values["counts"]}
            self._trained = {key: shapely.from_wkt(area) for key, area in values["trained"].items()}
        except (
            OSError,
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            shapely.errors.ShapelyError,
        ) as error:
            raise SourceError(f"{path} is damaged ({error}); start a new run.") from error

    def _next(self, label: int) -> bool:
        count = self._counts[label] = self._counts.get(label, 0) + 1
        # Rounded, so that a share of 0.2 holds out the fifth although 5 * 0.2 may come out below 1.
        share = round(self.share, 9)
        return math.floor(round(count * share, 9)) > math.floor(round((count - 1) * share, 9))


def _overlaps(area: BaseGeometry, others: list[BaseGeometry], tree: shapely.STRtree) -> bool:
    return any(
        shapely.intersection(area, others[index]).area > LEAST_OVERLAP for index in tree.query(area).tolist()
    )
