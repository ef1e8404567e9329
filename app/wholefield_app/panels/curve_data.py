"""The numbers behind the curves of a run: collected from its reports, smoothed, without any widget."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from wholefield.runs.reports import EpochDone, Report, Started, StepDone
from wholefield.training.quality import Quality

SMOOTHING_STEPS = 20
# A few steps with a huge loss must not flatten everything else; they are cut off by the upper edge.
SHOWN_PERCENT = 97
MARGIN = 0.05


@dataclass
class Series:
    """One curve: values over training steps."""

    steps: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    def add(self, step: float, value: float) -> None:
        """Append a point; values that are not finite cannot be drawn and are left out."""
        if math.isfinite(value):
            self.steps.append(step)
            self.values.append(value)


@dataclass
class SmoothSeries(Series):
    """A curve as an exponential moving average over about 20 steps.

    It is without the bias of its start (Kingma and Ba 2015, section 3).
    """

    average: float = 0.0
    weight: float = 0.0

    def add(self, step: float, value: float) -> None:
        """Take in a value and append the average; values that are not finite are left out."""
        if math.isfinite(value):
            keep = 1 - 1 / SMOOTHING_STEPS
            self.average = keep * self.average + (1 - keep) * value
            self.weight = keep * self.weight + (1 - keep)
            super().add(step, self.average / self.weight)


class CurveData:
    """The curves of one run.

    Attributes:
        loss: Training loss of each step.
        smoothed: The same, smoothed.
        terms: The weighted terms of the loss, smoothed, where a loss has several.
        epochs: One series for each metric of the epochs, at the step that ended the epoch.
    """

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self.loss = Series()
        self.smoothed = SmoothSeries()
        self.terms: dict[str, SmoothSeries] = {}
        self.epochs: dict[str, Series] = {}

    @property
    def empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not self.loss.steps and not self.epochs

    def add(self, reports: Iterable[Report]) -> None:
        """Take in reports in their order; the start of a run clears the curves of the run before."""
        for report in reports:
            if isinstance(report, Started):
                self.clear()
            elif isinstance(report, StepDone):
                self._add_step(report)
            elif isinstance(report, EpochDone):
                for name, value in report.metrics.items():
                    self.epochs.setdefault(name, Series()).add(report.step, value)

    def loss_range(self, *epoch_losses: str) -> tuple[float, float]:
        """Lowest and highest loss to show: all of the smoothed curve and of the named epoch curves, most steps."""
        values = [*self.smoothed.values]
        for name in epoch_losses:
            values += self.epochs.get(name, Series()).values
        if self.loss.values:
            values += np.percentile(self.loss.values, (100 - SHOWN_PERCENT, SHOWN_PERCENT)).tolist()
        if not values:
            return 0.0, 1.0
        low, high = min(values), max(values)
        margin = MARGIN * (high - low or abs(high) or 1.0)
        return low - margin, high + margin

    def quality(self, known: Sequence[Quality]) -> Quality:
        """The first of the known qualities that was reported; the first of all while none was."""
        return next((quality for quality in known if quality.metric in self.epochs), known[0])

    def has_quality(self, known: Sequence[Quality]) -> bool:
        """Whether any of the known qualities was reported."""
        return any(quality.metric in self.epochs for quality in known)

    def _add_step(self, report: StepDone) -> None:
        self.loss.add(report.step, report.loss)
        self.smoothed.add(report.step, report.loss)
        if len(report.terms) > 1:
            for name, value in report.terms.items():
                self.terms.setdefault(name, SmoothSeries()).add(report.step, value)
