"""Exports from the window: what is written, what is said, and the command that does the same."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from tests.app.workspaces.stacks.conftest import MakeStack
from wholefield.export.stacks import write_nifti
from wholefield.sources import open_stack as read_stack
from wholefield.sources.stacks.geometry import StackGeometry
from wholefield_app.document import dialogs
from wholefield_app.document.dialogs import ask_for_export
from wholefield_app.window.main_window import MainWindow
from wholefield_app.workspaces.stacks.prediction import FORMATS
from wholefield_app.workspaces.stacks.workspace import StacksWorkspace


@pytest.mark.parametrize("name", ["out.tif", "out.nii.gz", "out.ome.zarr"])
def test_an_export_opens_to_the_same_array(
    window: MainWindow,
    space: StacksWorkspace,
    qtbot: QtBot,
    make_stack: MakeStack,
    open_stack: Callable[..., None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    path = make_stack("a.tif")
    open_stack(path)
    monkeypatch.setattr(dialogs, "ask_for_export", lambda *_: tmp_path / name)
    window.registry["stacks.export"].trigger()
    qtbot.waitUntil(lambda: not space.export.state.active)
    assert not window.banner.isVisible(), window.banner.sentence.text()
    with read_stack(path) as first, read_stack(tmp_path / name) as second:
        assert np.array_equal(first.read(), second.read())
        assert second.geometry.spacing == pytest.approx((2.0, 0.5, 0.5))


def test_what_an_export_loses_is_said_above_the_view(
    window: MainWindow, space: StacksWorkspace, qtbot: QtBot, open_stack: Callable[..., None], tmp_path: Path
) -> None:
    voxels, geometry = np.zeros((2, 30, 40), np.uint8), StackGeometry((2.0, 1.0, 1.0), "mm", np.eye(4))
    write_nifti(tmp_path / "head.nii", iter(voxels), voxels.shape, "u1", geometry)
    open_stack(tmp_path / "head.nii")
    for name, lost in (("a.nii", False), ("a.tif", True)):
        space.export_to(tmp_path / name)
        qtbot.waitUntil(lambda: not space.export.state.active)
        assert space.prediction_panel.export_note.text() == f"Exported {name}."
        assert space.notice.isVisible() is lost
    assert "TIFF has no place for orientation and position" in space.notice.text.text()


def test_the_export_has_a_command(
    space: StacksWorkspace, make_stack: MakeStack, open_stack: Callable[..., None]
) -> None:
    assert space.export_command() is None
    path = make_stack("a.tif", labels=True)
    open_stack(path)
    assert space.export_command() == (
        f"wholefield export-stack --out={path.with_name('a_export.tif')} --labels {path}"
    )


def test_a_name_without_an_ending_gets_that_of_the_chosen_format(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    for title, name in (
        ("NIfTI (*.nii.gz *.nii)", "a.nii.gz"),
        ("OME-Zarr (*.ome.zarr *.zarr)", "a.ome.zarr"),
    ):
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, title=title: ("a", title))
        assert ask_for_export(window, "Export", Path("x.tif"), FORMATS) == Path(name)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("", ""))
    assert ask_for_export(window, "Export", Path("x.tif"), FORMATS) is None


def test_an_export_without_a_format_is_refused(
    window: MainWindow,
    space: StacksWorkspace,
    qtbot: QtBot,
    make_stack: MakeStack,
    open_stack: Callable[..., None],
    tmp_path: Path,
) -> None:
    open_stack(make_stack("a.tif"))
    space.export_to(tmp_path / "out.xyz")
    qtbot.waitUntil(window.banner.isVisible)
    assert "out.xyz does not end in .tif" in window.banner.sentence.text()
