"""Tiles read in a few background threads, the most wanted first."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from functools import partial

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QImage

from wholefield.errors import WholefieldError
from wholefield_app.viewer.slides.pyramid import TileKey

log = logging.getLogger(__name__)

THREADS = 2

ReadTile = Callable[[TileKey, Callable[[], bool], Callable[[QImage], None]], QImage | None]


class TileLoader(QObject):
    """Reads tiles of one image until it is stopped. All methods are for the GUI thread.

    Signals:
        loaded: A tile has loaded: its key and QImage.
        grown: There is something of a tile that takes long: its key and a QImage.
        failed: A tile cannot be read: its key and a sentence.
    """

    loaded = Signal(object, object)
    grown = Signal(object, object)
    failed = Signal(object, str)
    _grew = Signal(int, object, object)
    _done = Signal(int, object, object, str)

    def __init__(self, read: ReadTile, threads: int = THREADS, parent: QObject | None = None) -> None:
        """Start to wait for requests.

        Args:
            read: Reads one tile; called in a background thread with the key, a question whether the tile has
                become unwanted meanwhile, in which case it may return None, and a taker of unfinished pictures.
            threads: Number of background threads.
            parent: Owner in Qt's sense.
        """
        super().__init__(parent)
        self._read = read
        self._changed = threading.Condition()
        self._queue: list[TileKey] = []
        self._wanted: set[TileKey] = set()
        self._under_way: set[TileKey] = set()
        # Tiles of an earlier round look as they did before `renew`.
        self._round = 0
        self._stopped = False
        self._done.connect(self._hand_over, Qt.ConnectionType.QueuedConnection)
        self._grew.connect(self._hand_over_unfinished, Qt.ConnectionType.QueuedConnection)
        self._threads = [
            threading.Thread(target=self._work, name=f"tiles-{index}", daemon=True)
            for index in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def request(self, keys: Iterable[TileKey]) -> None:
        """Want these tiles, in this order, and no others any more."""
        with self._changed:
            order = list(keys)
            self._wanted = set(order)
            self._queue = [key for key in reversed(order) if key not in self._under_way]
            self._changed.notify_all()

    def renew(self) -> None:
        """Drop what is being read: tiles look different from now on. They have to be requested again."""
        with self._changed:
            self._round += 1
            self._queue.clear()
            self._under_way.clear()

    def stop(self) -> None:
        """End the threads; returns when they are done with the block they read. No signal follows."""
        with self._changed:
            self._stopped = True
            self._queue.clear()
            self._wanted.clear()
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while (job := self._next()) is not None:
            number, key = job
            image, problem = None, ""
            try:
                image = self._read(key, partial(self._is_unwanted, *job), partial(self._grew.emit, *job))
            except WholefieldError as error:
                problem = str(error)
            except Exception as error:
                log.debug("Reading %s failed", key, exc_info=True)
                problem = f"A tile cannot be read ({type(error).__name__}: {error}). Open the file again."
            self._done.emit(number, key, image, problem)

    def _is_unwanted(self, number: int, key: TileKey) -> bool:
        return number != self._round or key not in self._wanted

    def _next(self) -> tuple[int, TileKey] | None:
        """The round and the key of the tile to read next."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._stopped)
            if self._stopped:
                return None
            key = self._queue.pop()
            self._under_way.add(key)
            return self._round, key

    @Slot(int, object, object)
    def _hand_over_unfinished(self, number: int, key: TileKey, image: QImage) -> None:
        if not self._is_unwanted(number, key):
            self.grown.emit(key, image)

    @Slot(int, object, object, str)
    def _hand_over(self, number: int, key: TileKey, image: QImage | None, problem: str) -> None:
        with self._changed:
            if self._stopped or number != self._round:
                return
            self._under_way.discard(key)
            # Given up while unwanted, and wanted again since: it is still owed.
            if image is None and not problem and key in self._wanted and key not in self._queue:
                self._queue.append(key)
                self._changed.notify()
        if problem:
            self.failed.emit(key, problem)
        elif image is not None:
            self.loaded.emit(key, image)
