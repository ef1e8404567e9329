"""The labels of the target are counted and shown; another target forgets what was typed for the one before."""

import threading
from collections.abc import Callable

import pytest
from pytestqt.qtbot import QtBot

from tests.app.workspaces.stacks.conftest import MakeStack
from tests.there import there
from wholefield.sources import Reading
from wholefield.tasks.stacks.settings import StackSegmentationSettings
from wholefield_app.document.document import Role
from wholefield_app.document.handlers import train_command
from wholefield_app.workspaces.stacks.label_count import Stopped, count, describe_labels
from wholefield_app.workspaces.stacks.workspace import StacksWorkspace


def test_the_sentence() -> None:
    assert describe_labels({255: 1, 0: 899, 3: 100}) == "In the target: 0 (90%), 3 (10%), 255 (under 1%)"
    assert describe_labels(dict.fromkeys(range(20), 5)).endswith("11 (5%) and 8 more")


def test_counting_stops_when_nobody_waits(make_stack: MakeStack) -> None:
    stop = threading.Event()
    path = make_stack("labels.tif", labels=True)
    assert set(count(path, Reading(), stop)) == {0, 1, 2}
    stop.set()
    with pytest.raises(Stopped):
        count(path, Reading(), stop)


def test_the_form_shows_what_the_target_holds(
    space: StacksWorkspace, make_stack: MakeStack, open_stack: Callable[..., None], qtbot: QtBot
) -> None:
    open_stack(make_stack("a.tif"))
    open_stack(make_stack("labels.tif", labels=True), Role.TARGET)
    draft = space.draft
    assert draft.note_on("label_values").startswith("In the target: 0 (3")
    assert draft.task.settings is StackSegmentationSettings
    draft.set(label_values="0,1", ignore_label="2")
    assert "--label-values=0,1 --ignore-label=2" in there(train_command(space))
    open_stack(make_stack("others.tif", labels=True, seed=3), Role.TARGET)
    assert (draft.value("label_values"), draft.value("ignore_label")) == (None, None)
    space.stacks_panel.rows[Role.TARGET].close_button.click()
    assert draft.note_on("label_values") == ""


def test_intensities_are_told(
    space: StacksWorkspace, make_stack: MakeStack, open_stack: Callable[..., None]
) -> None:
    open_stack(make_stack("a.tif"))
    open_stack(make_stack("clean.tif"), Role.TARGET)
    assert "but labels are whole numbers" in space.draft.note_on("label_values")
    assert "label_values" not in space.form.fields
