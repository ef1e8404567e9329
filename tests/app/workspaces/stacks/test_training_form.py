from pathlib import Path

import pytest

from wholefield.errors import SettingError
from wholefield.networks.msd.enums import Loss, Schedule
from wholefield.tasks.stacks.settings import (
    Noise2InverseSettings,
    StackRegressionSettings,
    StackSegmentationSettings,
    StackTrainingSettings,
)
from wholefield.tomography.enums import Strategy
from wholefield.training.settings import Device
from wholefield_app.theme.theme import Theme
from wholefield_app.workspaces.stacks.training_form import StacksForm


@pytest.fixture
def form(qtbot, theme: Theme) -> StacksForm:
    made = StacksForm(theme)
    qtbot.addWidget(made)
    return made


@pytest.fixture
def paths(tmp_path: Path) -> dict[str, Path]:
    for name in ("a.tif", "b.tif", "scan.h5"):
        (tmp_path / name).touch()
    return {"stack": tmp_path / "a.tif", "target": tmp_path / "b.tif"}


def common(**changes: object) -> dict[str, object]:
    return {
        "depth": 12, "width": 2, "dilations": "1,2,4", "epochs": 7, "batch_size": 3, "crop_size": 64, "crops": 5,
        "learning_rate": 2e-3, "schedule": Schedule.ONE_CYCLE, "patience": 4, "validation_fraction": 0.25,
        "preview_slice": 2, "seed": 9, "device": Device.CPU,
    } | changes  # fmt: skip


def test_every_setting_goes_through_the_form_unchanged(form: StacksForm, paths, tmp_path: Path) -> None:
    configs: list[StackTrainingSettings] = [
        StackRegressionSettings(**common(), **paths, dataset="x", slab=3, loss=Loss.L1),
        StackSegmentationSettings(
            **common(crop_size=0, patience=None, preview_slice=None), **paths, balance=True, label_values="0,1,4",
            ignore_label="255", ndim=3,
        ),
        Noise2InverseSettings(
            **common(), projections=tmp_path / "scan.h5", parts=6, strategy=Strategy.ONE_TO_X
        ),
    ]  # fmt: skip
    for config in configs:
        form.set_config(config)
        assert form.config() == config
        assert form.runs == tmp_path / "runs"


def test_a_setting_that_cannot_work_is_named(form: StacksForm, paths, tmp_path: Path) -> None:
    form.set_config(StackRegressionSettings(**paths))
    form.fields.dilations.setText("0")
    with pytest.raises(SettingError, match="dilations"):
        form.config()
    form.set_config(StackRegressionSettings(**(paths | {"target": tmp_path / "gone.tif"})))
    with pytest.raises(SettingError, match=r"gone\.tif"):
        form.config()


def test_the_form_begins_with_the_settings_of_the_engine(form: StacksForm, paths) -> None:
    form.fields.stack.set_path(paths["stack"])
    form.fields.target.set_path(paths["target"])
    assert form.config() == StackRegressionSettings(**paths)


def test_every_field_explains_itself(form: StacksForm) -> None:
    for name, field in vars(form.fields).items():
        assert field.toolTip() or name == "runs_folder", name


def test_what_was_not_changed_follows_the_task(form: StacksForm) -> None:
    fields = form.fields
    fields.crops.setValue(9)
    fields.task.setCurrentIndex(fields.task.findData(Noise2InverseSettings))
    assert (fields.epochs.value(), fields.learning_rate.value(), fields.crops.value()) == (50, 3e-3, 9)
    fields.task.setCurrentIndex(fields.task.findData(StackSegmentationSettings))
    assert (fields.epochs.value(), fields.learning_rate.value(), fields.crops.value()) == (20, 1e-3, 9)


def test_crops_follow_the_network_until_something_else_is_typed(form: StacksForm, paths) -> None:
    form.set_config(StackRegressionSettings(**paths))
    fields = form.fields
    assert (fields.crop_size.value(), fields.crops.value()) == (128, 4)
    fields.network.setCurrentIndex(fields.network.findData(3))
    assert (fields.crop_size.value(), fields.crops.value()) == (48, 32)
    assert form.config() == StackRegressionSettings(**paths, ndim=3)
    fields.crop_size.setValue(0)
    assert fields.crop_size.text() == "Whole volumes"
    assert form.config().crop_size == 0
    fields.crop_size.setValue(40)
    fields.network.setCurrentIndex(fields.network.findData(2))
    assert (fields.crop_size.value(), fields.crops.value()) == (40, 4)


def test_neighbouring_slices_are_for_networks_over_slices(form: StacksForm, paths) -> None:
    form.set_config(StackRegressionSettings(**paths, slab=3))
    form.more.click()
    assert form._further.isRowVisible(form.fields.slab)
    form.fields.network.setCurrentIndex(form.fields.network.findData(3))
    assert not form._further.isRowVisible(form.fields.slab)
    assert form.config().slab == 1


def test_labels_are_chosen_where_pixels_are_classified(form: StacksForm, paths) -> None:
    rows = ("label_values", "ignore_label", "found")
    form.set_config(StackRegressionSettings(**paths))
    form.show_labels("In the target: 0 (60%), 7 (40%)")
    assert not any(form._main.isRowVisible(getattr(form.fields, name)) for name in rows)
    form.set_config(StackSegmentationSettings(**paths))
    assert all(form._main.isRowVisible(getattr(form.fields, name)) for name in rows)
    form.fields.label_values.setText("0, 7, 9")
    form.fields.ignore_label.setText("7")
    with pytest.raises(SettingError, match="label 7 stands in label_values and in ignore_label"):
        form.config()
    form.fields.ignore_label.setText("255")
    assert form.config() == StackSegmentationSettings(**paths, label_values="0, 7, 9", ignore_label="255")
    form.show_labels("")
    assert not form._main.isRowVisible(form.fields.found)
