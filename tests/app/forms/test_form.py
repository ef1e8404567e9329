"""A form shows every setting that a task declares, and what the user edits goes into the draft."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, ClassVar

import pytest
from annotated_types import Ge
from pytestqt.qtbot import QtBot

from wholefield.runs.settings import Setting
from wholefield.tasks.registry import Data, Task, find_task, tasks, tasks_of
from wholefield.tasks.stacks.settings import StackRegressionSettings
from wholefield.training.settings import Schedule
from wholefield_app.forms.draft import Draft
from wholefield_app.forms.form import RUNS_FOLDER, TASK, SettingsForm
from wholefield_app.forms.path_field import PathField
from wholefield_app.theme.theme import Theme

TRAININGS = sorted(task.name for task in tasks().values() if task.trains)


def form_of(qtbot: QtBot, theme: Theme, *of: Task) -> SettingsForm:
    form = SettingsForm(Draft(of), theme)
    qtbot.addWidget(form)
    return form


@pytest.fixture
def form(qtbot: QtBot, theme: Theme) -> SettingsForm:
    return form_of(qtbot, theme, *tasks_of(Data.STACKS))


@pytest.mark.parametrize("name", TRAININGS)
def test_every_setting_has_a_field_that_explains_itself(name: str, qtbot: QtBot, theme: Theme) -> None:
    task = find_task(name)
    form = form_of(qtbot, theme, task)
    declared = {key: each for key, each in task.settings.declarations().items() if not each.setting.hidden}
    assert set(form.fields) == {*declared, RUNS_FOLDER}
    for key, each in declared.items():
        assert form.fields[key].toolTip().startswith(each.setting.help)
        assert form.fields[key].accessibleName() == each.label
        assert form.fields[key].read() == form.draft.value(key), key


def test_a_new_setting_of_a_task_is_in_its_form(qtbot: QtBot, theme: Theme) -> None:
    @dataclass(frozen=True, kw_only=True)
    class Sharper(StackRegressionSettings):
        """Restore, sharper."""

        task: ClassVar[str] = "sharper"
        sharpness: Annotated[int, Ge(1), Setting("How sharp.", unit="px")] = 3

    form = form_of(qtbot, theme, replace(find_task("stack-regression"), settings=Sharper))
    field = form.fields["sharpness"]
    assert (field.text(), field.toolTip()) == ("3 px", "How sharp.")
    field.setValue(5)
    assert form.draft.value("sharpness") == 5


def test_what_is_edited_goes_into_the_draft(form: SettingsForm, tmp_path: Path) -> None:
    fields, draft = form.fields, form.draft
    fields["epochs"].setValue(7)
    fields["learning_rate"].setValue(2e-3)
    fields["validation_fraction"].setValue(35)
    fields["dilations"].setText(" 1,2 ")
    fields["schedule"].setCurrentIndex(list(Schedule).index(Schedule.STEP))
    fields["crop_size"].setValue(64)
    fields["gradient_clipping"].setText("0,5")
    fields["stack"].set_path(tmp_path)
    values = {
        name: draft.value(name) for name in ("epochs", "learning_rate", "validation_fraction", "dilations")
    }
    assert values == {"epochs": 7, "learning_rate": 2e-3, "validation_fraction": 0.35, "dilations": "1,2"}
    assert (draft.value("schedule"), draft.value("crop_size"), draft.value("gradient_clipping")) == (
        Schedule.STEP,
        64,
        0.5,
    )
    assert draft.value("stack") == tmp_path
    fields["crop_size"].setValue(fields["crop_size"].minimum())
    fields["gradient_clipping"].clear()
    assert draft.value("crop_size") is None
    assert draft.value("gradient_clipping") is None


def test_what_is_set_in_the_draft_is_shown_as_it_is(form: SettingsForm) -> None:
    form.draft.set(epochs=9, crop_size=None, validation_fraction=0.123)
    assert form.fields["epochs"].value() == 9
    assert form.fields["crop_size"].text() == "Automatic"
    assert form.fields["validation_fraction"].text() == "12 %"
    assert form.draft.value("validation_fraction") == 0.123


def test_the_rows_are_those_of_the_task(form: SettingsForm) -> None:
    form.draft.set(epochs=9)
    form.fields[TASK].setCurrentIndex(1)
    assert form.draft.task.name == "stack-segmentation"
    assert "label_values" in form.fields
    assert "loss" not in form.fields
    assert form.fields["epochs"].value() == 9


def test_what_has_no_meaning_is_disabled_and_says_why(form: SettingsForm) -> None:
    field = form.fields["schedule_factor"]
    assert not field.isEnabled()
    assert field.toolTip().endswith("Only for the schedules step and plateau.")
    form.draft.set(schedule=Schedule.PLATEAU)
    assert field.isEnabled()


def test_notes_stand_below_their_setting(form: SettingsForm, qtbot: QtBot) -> None:
    form.draft.use_task("stack-segmentation")
    form.draft.note("label_values", "In the target: 0 (60%), 7 (40%)")
    form.show()
    shown = [label for label in form._notes.values() if label.isVisible()]
    assert [label.text() for label in shown] == ["In the target: 0 (60%), 7 (40%)"]


def test_a_file_or_folder_can_be_chosen_where_both_may_be(form: SettingsForm) -> None:
    field = form.fields["stack"]
    assert isinstance(field, PathField)
    assert [action.text() for action in field.button.menu().actions()] == ["A file…", "A folder…"]
