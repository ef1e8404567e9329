"""The measures of the DSEC and MVSEC benchmarks of optical flow, pooled over all pixels with known flow. No torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

# Pixels of error above which N-pixel error counts, and the share of the motion for an outlier (KITTI, MVSEC).
PIXELS = (1, 2, 3)
OUTLIER_PX, OUTLIER_SHARE = 3.0, 0.05

Flow = npt.NDArray[np.floating[Any]]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class BenchmarkRow:
    """The errors of a sequence.

    Attributes:
        name: Of the sequence.
        fields: Fields of true flow.
        pixels: Pixels of them that count.
        epe: Mean endpoint error in px.
        ae: Mean angular error in degrees: between (u, v, 1) of both, as Barron et al. 1994 define it.
        npe: Percentage of pixels with an endpoint error above 1, 2 and 3 px.
        outliers: Percentage with one above 3 px and above 5 % of the true motion.
    """

    name: str
    fields: int
    pixels: int
    epe: float
    ae: float
    npe: tuple[float, float, float]
    outliers: float


@dataclass
class Errors:
    """Sums of errors, field after field, in float64.

    Example:
        >>> import numpy as np
        >>> from wholefield.flow.scores.benchmark import Errors
        >>> errors = Errors()
        >>> errors.add(np.ones((2, 4, 4)), np.zeros((2, 4, 4)), np.ones((4, 4), bool))
        >>> round(errors.row("a").epe, 4), errors.row("a").npe
        (1.4142, (100.0, 0.0, 0.0))
    """

    fields: int = 0
    pixels: int = 0
    epe: float = 0.0
    ae: float = 0.0
    above: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(len(PIXELS) + 1, np.int64))

    def add(self, flow: Flow, truth: Flow, known: Mask) -> None:
        """Add a field.

        Args:
            flow: (2, H, W) in px.
            truth: (2, H, W) in px.
            known: (H, W), the pixels that count.
        """
        (u, v), (x, y) = flow[:, known].astype(np.float64), truth[:, known].astype(np.float64)
        error = np.hypot(u - x, v - y)
        cosine = (u * x + v * y + 1) / np.sqrt((u * u + v * v + 1) * (x * x + y * y + 1))
        self.fields += 1
        self.pixels += error.size
        self.epe += float(error.sum())
        self.ae += float(np.degrees(np.arccos(np.clip(cosine, -1, 1))).sum())
        far = [error > pixels for pixels in PIXELS]
        far.append((error > OUTLIER_PX) & (error > OUTLIER_SHARE * np.hypot(x, y)))
        self.above += np.array([each.sum() for each in far])

    def merge(self, other: Errors) -> None:
        """Add all fields of another sequence."""
        self.fields += other.fields
        self.pixels += other.pixels
        self.epe += other.epe
        self.ae += other.ae
        self.above += other.above

    def row(self, name: str) -> BenchmarkRow:
        """The means; NaN where no pixel counts."""
        count = self.pixels or np.nan
        one, two, three, outliers = (float(100 * each / count) for each in self.above)
        return BenchmarkRow(
            name, self.fields, self.pixels, self.epe / count, self.ae / count, (one, two, three), outliers
        )


@dataclass(frozen=True)
class BenchmarkCard:
    """The errors of some flow on the sequences of a benchmark.

    Attributes:
        benchmark: Which, and which pixels count.
        flow: What the flow is from.
        rows: A row a sequence, and all together last where there are several.
    """

    benchmark: str
    flow: str
    rows: tuple[BenchmarkRow, ...]

    def text(self) -> str:
        """A table with a sentence on where it was measured."""
        head = ("sequence", "fields", "pixels", "EPE px", "AE deg", "1PE %", "2PE %", "3PE %", "outliers %")
        lines = [head, *(_cells(row) for row in self.rows)]
        widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
        table = [
            "  ".join(
                cell.ljust(width) if not n else cell.rjust(width)
                for n, (cell, width) in enumerate(zip(line, widths, strict=True))
            )
            for line in lines
        ]
        return "\n".join([*table, f"{self.flow} on {self.benchmark}"])


def _cells(row: BenchmarkRow) -> tuple[str, ...]:
    values = (row.epe, row.ae, *row.npe, row.outliers)
    return (row.name, str(row.fields), f"{row.pixels:,}", *(f"{value:.2f}" for value in values))
