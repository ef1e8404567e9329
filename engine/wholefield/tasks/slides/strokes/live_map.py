"""The map of what is looked at, kept up to date while a network is trained, block by block from the middle on."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from math import ceil, floor

import numpy as np

from wholefield.runs.reports import RegionPredicted, ReportFunction
from wholefield.sources.rect import Rect
from wholefield.tasks.slides.strokes.crops import level0
from wholefield.tasks.slides.strokes.regions import RegionPredictor
from wholefield.tasks.slides.strokes.requests import View, ViewRequests

BLOCK = 512
MOST_BLOCKS = 36
"""What is looked at beyond them, around them, stays without a map: it would be old before it is complete."""
# Of the time of a training, as much goes into the map; and between two maps at least so many seconds.
SHARE = 0.35
PAUSE_S = 1.0
# A view is shown as a whole before the training goes on; for no more than so many seconds is that made up for.
MOST_DEBT_S = 3.0
FIRST_STEP = 4
"""Before that there is nothing to see."""
FULL = 255


class LiveMap:
    """Predicts what a viewer looks at, between two steps of a training.

    Attributes:
        predictor: Predicts parts of the slide.

    Args:
        predictor: Predicts parts of the slide.
        requests: What is looked at.
        report: Called with every block.
        poll: Called before every block, to obey the control.
        clock: Gives seconds; monotonic.
    """

    def __init__(
        self,
        predictor: RegionPredictor,
        requests: ViewRequests,
        report: ReportFunction,
        poll: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.predictor = predictor
        self._requests, self._report, self._poll, self._clock = requests, report, poll, clock
        self._blocks: deque[Rect[int]] = deque()
        self._since = self._complete = clock()
        self._credit = 0.0
        self._new = False

    def work(self, step: int) -> None:
        """Use a share of the time since the last call, or as much as it takes to show another view at first.

        Args:
            step: Training steps done by now.

        Raises:
            SourceError: The slide cannot be read.
        """
        now = self._clock()
        self._credit = min(self._credit + SHARE / (1 - SHARE) * (now - self._since), PAUSE_S)
        self._since = now
        if step < FIRST_STEP:
            return
        self._choose(now)
        view = self._requests.view
        while view is not None and self._blocks and (self._credit > 0 or self._new):
            self._poll()
            self._predict(self._blocks.popleft(), view, step)
            self._since = self._complete = self._clock()
            self._credit = max(self._credit - (self._since - now), -MOST_DEBT_S)
            now = self._since
        self._new = self._new and bool(self._blocks)

    def _choose(self, now: float) -> None:
        """Take up another view, or begin again with the one there is."""
        another, view = self._requests.refresh(), self._requests.view
        if view is None:
            self._blocks.clear()
        elif another or (not self._blocks and now - self._complete >= PAUSE_S):
            self._blocks = deque(blocks_of(self.predictor, view))
            self._new = another

    def _predict(self, block: Rect[int], view: View, step: int) -> None:
        image = self.predictor.image
        chances = self.predictor.logits(block).softmax(0)
        # What is shown coarser needs not to be sent finer.
        pick = max(int(view.downsample / image.downsample), 1)
        x, y, width, height = level0(image, block)
        confidence, classes = chances[:, ::pick, ::pick].max(0)
        self._report(
            RegionPredicted(
                image.slide,
                (x, y, width, height),
                classes.numpy().astype(np.uint8),
                (confidence * FULL).round().numpy().astype(np.uint8),
                step,
            )
        )


def blocks_of(predictor: RegionPredictor, view: View) -> list[Rect[int]]:
    """The blocks of a fixed grid that a view shows, in px of the level, those in its middle first."""
    image = predictor.image
    size = image.source.levels[image.level]
    whole, across, down = Rect(0, 0, size.width, size.height), image.source.width, image.source.height
    box = view.box
    left, right = (value * size.width / across for value in (box.x, box.right))
    top, bottom = (value * size.height / down for value in (box.y, box.bottom))
    rows = range(max(floor(top / BLOCK), 0), ceil(min(bottom, size.height) / BLOCK))
    columns = range(max(floor(left / BLOCK), 0), ceil(min(right, size.width) / BLOCK))
    middle_x, middle_y = (left + right) / 2 / BLOCK - 0.5, (top + bottom) / 2 / BLOCK - 0.5
    cells = [(row, column) for row in _near(rows, middle_y) for column in _near(columns, middle_x)]
    cells.sort(key=lambda cell: (cell[0] - middle_y) ** 2 + (cell[1] - middle_x) ** 2)
    return [
        Rect(column * BLOCK, row * BLOCK, BLOCK, BLOCK).intersected(whole)
        for row, column in cells[:MOST_BLOCKS]
    ]


def _near(cells: range, middle: float) -> range:
    """No more cells around a middle than can be needed, however many there are."""
    first = max(cells.start, floor(middle) - MOST_BLOCKS)
    return range(first, min(cells.stop, floor(middle) + MOST_BLOCKS + 1))
