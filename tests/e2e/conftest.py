"""The end-to-end tests use the window of the application's tests."""

from tests.app.conftest import (
    no_qt_thread_or_timer_left_behind,
    qt_threads_are_measured,
    qtbot,
    store,
    window,
)

__all__ = ["no_qt_thread_or_timer_left_behind", "qt_threads_are_measured", "qtbot", "store", "window"]
