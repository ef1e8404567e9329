"""A large stack that is being read never delays the next one."""

import threading
from collections.abc import Callable, Sized
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from tests.app.viewer.stacks.memory_stack import MemoryStack, numbered
from tests.app.workspaces.stacks.conftest import MakeStack
from tests.there import there
from wholefield.sources.stacks.stack import AnyArray, Box
from wholefield_app.document.document import Role
from wholefield_app.viewer.levels import describe_values
from wholefield_app.window.main_window import MainWindow
from wholefield_app.workspaces.stacks import opening
from wholefield_app.workspaces.stacks.opening import OpenStack
from wholefield_app.workspaces.stacks.workspace import StacksWorkspace


class Blocked(MemoryStack):
    """Planes across z are there at once; whatever goes through several slices waits for the gate."""

    def __init__(self, array: AnyArray) -> None:
        super().__init__(array)
        self.through = threading.Event()
        self.begun = threading.Event()

    def _read_box(self, box: Box) -> AnyArray:
        if box[0].stop - box[0].start > 1:
            self.begun.set()
            assert self.through.wait(300)
        return super()._read_box(box)


def test_side_views_of_the_stack_before_delay_nothing(
    space: StacksWorkspace, make_stack: MakeStack, qtbot: QtBot, window: MainWindow
) -> None:
    slow = Blocked(numbered(20))
    space.document.take(Role.INPUT, OpenStack(slow, (describe_values(slow.array),)), None)
    assert slow.begun.wait(300)
    qtbot.waitUntil(lambda: space.view.sides[0].isVisible())
    path = make_stack("next.tif")
    space.open(path)
    qtbot.waitUntil(lambda: space.document.path == path and not space.view.busy)
    assert not slow.through.is_set()
    slow.through.set()
    qtbot.waitUntil(lambda: window.quiet)


def test_side_views_are_read_on_where_nothing_else_was_opened(
    space: StacksWorkspace, tmp_path: Path, qtbot: QtBot, window: MainWindow
) -> None:
    slow = Blocked(numbered(20))
    space.document.take(Role.INPUT, OpenStack(slow, (describe_values(slow.array),)), None)
    assert slow.begun.wait(300)
    space.open(tmp_path / "missing.tif")
    qtbot.waitUntil(window.banner.isVisible)
    slow.through.set()
    qtbot.waitUntil(lambda: window.quiet)
    side = there(space.view._pictures[1])
    assert side.complete
    assert np.array_equal(side.values[0], numbered(20)[:, 3])


def _are(things: Sized, count: int) -> bool:
    return len(things) == count


def test_a_stack_that_is_still_being_opened_does_not_delay_the_next(
    space: StacksWorkspace,
    make_stack: MakeStack,
    qtbot: QtBot,
    window: MainWindow,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gate = threading.Event()
    usual: Callable[..., object] = opening.sample_of
    begun = []

    def slow_sample(source: MemoryStack) -> object:
        if source.name.startswith("slow"):
            begun.append(source)
            assert gate.wait(300)
        return usual(source)

    monkeypatch.setattr(opening, "sample_of", slow_sample)
    for number in range(3):
        space.open(make_stack(f"slow_{number}.tif"))
        qtbot.waitUntil(partial(_are, begun, number + 1))
    path = make_stack("next.tif")
    space.open(path)
    qtbot.waitUntil(lambda: space.document.path == path and not space.view.busy)
    gate.set()
    qtbot.waitUntil(lambda: window.quiet)
    assert space.document.path == path
    assert all(source._closed for source in begun)
