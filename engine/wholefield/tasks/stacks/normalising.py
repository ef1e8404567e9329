"""The pairs that brightness is measured on before a training."""

from collections.abc import Iterator

import numpy as np

from wholefield.runs.control import Control
from wholefield.runs.reports import ReportFunction
from wholefield.tasks.stacks.counter import PartCounter
from wholefield.training.pairs import Pair, Pairs

# Enough for a mean and a deviation, and quick however long the stack is.
PAIRS = 64


def measured(pairs: Pairs, report: ReportFunction, control: Control) -> Iterator[Pair]:
    """Some whole pairs, evenly spread.

    Raises:
        StopAndKeep, Discarded: the control asked for it.
    """
    count = min(len(pairs), PAIRS)
    counter = PartCounter("Measuring brightness", count, report, control)
    for number, index in enumerate(np.linspace(0, len(pairs) - 1, count).round().astype(int).tolist(), 1):
        yield pairs[index]
        counter.done(number)
