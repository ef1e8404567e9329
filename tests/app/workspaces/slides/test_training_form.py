import dataclasses
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QAbstractSpinBox, QComboBox

from wholefield.errors import SettingError
from wholefield.networks.registry import CLASSIFIERS
from wholefield.tasks.slides.settings import ClassifySettings, Head, SegmentSettings, SlideTrainingSettings
from wholefield.training.settings import Device
from wholefield_app.theme.theme import Theme
from wholefield_app.workspaces.slides.project import read_project
from wholefield_app.workspaces.slides.training_form import SlidesForm


@pytest.fixture
def form(qtbot, theme: Theme) -> SlidesForm:
    made = SlidesForm(theme)
    qtbot.addWidget(made)
    return made


def test_the_form_begins_with_the_settings_of_the_engine(form: SlidesForm, project_folder: Path) -> None:
    form.set_project(read_project(project_folder))
    assert form.config() == ClassifySettings(slides=project_folder, labels=project_folder / "labels.csv")


def test_every_setting_goes_through_the_form_unchanged(form: SlidesForm, project_folder: Path) -> None:
    config = ClassifySettings(
        slides=project_folder,
        labels=project_folder / "labels.csv",
        model="resnet34",
        head=Head.ATTENTION,
        weights="DEFAULT",
        tile_size=777,
        level=1,
        crop_size=4096,
        crops_per_slide=3,
        epochs=123,
        learning_rate=3e-4,
        validation_fraction=0.35,
        turns=True,
        tint=0.25,
        accumulate=4,
        seed=99,
        device=Device.CPU,
    )
    assert_goes_through(form, config, ClassifySettings(slides=Path(), labels=Path()))


def test_every_setting_of_a_segmentation_goes_through_too(
    form: SlidesForm, project_folder: Path, tmp_path: Path
) -> None:
    masks = tmp_path / "masks.csv"
    masks.touch()
    config = SegmentSettings(
        slides=project_folder,
        masks=masks,
        weights="weights.pth",
        tile_size=777,
        level=1,
        crop_size=4096,
        crops_per_slide=3,
        epochs=123,
        learning_rate=3e-4,
        validation_fraction=0.35,
        turns=True,
        tint=0.25,
        accumulate=4,
        seed=99,
        device=Device.CPU,
        foreground=True,
        names="glass, tissue",
        ignore_label=0,
        balance=True,
        width=8,
        depth=4,
    )
    assert_goes_through(form, config, SegmentSettings(slides=Path(), masks=Path()))


def assert_goes_through(
    form: SlidesForm, config: SlideTrainingSettings, defaults: SlideTrainingSettings
) -> None:
    """The form gives back what it was given, and nothing in it was so by default."""
    unchanged = {
        item.name
        for item in dataclasses.fields(config)
        if getattr(config, item.name) == getattr(defaults, item.name)
    }
    # Number format and memory are left to the command line.
    assert unchanged == {"precision", "halo_memory"}
    form.set_config(config)
    shown = form.config()
    assert shown == config
    for item in dataclasses.fields(config):
        assert type(getattr(shown, item.name)) is type(getattr(config, item.name)), item.name


@pytest.mark.parametrize(
    ("slides", "labels", "word"), [(False, True, "folder of slides"), (True, False, "label file")]
)
def test_what_is_missing_is_named(
    form: SlidesForm, project_folder: Path, slides: bool, labels: bool, word: str
) -> None:
    form.slides.set_path(project_folder if slides else None)
    form.labels.set_path(project_folder / "labels.csv" if labels else None)
    with pytest.raises(SettingError, match=word):
        form.config()


def test_a_path_that_is_gone_is_named(form: SlidesForm, project_folder: Path, tmp_path: Path) -> None:
    form.set_project(read_project(project_folder))
    form.labels.set_path(tmp_path / "gone.csv")
    with pytest.raises(SettingError, match=r"gone\.csv"):
        form.config()


def test_all_networks_are_offered(form: SlidesForm) -> None:
    offered = [form.model.itemData(index) for index in range(form.model.count())]
    assert offered == [entry.name for entry in CLASSIFIERS]


def test_tile_size_and_level_are_told_at_once(form: SlidesForm, qtbot) -> None:
    with qtbot.waitSignal(form.tiling_changed):
        form.tile_size.setCurrentText("1024")
    with qtbot.waitSignal(form.tiling_changed):
        form.level.setValue(2)
    assert form.tiling == (1024, 2)
    form.tile_size.setCurrentText("")
    assert form.tiling == (0, 2)


def test_runs_go_beside_the_labels_unless_another_folder_is_chosen(form: SlidesForm, tmp_path: Path) -> None:
    assert form.runs is None
    form.labels.set_path(tmp_path / "labels.csv")
    assert form.runs == tmp_path / "runs"
    form.runs_folder.set_path(tmp_path / "elsewhere")
    assert form.runs == tmp_path / "elsewhere"


def test_only_the_fields_of_the_task_show(form: SlidesForm) -> None:
    form.show()
    form.more.click()
    for task, shown, hidden in (
        (SegmentSettings, form.of_segmentation, form.of_classification),
        (ClassifySettings, form.of_classification, form.of_segmentation),
    ):
        form.task.setCurrentIndex(form.task.findData(task))
        assert form.kind is task
        assert all(field.isVisible() for field in shown)
        assert not any(field.isVisible() for field in hidden)


def test_a_project_with_masks_alone_is_segmented(
    form: SlidesForm, project_folder: Path, tmp_path: Path
) -> None:
    masks = tmp_path / "masks.csv"
    masks.touch()
    project = replace(read_project(project_folder), labels=None, masks=masks, class_names="glass, tissue")
    form.set_project(project)
    assert form.kind is SegmentSettings
    assert form.config() == SegmentSettings(slides=project_folder, masks=masks, names="glass, tissue")
    assert form.runs == tmp_path / "runs"
    form.masks.set_path(None)
    assert "table of masks" in form.missing


def test_further_settings_are_folded_away(form: SlidesForm) -> None:
    form.show()
    assert not form.seed.isVisible()
    form.more.click()
    assert form.seed.isVisible()


def test_every_field_explains_itself(form: SlidesForm) -> None:
    for field in [*form.findChildren(QAbstractSpinBox), *form.findChildren(QComboBox)]:
        assert field.accessibleName(), field
