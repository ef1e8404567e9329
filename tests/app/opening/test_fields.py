"""Fields of questions by themselves: what is offered, what can be typed, and what counts as an answer."""

from dataclasses import replace

from PySide6.QtWidgets import QComboBox, QLineEdit
from pytestqt.qtbot import QtBot

from tests.app.opening.toy import AXES, INVERT, SIZE, TYPE
from tests.there import a
from wholefield.sources import Reading
from wholefield_app.opening.fields import NOTHING, QuestionFields


def test_only_what_changes_something_or_is_needed_is_an_answer(qtbot: QtBot) -> None:
    fields = QuestionFields()
    qtbot.addWidget(fields)
    fields.ask((SIZE, TYPE, INVERT))
    assert fields.reading == Reading()
    a(QLineEdit, fields.fields["size"]).setText(" 4,3,2 ")
    assert fields.reading == Reading({"size": "4,3,2"})
    a(QComboBox, fields.fields["invert"]).setCurrentIndex(1)
    assert fields.reading == Reading({"size": "4,3,2", "invert": "yes"})


def test_a_question_that_was_needed_once_stays_answered(qtbot: QtBot) -> None:
    fields = QuestionFields()
    qtbot.addWidget(fields)
    fields.ask((replace(TYPE, needed=True),))
    assert fields.reading == Reading({"type": "uint8"})
    fields.ask((TYPE,))
    assert fields.reading == Reading({"type": "uint8"})


def test_guesses_are_offered_and_others_are_typed(qtbot: QtBot) -> None:
    fields = QuestionFields()
    qtbot.addWidget(fields)
    fields.give(Reading({"axes": "yzx"}))
    told: list[Reading] = []
    fields.changed.connect(lambda: told.append(fields.reading))
    fields.ask((AXES, TYPE))
    axes = a(QComboBox, fields.fields["axes"])
    assert (axes.currentText(), fields.reading) == ("yzx", Reading({"axes": "yzx"}))
    assert not a(QComboBox, fields.fields["type"]).isEditable()
    axes.setCurrentIndex(0)
    assert fields.reading == Reading()
    axes.setCurrentIndex(1)
    assert fields.reading == Reading({"axes": "xyz"})
    qtbot.keyClicks(axes.lineEdit(), "c")
    assert told[-1] == Reading({"axes": "x y zc"})


def test_nothing_to_ask_is_said(qtbot: QtBot) -> None:
    fields = QuestionFields()
    qtbot.addWidget(fields)
    fields.give(Reading({"series": "2"}))
    assert fields.reading == Reading({"series": "2"})
    fields.ask((TYPE,))
    fields.forget()
    assert fields.help.text() == NOTHING
    assert fields.reading == Reading()
