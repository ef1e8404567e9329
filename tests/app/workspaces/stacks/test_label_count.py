"""The labels of the target are counted and shown; another target forgets what was typed for the one before."""

import threading

import pytest

from wholefield.tasks.stacks.settings import StackSegmentationSettings
from wholefield_app.workspaces.stacks.label_count import Stopped, count, describe_labels
from wholefield_app.workspaces.stacks.opening import Role


def test_the_sentence() -> None:
    assert describe_labels({255: 1, 0: 899, 3: 100}) == "In the target: 0 (90%), 3 (10%), 255 (under 1%)"
    assert describe_labels(dict.fromkeys(range(20), 5)).endswith("11 (5%) and 8 more")


def test_counting_stops_when_nobody_waits(make_stack) -> None:
    stop = threading.Event()
    path = make_stack("labels.tif", labels=True)
    assert set(count(path, None, stop)) == {0, 1, 2}
    stop.set()
    with pytest.raises(Stopped):
        count(path, None, stop)


def test_the_form_shows_what_the_target_holds(space, make_stack, open_stack, qtbot) -> None:
    open_stack(make_stack("a.tif"))
    open_stack(make_stack("labels.tif", labels=True), Role.TARGET)
    fields = space.form.fields
    assert fields.found.text().startswith("In the target: 0 (3")
    assert fields.found.isVisible()
    assert space.form.task is StackSegmentationSettings
    fields.label_values.setText("0,1")
    fields.ignore_label.setText("2")
    assert "--label-values=0,1 --ignore-label=2" in space.handlers.train_command()
    open_stack(make_stack("others.tif", labels=True, seed=3), Role.TARGET)
    assert (fields.label_values.text(), fields.ignore_label.text()) == ("", "")
    space.stacks_panel.rows[Role.TARGET].close_button.click()
    assert fields.found.text() == ""


def test_intensities_are_told(space, make_stack, open_stack) -> None:
    open_stack(make_stack("a.tif"))
    open_stack(make_stack("clean.tif"), Role.TARGET)
    assert "but labels are whole numbers from 0 on" in space.form.fields.found.text()
    assert not space.form.fields.found.isVisible()
