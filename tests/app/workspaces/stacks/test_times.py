"""Stacks of several times: the slider, the keyboard, playing, and which time is predicted, trained on and told."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
from pytestqt.qtbot import QtBot

from tests.app.workspaces.stacks.conftest import MakeStack
from tests.there import there
from wholefield.tasks.stacks.output_settings import StackPredictSettings
from wholefield_app.document.document import Role
from wholefield_app.document.handlers import properties_command, train_command
from wholefield_app.viewer.stacks.plane_view import Compare
from wholefield_app.window.main_window import MainWindow
from wholefield_app.workspaces.stacks.workspace import StacksWorkspace

TIMES, SHAPE = 3, (4, 40, 48)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Three volumes; every voxel of the one at time t is 100 t plus its slice."""
    path = tmp_path / "film.tif"
    t, z, _, _ = np.mgrid[:TIMES, : SHAPE[0], : SHAPE[1], : SHAPE[2]]
    tifffile.imwrite(path, (100 * t + z).astype(np.uint16), imagej=True, metadata={"axes": "TZYX"})
    return path


def shown(space: StacksWorkspace) -> int:
    """The value of the voxels that the large plane shows."""
    return int(there(space.view._pictures[space.view.axis]).values[0][0, 0])


def test_the_slider_stands_below_the_slices_of_a_stack_with_times(
    space: StacksWorkspace,
    film: Path,
    make_stack: MakeStack,
    open_stack: Callable[..., None],
    window: MainWindow,
) -> None:
    open_stack(film)
    bar = space.view.time_bar
    assert bar.isVisible()
    assert (bar.name.text(), bar.slider.maximum(), bar.number.suffix()) == ("t", TIMES - 1, " / 2")
    assert bar.play.toolTip() == "Play through the times"
    assert ("Time", "0 of 0 to 2") in space.document.properties()
    assert not space.notice.isVisible()
    open_stack(make_stack("a.tif"))
    assert not bar.isVisible()
    assert window.registry["stacks.next_time"].reason == "The open stack has one time."


def test_another_time_is_shown_at_the_same_place_with_the_same_levels(
    space: StacksWorkspace, film: Path, open_stack: Callable[..., None], qtbot: QtBot
) -> None:
    open_stack(film)
    space.view.set_position((3, 10, 20))
    levels = space.display.levels
    space.view.time_bar.slider.setValue(2)
    qtbot.waitUntil(lambda: not space.view.busy)
    assert shown(space) == 203
    assert (space.view.position, space.display.levels) == ((3, 10, 20), levels)
    assert space.view.time_bar.number.value() == 2
    assert there(space.view.scene).captions[0] == "film.tif, time 2"


def test_keys_step_through_the_times(
    space: StacksWorkspace, film: Path, open_stack: Callable[..., None], window: MainWindow, qtbot: QtBot
) -> None:
    open_stack(film)
    for action, expected in (("next", 1), ("next", 2), ("next", 2), ("previous", 1)):
        window.registry[f"stacks.{action}_time"].trigger()
        assert space.document.time == expected
    qtbot.waitUntil(lambda: not space.view.busy)
    assert shown(space) == 102


def test_times_are_played_round_and_round(
    space: StacksWorkspace, film: Path, open_stack: Callable[..., None], window: MainWindow, qtbot: QtBot
) -> None:
    open_stack(film)
    seen: list[int] = []
    space.document.time_changed.connect(lambda: seen.append(space.document.time))
    window.registry["stacks.play_times"].trigger()
    assert space.view.time_bar.playing
    qtbot.waitUntil(lambda: len(seen) >= TIMES + 1)
    window.registry["stacks.play_times"].trigger()
    assert seen[: TIMES + 1] == [1, 2, 0, 1]
    qtbot.waitUntil(lambda: not space.view.busy)


def test_predictions_trainings_and_commands_take_the_time_that_is_shown(
    space: StacksWorkspace, film: Path, open_stack: Callable[..., None], tmp_path: Path
) -> None:
    open_stack(film)
    open_stack(film, Role.TARGET)
    space.document.set_time(2)
    checkpoint = tmp_path / "best.ckpt"
    checkpoint.touch()
    space.prediction_panel.models.choose(checkpoint)
    assert space.predict_settings() == StackPredictSettings(
        stack=film, reading="time=2", checkpoint=checkpoint
    )
    command = there(train_command(space))
    assert "--reading=time=2" in command
    assert "--target-reading=time=2" in command
    assert "--reading=time=2" in there(space.export_command())
    assert properties_command(space) == f"wholefield info {film} --reading=time=2"


def test_all_times_are_closed_with_the_stack(
    space: StacksWorkspace, film: Path, open_stack: Callable[..., None], qtbot: QtBot
) -> None:
    open_stack(film)
    stack = there(space.document.input)
    for time in range(TIMES):
        space.document.set_time(time)
    sources = [stack.at(time).source for time in range(TIMES)]
    assert [source.time for source in sources] == [0, 1, 2]
    qtbot.waitUntil(lambda: not space.view.busy)
    space.close_document()
    assert all(source._closed for source in sources)


def test_a_prediction_says_of_which_time_it_is(
    space: StacksWorkspace, film: Path, make_stack: MakeStack, open_stack: Callable[..., None]
) -> None:
    open_stack(film)
    space.document.predicted_at = 1
    open_stack(make_stack("result.tif"), Role.PREDICTION)
    space.document.set_time(2)
    assert space.display.compare is Compare.SWIPE
    assert there(space.view.scene).captions == ("film.tif, time 2", "Prediction: result.tif of time 1")
