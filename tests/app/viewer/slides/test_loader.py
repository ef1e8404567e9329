import threading
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from wholefield.errors import SourceError
from wholefield_app.viewer.slides.loader import ReadTile, TileLoader
from wholefield_app.viewer.slides.pyramid import TileKey

A, B, C, D = (TileKey(0, column, 0) for column in range(4))


class SlowReader:
    """Reads one tile whenever it is let; notes what was read, and by which thread."""

    def __init__(self) -> None:
        self.turns = threading.Semaphore(0)
        self.started: list[TileKey] = []
        self.threads: set[threading.Thread] = set()
        self.failing: dict[TileKey, Exception] = {}

    def __call__(
        self, key: TileKey, unwanted: Callable[[], bool], show: Callable[[QImage], None]
    ) -> QImage | None:
        self.started.append(key)
        self.threads.add(threading.current_thread())
        assert self.turns.acquire(timeout=300)
        if key in self.failing:
            raise self.failing[key]
        return None if unwanted() else QImage(2, 2, QImage.Format.Format_RGB32)


class NotedLoader(TileLoader):
    """Notes which tiles arrived, in order."""

    def __init__(self, read: ReadTile) -> None:
        super().__init__(read, threads=1)
        self.arrived: list[TileKey] = []
        self.loaded.connect(self.note)

    def note(self, key: TileKey, image: QImage) -> None:
        self.arrived.append(key)


@pytest.fixture
def reader() -> SlowReader:
    return SlowReader()


@pytest.fixture
def loader(reader: SlowReader, qtbot: QtBot) -> Iterator[NotedLoader]:
    made = NotedLoader(reader)
    yield made
    for _ in range(20):
        reader.turns.release()
    made.stop()


def test_tiles_arrive_in_the_order_wanted_and_are_read_elsewhere(
    loader: NotedLoader, reader: SlowReader, qtbot: QtBot
) -> None:
    reader.turns.release(3)
    loader.request([C, A, B])
    qtbot.waitUntil(lambda: len(loader.arrived) == 3)
    assert loader.arrived == [C, A, B]
    assert threading.main_thread() not in reader.threads


def test_another_request_drops_what_is_not_wanted_any_more(
    loader: NotedLoader, reader: SlowReader, qtbot: QtBot
) -> None:
    loader.request([A, B, C])
    qtbot.waitUntil(lambda: reader.started == [A])
    loader.request([D, C])
    reader.turns.release(3)
    qtbot.waitUntil(lambda: len(loader.arrived) == 2)
    assert reader.started == [A, D, C]
    assert loader.arrived == [D, C]


def test_a_tile_given_up_and_wanted_again_meanwhile_still_comes(
    loader: NotedLoader, reader: SlowReader, qtbot: QtBot
) -> None:
    results = iter([None, QImage(2, 2, QImage.Format.Format_RGB32)])
    begun: list[TileKey] = []

    def read(key: TileKey, unwanted: Callable[[], bool], show: Callable[[QImage], None]) -> QImage | None:
        begun.append(key)
        reader.turns.acquire(timeout=300)
        return next(results)

    other = TileLoader(read, threads=1)
    arrived: list[TileKey] = []
    other.loaded.connect(lambda key, image: arrived.append(key))
    other.request([A])
    qtbot.waitUntil(lambda: begun == [A])
    other.request([])
    other.request([A])
    reader.turns.release(2)
    qtbot.waitUntil(lambda: arrived == [A])
    assert begun == [A, A]
    other.stop()


def test_a_tile_under_way_is_not_read_twice(loader: NotedLoader, reader: SlowReader, qtbot: QtBot) -> None:
    loader.request([A, B])
    qtbot.waitUntil(lambda: reader.started == [A])
    loader.request([A, B])
    reader.turns.release(2)
    qtbot.waitUntil(lambda: len(loader.arrived) == 2)
    assert reader.started == [A, B]


def test_errors_are_told_as_sentences_and_the_next_tile_is_read(
    loader: NotedLoader, reader: SlowReader, qtbot: QtBot
) -> None:
    reader.failing = {A: SourceError("a.svs is damaged; copy it again."), B: KeyError("tag")}
    failures: list[tuple[TileKey, str]] = []
    loader.failed.connect(lambda key, sentence: failures.append((key, sentence)))
    reader.turns.release(3)
    loader.request([A, B, C])
    qtbot.waitUntil(lambda: loader.arrived == [C])
    assert failures[0] == (A, "a.svs is damaged; copy it again.")
    assert failures[1][0] == B
    assert "KeyError" in failures[1][1]
    assert failures[1][1].endswith("Open the file again.")


def test_nothing_follows_after_stop(reader: SlowReader, qtbot: QtBot) -> None:
    loader = TileLoader(reader, threads=2)
    arrived: list[TileKey] = []
    loader.loaded.connect(lambda key, image: arrived.append(key))
    loader.request([A, B, C, D])
    qtbot.waitUntil(lambda: len(reader.started) == 2)
    reader.turns.release(10)
    loader.stop()
    QCoreApplication.processEvents()
    assert arrived == []
    assert len(reader.started) <= 3
    assert not any(thread.is_alive() for thread in reader.threads)


def test_unfinished_tiles_come_while_they_are_wanted(qtbot: QtBot) -> None:
    go_on = threading.Semaphore(0)
    grown: list[TileKey] = []

    def read(key: TileKey, unwanted: Callable[[], bool], show: Callable[[QImage], None]) -> None:
        while not unwanted():
            assert go_on.acquire(timeout=300)
            show(QImage(2, 2, QImage.Format.Format_RGB32))

    loader = TileLoader(read, threads=1)
    loader.grown.connect(lambda key, image: grown.append(key))
    loader.request([A])
    go_on.release()
    qtbot.waitUntil(lambda: grown == [A])
    loader.request([])
    go_on.release()
    QCoreApplication.processEvents()
    loader.stop()
    QCoreApplication.processEvents()
    assert grown == [A]
