"""An event view that ends its threads with the test, and flow that comes when it is let."""

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from tests.app.viewer.events.memory_recording import HEIGHT, WIDTH
from wholefield.errors import SourceError
from wholefield.tasks.events.flow_field import FlowField
from wholefield.tasks.events.provider import FlowSource
from wholefield_app.theme.theme import Theme
from wholefield_app.viewer.events.event_view import EventView


class GatedFlow:
    """A flow of 1000 px/s to the right, a field for every 10 ms.

    Attributes:
        asked: Moments that were asked for.
        gate: Answers wait until it is set.
        until_us: There is no flow from here on.
        broken: Whether asking fails.
        closed: How often it was closed.
    """

    name = "gated"
    source = FlowSource(Path("gated.h5"))

    def __init__(self, until_us: int = 10**9) -> None:
        self.asked: list[int] = []
        self.gate = threading.Event()
        self.gate.set()
        self.until_us = until_us
        self.broken = False
        self.closed = 0

    def flow_at(self, time_us: int) -> FlowField | None:
        self.asked.append(time_us)
        assert self.gate.wait(300)
        if self.broken:
            raise SourceError("gated is damaged; copy it again.")
        if time_us >= self.until_us:
            return None
        flow = np.zeros((2, HEIGHT, WIDTH), np.float32)
        flow[0] = 1000
        start = time_us - time_us % 10_000
        return FlowField(flow, start, start + 10_000)

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def gated() -> GatedFlow:
    return GatedFlow()


@pytest.fixture
def view(qapp: QApplication, theme: Theme) -> Iterator[EventView]:
    """An event view of 400 x 400 px, with nothing open."""
    made = EventView(theme)
    made.resize(400, 400)
    made.show()
    yield made
    made.shutdown()
    made.close()
