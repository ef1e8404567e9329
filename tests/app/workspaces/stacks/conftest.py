"""The window with the stacks workspace in sight, and small stacks on disk."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from pytestqt.qtbot import QtBot

from tests.app.spaces import stacks_of
from wholefield.export.stacks import write_tiff_stack
from wholefield.sources.stacks.geometry import StackGeometry
from wholefield_app.document.document import Role
from wholefield_app.window.main_window import MainWindow
from wholefield_app.workspaces.stacks.workspace import StacksWorkspace

SHAPE = (4, 40, 48)
MakeStack = Callable[..., Path]


@pytest.fixture
def make_stack(tmp_path: Path) -> MakeStack:
    """Writes a small TIFF stack with spacing and returns its path."""

    def make(name: str, shape: tuple[int, int, int] = SHAPE, *, labels: bool = False, seed: int = 0) -> Path:
        random = np.random.default_rng(seed)
        values: npt.NDArray[Any] = (
            random.integers(0, 3, shape).astype(np.uint8)
            if labels
            else random.normal(0, 1, shape).astype(np.float32)
        )
        write_tiff_stack(
            tmp_path / name, iter(values), shape, values.dtype, StackGeometry((2.0, 0.5, 0.5), "um")
        )
        return tmp_path / name

    return make


@pytest.fixture
def channels(tmp_path: Path) -> Path:
    """A stack of two channels, cells.tif: the second is twice the first and 50 more."""
    first = np.random.default_rng(0).integers(100, 900, (*SHAPE, 1)).astype(np.uint16)
    voxels = np.concatenate([first, 2 * first + 50], 3)
    write_tiff_stack(
        tmp_path / "cells.tif", iter(voxels), SHAPE, "u2", StackGeometry((2.0, 0.5, 0.5), "um"),
        channels=2, names=("DAPI", "GFP"),
    )  # fmt: skip
    return tmp_path / "cells.tif"


@pytest.fixture
def space(window: MainWindow) -> StacksWorkspace:
    """The stacks workspace."""
    window.go_to("stacks")
    return stacks_of(window)


@pytest.fixture
def open_stack(window: MainWindow, space: StacksWorkspace, qtbot: QtBot) -> Callable[..., None]:
    """Opens a stack for a role and waits until its planes are there."""

    def do(path: Path, role: Role = Role.INPUT) -> None:
        space.document.open(path, role)
        qtbot.waitUntil(lambda: role in space.document.things and window.quiet, timeout=20_000)

    return do
