from collections.abc import Callable, Iterator
from functools import partial

import pytest
from PySide6.QtCore import Slot
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.app.viewer.conftest import ArraySource
from wholefield_app.viewer.geometry import View, fitted
from wholefield_app.viewer.slides.picture import Picture


class NotedPicture(Picture):
    """Notes how often it settled and what it told."""

    source: ArraySource

    def __init__(self, source: ArraySource) -> None:
        super().__init__(source)
        self.settlings: list[bool] = []
        self.told: list[str] = []
        # A function that holds the picture would keep it, and its source, for ever.
        self.settled.connect(self._note)
        self.problem.connect(self.told.append)

    @Slot()
    def _note(self) -> None:
        self.settlings.append(True)


MakePicture = Callable[[ArraySource], NotedPicture]


def settled_times(picture: NotedPicture, count: int) -> bool:
    return len(picture.settlings) == count


@pytest.fixture
def make_picture(qtbot: QtBot) -> Iterator[MakePicture]:
    made: list[NotedPicture] = []

    def make(source: ArraySource) -> NotedPicture:
        picture = NotedPicture(source)
        made.append(picture)
        return picture

    yield make
    for picture in made:
        picture.source.gate.set()
        picture.stop()


def test_it_settles_once_for_a_view_when_all_its_tiles_are_there(
    make_source: Callable[..., ArraySource], make_picture: MakePicture, qtbot: QtBot
) -> None:
    picture = make_picture(make_source(3000, 2000))
    view = View(800, 600, 1.0).centered(1500, 1000)
    picture.look_at(view)
    assert not picture.is_settled
    qtbot.waitUntil(lambda: picture.is_settled)
    assert picture.settlings == [True]
    assert picture.color_at(1500, 1000, 1.0) == tuple(picture.source.arrays[0][1000, 1500])


def test_it_settles_again_for_a_view_that_is_there_already(
    make_source: Callable[..., ArraySource], make_picture: MakePicture, qtbot: QtBot
) -> None:
    picture = make_picture(make_source(300, 200))
    for count in (1, 2):
        picture.look_at(View(400 + count, 300, 1.0))
        qtbot.waitUntil(partial(settled_times, picture, count))


def test_nothing_is_read_before_a_view_is_looked_at(
    make_source: Callable[..., ArraySource], make_picture: MakePicture, qapp: QApplication
) -> None:
    picture = make_picture(make_source(300, 200))
    qapp.processEvents()
    assert picture.source.reads == []


def test_a_tile_that_cannot_be_read_is_told_once_and_does_not_hold_the_others_up(
    make_source: Callable[..., ArraySource], make_picture: MakePicture, qtbot: QtBot
) -> None:
    source = make_source(3000, 2000, 4)
    source.broken = {0}
    picture = make_picture(source)
    picture.look_at(View(1500, 900, 1.0).centered(1500, 1000))
    qtbot.waitUntil(lambda: picture.is_settled)
    assert picture.told == ["memory is damaged; copy it again."]
    source.broken = set()
    picture.look_at(View(1501, 900, 1.0).centered(1500, 1000))
    qtbot.waitUntil(lambda: picture.is_settled)
    assert len(picture.told) == 1


def test_a_view_that_has_passed_is_not_read_any_more(
    make_source: Callable[..., ArraySource], make_picture: MakePicture, qtbot: QtBot
) -> None:
    source = make_source(5600, 5600, 4, 16)
    source.gate.clear()
    picture = make_picture(source)
    picture.look_at(View(800, 600, 1.0).centered(400, 300))
    qtbot.waitUntil(lambda: len(source.reads) == 2)
    picture.look_at(View(800, 600, 1.0).centered(5200, 5300))
    qtbot.waitUntil(lambda: not picture._plan_timer.isActive())
    source.gate.set()
    qtbot.waitUntil(lambda: picture.is_settled)
    finest = [(x, y) for level, x, y, *_ in source.reads[2:] if level == 0]
    assert finest
    assert all(x >= 4096 and y >= 4096 for x, y in finest)


def test_the_overview_comes_whatever_is_in_sight(
    make_source: Callable[..., ArraySource], make_picture: MakePicture, qtbot: QtBot
) -> None:
    picture = make_picture(make_source(6000, 4000, 4, 16))
    assert picture.overview.isNull()
    picture.look_at(View(300, 200, 1.0).centered(3000, 2000))
    qtbot.waitUntil(lambda: not picture.overview.isNull())
    assert picture.overview.size().toTuple() == (375, 250)


def test_an_image_without_stored_reductions_is_shown_whole(
    make_source: Callable[..., ArraySource], make_picture: MakePicture, qtbot: QtBot
) -> None:
    picture = make_picture(make_source(4400, 3000))
    picture.look_at(fitted(View(440, 300), 4400, 3000))
    qtbot.waitUntil(lambda: picture.is_settled, timeout=10_000)
    assert picture.color_at(2200, 1500, 0.096) is not None


def test_no_read_follows_after_stop(
    make_source: Callable[..., ArraySource], make_picture: MakePicture, qtbot: QtBot
) -> None:
    picture = make_picture(make_source(6000, 6000))
    picture.look_at(View(800, 600, 1.0))
    qtbot.waitUntil(lambda: len(picture.source.reads) > 0)
    picture.stop()
    count = len(picture.source.reads)
    qtbot.waitUntil(lambda: not any(thread.is_alive() for thread in picture._loader._threads))
    assert len(picture.source.reads) == count
