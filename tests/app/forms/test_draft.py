"""A draft holds what was chosen, task by task, and becomes settings once everything is there."""

from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from wholefield.errors import SettingError
from wholefield.networks.msd.enums import Loss
from wholefield.tasks.registry import Data, tasks_of
from wholefield.tasks.stacks.noise2inverse_settings import Noise2InverseSettings
from wholefield.tasks.stacks.settings import StackRegressionSettings, StackSegmentationSettings
from wholefield_app.forms.draft import Draft


@pytest.fixture
def draft(qapp: object) -> Draft:
    return Draft(tasks_of(Data.STACKS))


@pytest.fixture
def paths(tmp_path: Path) -> dict[str, Any]:
    for name in ("a.tif", "b.tif", "scan.h5"):
        (tmp_path / name).touch()
    return {"stack": tmp_path / "a.tif", "target": tmp_path / "b.tif"}


def test_what_must_be_given_is_named_until_it_is(draft: Draft, paths: dict[str, Any]) -> None:
    assert draft.missing == "Still required: input, target."
    draft.set(stack=paths["stack"])
    assert draft.missing == "Still required: target."
    with pytest.raises(SettingError, match="target"):
        draft.settings()
    draft.set(target=paths["target"])
    assert draft.missing == ""
    assert draft.settings() == StackRegressionSettings(**paths)
    draft.set(target=None)
    assert draft.missing


def test_a_setting_that_cannot_work_is_named(draft: Draft, paths: dict[str, Any], tmp_path: Path) -> None:
    draft.set(**paths, dilations="0")
    with pytest.raises(SettingError, match="dilations"):
        draft.settings()
    draft.set(dilations="1-3", target=tmp_path / "gone.tif")
    with pytest.raises(SettingError, match=r"gone\.tif"):
        draft.settings()


def test_it_tells_of_changes_and_of_nothing_else(draft: Draft, qtbot: QtBot) -> None:
    with qtbot.waitSignal(draft.changed):
        draft.set(epochs=3)
    with qtbot.assertNotEmitted(draft.changed):
        draft.set(epochs=3)
        draft.use_task(draft.task.name)
        draft.choose_runs(None)


def test_what_was_not_changed_follows_the_task(draft: Draft) -> None:
    draft.set(crops=9)
    draft.use_task("noise2inverse")
    assert (draft.value("epochs"), draft.value("learning_rate"), draft.value("crops")) == (50, 3e-3, 9)
    draft.use_task("stack-segmentation")
    assert (draft.value("epochs"), draft.value("learning_rate"), draft.value("crops")) == (20, 1e-3, 9)


def test_settings_of_an_earlier_run_are_taken_up(draft: Draft, paths: dict[str, Any], tmp_path: Path) -> None:
    for settings in (
        StackRegressionSettings(**paths, dataset="x", input_slices=3, loss=Loss.L1, depth=12, epochs=7),
        StackSegmentationSettings(**paths, crop_size=0, label_values="0,1,4", ignore_label="255", ndim=3),
        StackSegmentationSettings(**paths),
        Noise2InverseSettings(projections=tmp_path / "scan.h5", parts=6, seed=9),
    ):
        draft.restore(settings)
        assert draft.settings() == settings


def test_a_setting_without_meaning_has_its_default(draft: Draft, paths: dict[str, Any]) -> None:
    draft.set(**paths, input_slices=3, ndim=3)
    assert draft.disabled_because("input_slices") == "A network over volumes sees all slices."
    assert draft.settings() == StackRegressionSettings(**paths, ndim=3)
    draft.set(ndim=2)
    assert draft.disabled_because("input_slices") == ""
    assert draft.settings() == StackRegressionSettings(**paths, input_slices=3)


def test_runs_go_beside_the_data_or_where_the_user_wants(draft: Draft, tmp_path: Path) -> None:
    places = [draft.runs]
    draft.lie_beside(tmp_path / "a.tif")
    places.append(draft.runs)
    draft.choose_runs(tmp_path / "elsewhere")
    assert [*places, draft.runs] == [None, tmp_path / "runs", tmp_path / "elsewhere"]
