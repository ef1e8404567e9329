"""Planes of slow files: what is there is seen, what is wanted comes next, and what is dropped delays nothing."""

import threading
from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.app.viewer.stacks.memory_stack import MemoryStack, numbered
from wholefield.sources.stacks.stack import AnyArray, Box
from wholefield_app.background import Background
from wholefield_app.problems import Problem
from wholefield_app.viewer.levels import Levels
from wholefield_app.viewer.stacks import plane_images, plane_loader
from wholefield_app.viewer.stacks.plane_images import (
    PlaneLook,
    PlanePictures,
    PlaneReader,
    PlaneRequest,
    gray,
)
from wholefield_app.viewer.stacks.plane_loader import PlaneLoader
from wholefield_app.viewer.stacks.slabs import FIRST

DEPTH = 40


class SlowStack(MemoryStack):
    """Reads a box whenever it is allowed to."""

    def __init__(self, array: AnyArray) -> None:
        super().__init__(array)
        self.allowed = threading.Semaphore(0)

    def _read_box(self, box: Box) -> AnyArray:
        assert self.allowed.acquire(timeout=300)
        return super()._read_box(box)


@pytest.fixture
def background(qapp: QApplication) -> Iterator[Background]:
    made = Background(2)
    yield made
    made.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every slab is told, and no plane that was overtaken is read to its end."""
    monkeypatch.setattr(plane_images, "TELL_S", -1.0)
    monkeypatch.setattr(plane_loader, "PATIENCE_S", -1.0)


def request_of(source: MemoryStack, index: int = 2, axis: int = 1) -> PlaneRequest:
    return PlaneRequest((PlaneLook(source, gray(Levels(0, 4000))),), axis, index)


def loader_of(background: Background) -> tuple[PlaneLoader, list[PlanePictures]]:
    loader, answers = PlaneLoader(background, PlaneReader()), list[PlanePictures]()
    loader.answered.connect(answers.append)
    return loader, answers


@pytest.mark.usefixtures("impatient")
def test_a_side_view_appears_slab_by_slab(background: Background, qtbot: QtBot) -> None:
    source = SlowStack(numbered(DEPTH))
    loader, answers = loader_of(background)
    loader.ask(request_of(source))
    source.allowed.release()
    qtbot.waitUntil(lambda: len(answers) == 1)
    first = answers[0]
    assert (first.ready, first.complete) == (FIRST, False)
    assert np.array_equal(first.values[0][:FIRST], numbered(DEPTH)[:FIRST, 2])
    assert not first.values[0][FIRST:].any()
    image = first.images[0]
    assert (image.height(), image.width()) == (DEPTH, 9)
    assert [image.pixelColor(3, row).alpha() for row in (0, FIRST - 1, FIRST, DEPTH - 1)] == [255, 255, 0, 0]
    source.allowed.release(100)
    qtbot.waitUntil(lambda: not loader.busy)
    assert answers[-1].complete
    assert np.array_equal(answers[-1].values[0], numbered(DEPTH)[:, 2])


@pytest.mark.usefixtures("impatient")
def test_what_was_read_before_a_newer_wish_is_not_read_again(background: Background, qtbot: QtBot) -> None:
    source = SlowStack(numbered(DEPTH))
    loader, answers = loader_of(background)
    loader.ask(request_of(source, 2))
    source.allowed.release()
    qtbot.waitUntil(lambda: len(answers) == 1)
    loader.ask(request_of(source, 5))
    source.allowed.release(100)
    qtbot.waitUntil(lambda: not loader.busy)
    assert [(answer.request.index, answer.complete) for answer in answers[-1:]] == [(5, True)]
    loader.ask(request_of(source, 2))
    qtbot.waitUntil(lambda: not loader.busy)
    assert np.array_equal(answers[-1].values[0], numbered(DEPTH)[:, 2])
    starts = [box[0].start for box in source.reads if box[1].start == 2]
    assert starts == sorted(set(starts))


def test_a_dropped_plane_delays_no_other(background: Background, qtbot: QtBot) -> None:
    slow, fast = [SlowStack(numbered(DEPTH)) for _ in range(3)], MemoryStack(numbered())
    for source in slow:
        loader, told = loader_of(background)
        loader.ask(request_of(source))
        loader.drop()
        assert not loader.busy
        assert told == []
    loader, answers = loader_of(background)
    loader.ask(request_of(fast))
    qtbot.waitUntil(lambda: len(answers) == 1)
    assert np.array_equal(answers[0].values[0], numbered()[:, 2])
    for source in slow:
        source.allowed.release(100)


def test_a_plane_that_cannot_be_read_is_told_and_the_next_is_read(
    background: Background, qtbot: QtBot
) -> None:
    source = MemoryStack(numbered())
    source.broken = True
    loader, answers = loader_of(background)
    problems: list[Problem] = []
    loader.failed.connect(problems.append)
    loader.ask(request_of(source))
    qtbot.waitUntil(lambda: len(problems) == 1)
    source.broken = False
    loader.ask(request_of(source))
    qtbot.waitUntil(lambda: len(answers) == 1)
    assert problems == [Problem("memory.tif is damaged; copy it again.")]
