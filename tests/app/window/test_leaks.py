"""Documents that follow one another in a window leave nothing of themselves behind."""

import gc
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import shiboken6
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication

from wholefield.sources.slides.image import ImageSource
from wholefield_app.window.main_window import MainWindow


def alive() -> Counter[str]:
    """How many objects of Qt and open slides there are, by type."""
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gc.collect()
    qt = [item for item in shiboken6.getAllValidWrappers() if isinstance(item, QObject)]
    sources = [item for item in gc.get_objects() if isinstance(item, ImageSource)]
    return Counter(type(item).__name__ for item in (*qt, *sources))


def test_slides_that_are_opened_again_and_again(
    window: MainWindow, make_slide: Callable[..., Path], open_and_wait: Callable[[Path], None]
) -> None:
    first, second = make_slide("first.tif"), make_slide("second.tif")
    for path in (first, second, first):
        open_and_wait(path)
    before = alive()
    for path in (second, first) * 3:
        open_and_wait(path)
        assert window.workspace.title == path.name
    assert before["MainWindow"] == 1
    assert alive() - before == Counter()
