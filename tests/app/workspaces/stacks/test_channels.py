"""Stacks of several channels: looked at channel by channel, each with its own contrast, and exported whole."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from tests.app.workspaces.stacks.conftest import MakeStack
from tests.there import there
from wholefield.sources import open_stack as read_stack
from wholefield_app.document import dialogs
from wholefield_app.document.document import Role
from wholefield_app.viewer.levels import Levels
from wholefield_app.window.main_window import MainWindow
from wholefield_app.workspaces.stacks.workspace import StacksWorkspace


def test_one_channel_after_the_other(
    window: MainWindow, space: StacksWorkspace, channels: Path, open_stack: Callable[..., None], qtbot: QtBot
) -> None:
    open_stack(channels)
    panel, display = space.channels_panel, space.display
    assert [panel.list.item(row).text() for row in range(panel.list.count())] == ["DAPI", "GFP"]
    assert "2 channels of uint16" in space.stacks_panel.rows[Role.INPUT].facts.text()
    assert there(space.view.scene).captions[0] == "cells.tif, DAPI"
    first = display.levels
    panel.levels.high.setValue(700)
    panel.list.setCurrentRow(1)
    qtbot.waitUntil(lambda: not space.view.busy)
    assert [each.visible for each in there(there(space.view.scene).look.channels)] == [False, True]
    assert there(space.view.scene).captions[0] == "cells.tif, GFP"
    assert display.levels.high == pytest.approx(2 * first.high + 50, rel=0.01)
    assert panel.levels.high.value() == pytest.approx(display.levels.high)
    window.registry["stacks.next_channel"].trigger()
    assert display.channels.current == 0
    assert display.levels == Levels(first.low, 700)
    qtbot.waitUntil(lambda: not space.view.busy)


def test_channels_are_mixed_and_remembered(
    space: StacksWorkspace,
    channels: Path,
    make_stack: MakeStack,
    open_stack: Callable[..., None],
    qtbot: QtBot,
) -> None:
    open_stack(channels)
    space.channels_panel.alone.click()
    shown = space.display.channels
    for index, color in enumerate(((255, 0, 0), (0, 255, 0))):
        shown.select([index])
        shown.set_levels(Levels(0, 2000))
        shown.set_color(color)
    assert there(space.view.scene).captions[0] == "cells.tif"
    qtbot.waitUntil(lambda: not space.view.busy)
    voxel = tifffile.imread(channels)[space.view.position[0], :, 7, 9].astype(float)
    pixel = space.view._pictures[0].images[0].pixelColor(9, 7)
    assert (pixel.red(), pixel.green(), pixel.blue()) == (*np.rint(255 * voxel / 2000), 0)
    left = shown.settings
    open_stack(make_stack("a.tif"))
    open_stack(channels)
    assert shown.settings == left


def test_the_picture_is_that_of_the_channel(
    space: StacksWorkspace, channels: Path, open_stack: Callable[..., None], qtbot: QtBot
) -> None:
    open_stack(channels)
    space.display.next_channel()
    space.display.channels.set_levels(Levels(0, 2000))
    qtbot.waitUntil(lambda: not space.view.busy)
    z = space.view.position[0]
    image = space.view._pictures[0].images[0]
    value = float(tifffile.imread(channels)[z, 1, 7, 9])
    assert image.pixelColor(9, 7).red() == np.rint(255 * value / 2000)


def test_colours_stay_colours(
    space: StacksWorkspace, open_stack: Callable[..., None], tmp_path: Path
) -> None:
    voxels = np.zeros((3, 30, 40, 3), np.uint8)
    voxels[..., 0] = 200
    tifffile.imwrite(tmp_path / "photo.tif", voxels, photometric="rgb")
    open_stack(tmp_path / "photo.tif")
    panel, shown = space.channels_panel, space.display.channels
    assert [panel.list.item(row).text() for row in range(3)] == ["Channel 1", "Channel 2", "Channel 3"]
    assert (shown.selected, shown.alone) == ((0, 1, 2), False)
    assert space.view._pictures[0].images[0].pixelColor(3, 3) == QColor(200, 0, 0)
    space.display.next_channel()
    assert (shown.current, shown.alone) == (0, True)
    panel.alone.click()
    assert not shown.alone


def test_one_channel_needs_no_choice(
    window: MainWindow, space: StacksWorkspace, make_stack: MakeStack, open_stack: Callable[..., None]
) -> None:
    open_stack(make_stack("a.tif"))
    assert space.channels_panel.list.isHidden()
    assert not window.registry["stacks.next_channel"].isEnabled()


@pytest.mark.parametrize("name", ["out.tif", "out.ome.zarr"])
def test_all_channels_are_exported(
    window: MainWindow,
    space: StacksWorkspace,
    channels: Path,
    open_stack: Callable[..., None],
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    open_stack(channels)
    monkeypatch.setattr(dialogs, "ask_for_export", lambda *_: tmp_path / name)
    window.registry["stacks.export"].trigger()
    qtbot.waitUntil(lambda: not space.export.state.active)
    assert not window.banner.isVisible(), window.banner.sentence.text()
    assert space.prediction_panel.export_note.text() == f"Exported {name}."
    with read_stack(channels) as first, read_stack(tmp_path / name) as second:
        assert np.array_equal(first.read(), second.read())
        assert second.channel_names == ("DAPI", "GFP")


def test_nifti_holds_one_channel(
    window: MainWindow,
    space: StacksWorkspace,
    channels: Path,
    open_stack: Callable[..., None],
    qtbot: QtBot,
    tmp_path: Path,
) -> None:
    open_stack(channels)
    space.export_to(tmp_path / "out.nii.gz")
    qtbot.waitUntil(window.banner.isVisible)
    assert window.banner.sentence.text() == (
        "A NIfTI volume has one value per voxel, but this stack has 2 channels; export it as TIFF or OME-Zarr."
    )
    qtbot.waitUntil(lambda: not space.export.state.active)
    assert not (tmp_path / "out.nii.gz").exists()
