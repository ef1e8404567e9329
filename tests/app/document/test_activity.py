from pytestqt.qtbot import QtBot

from wholefield.runs.reports import StepDone
from wholefield_app.document.activity import Activity, Topic
from wholefield_app.runs import RunSession, SessionState


def test_the_line_tells_all_that_goes_on_and_only_changes(qtbot: QtBot) -> None:
    activity = Activity()
    lines: list[str] = []
    activity.changed.connect(lines.append)
    activity.say(Topic.OPENING, "")
    activity.say(Topic.OPENING, "Opening a.svs")
    session = RunSession("Training")
    session.state = SessionState.RUNNING
    activity.say_state(session)
    activity.say_progress([StepDone(3, 30, 2, 10, 0.5)])
    activity.say_progress([StepDone(4, 30, 2, 10, 0.5)])
    activity.say(Topic.OPENING, "")
    session.state = SessionState.IDLE
    activity.say_state(session)
    assert lines == [
        "Opening a.svs",
        "Training: running   Opening a.svs",
        "Training: epoch 2 of 10   Opening a.svs",
        "Training: epoch 2 of 10",
        "",
    ]
