from collections.abc import Iterator

import pytest

from app.background import Background
from app.viewer.levels import Levels
from app.viewer.plane_images import PlaneLook, PlaneReader, PlaneRequest
from app.viewer.plane_loader import PlaneLoader
from tests.app.viewer.memory_stack import MemoryStack, numbered


@pytest.fixture
def background(qapp) -> Iterator[Background]:
    made = Background()
    yield made
    made.close()


def ask(loader: PlaneLoader, source: MemoryStack, index: int) -> None:
    loader.ask(PlaneRequest((PlaneLook(source, Levels(0, 1)),), 0, index))


def test_only_the_first_and_the_newest_of_many_wishes_are_read(background: Background, qtbot) -> None:
    source, loader = MemoryStack(numbered()), PlaneLoader(background, PlaneReader())
    seen: list[int] = []
    loader.loaded.connect(lambda pictures: seen.append(pictures.request.index))
    source.gate.clear()
    for index in range(5):
        ask(loader, source, index)
    source.gate.set()
    qtbot.waitUntil(lambda: not loader.busy)
    assert seen == [0, 4]
    assert len(source.reads) == 2


def test_what_is_dropped_is_not_shown(background: Background, qtbot) -> None:
    source, loader = MemoryStack(numbered()), PlaneLoader(background, PlaneReader())
    seen: list[object] = []
    loader.loaded.connect(seen.append)
    source.gate.clear()
    ask(loader, source, 0)
    ask(loader, source, 1)
    loader.drop()
    source.gate.set()
    qtbot.waitUntil(lambda: not background.busy)
    assert seen == []
    assert not loader.busy


def test_a_problem_is_told_and_the_next_wish_is_read(background: Background, qtbot) -> None:
    source, loader = MemoryStack(numbered()), PlaneLoader(background, PlaneReader())
    source.broken = True
    with qtbot.waitSignal(loader.failed) as failed:
        ask(loader, source, 0)
    assert failed.args[0].sentence == "memory.tif is damaged; copy it again."
    source.broken = False
    with qtbot.waitSignal(loader.loaded):
        ask(loader, source, 0)
