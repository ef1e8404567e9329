"""The fields of a dialog of questions: a list where answers are offered, a line where one is typed."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QComboBox, QCompleter, QLabel, QLineEdit, QWidget

from wholefield.sources.choices import Question, Reading
from wholefield_app.forms.layout import form_layout
from wholefield_app.opening.unanswered import CHOSEN_BY_USERS
from wholefield_app.widgets.elided import ElidedCombo
from wholefield_app.widgets.heading import muted
from wholefield_app.widgets.properties import with_properties

# What is offered as an answer to these is a guess or a selection; others can be typed.
TYPED_TOO = ("size", "axes", "spacing", "offset")
NOTHING = "The file says everything that has to be known to read it."


class QuestionFields(QWidget):
    """One field for each question, and a line that explains the one at hand.

    Signals:
        changed: Another answer was given.
    """

    changed = Signal()

    def __init__(self, first: QWidget | None = None, parent: QWidget | None = None) -> None:
        """No questions yet; a field that stands `first` stays, with its accessible name as its label."""
        super().__init__(parent)
        self._questions: tuple[Question, ...] = ()
        self._given: dict[str, str] = {}
        # A question that was needed once stays so: without its answer it would come up again.
        self._needed: set[str] = set()
        self.fields: dict[str, QComboBox | QLineEdit] = {}
        self.help = muted()
        self._form = form_layout(self)
        if first is not None:
            self._form.addRow(first.accessibleName(), first)
        self._above = self._form.rowCount()

    @property
    def reading(self) -> Reading:
        """The answers: those that are needed, those that users choose, and those that are not the usual ones."""
        if not self._questions:
            return Reading(self._given)
        values = {question: self._value(question.name) for question in self._questions}
        return Reading(
            {question.name: value for question, value in values.items() if self._counts(question, value)}
        )

    def give(self, reading: Reading) -> None:
        """Show answers that were given before."""
        self._given.update(reading)

    def forget(self) -> None:
        """Ask nothing, and keep no answer."""
        self.ask(())
        self._given.clear()
        self._needed.clear()

    def ask(self, questions: Sequence[Question]) -> None:
        """Ask these; answers stay where a question stays."""
        if tuple(questions) == self._questions:
            return
        self._given.update({name: self._value(name) for name in self.fields})
        focused = next((name for name, field in self.fields.items() if field.hasFocus()), None)
        while self._form.rowCount() > self._above:
            # The line of help is made anew, too: rows take their widgets along.
            self._form.removeRow(self._above)
        self._questions = tuple(questions)
        self._needed |= {question.name for question in questions if question.needed}
        self.fields = {question.name: self._make(question) for question in questions}
        for question in questions:
            label = QLabel(question.label)
            label.setBuddy(self.fields[question.name])
            self._form.addRow(label, self.fields[question.name])
        self.help = muted(self._questions[0].help if questions else NOTHING)
        self._form.addRow(self.help)
        if focused in self.fields:
            self.fields[focused].setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Explain the question whose field is at hand."""
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.Enter):
            for question in self._questions:
                if self.fields.get(question.name) is watched:
                    self.help.setText(question.help)
        return super().eventFilter(watched, event)

    def _make(self, question: Question) -> QComboBox | QLineEdit:
        value = self._given.get(question.name, question.start)
        field = self._make_list(question, value) if question.answers else self._make_line(value)
        with_properties(field, accessibleName=question.label, toolTip=question.help, objectName=question.name)
        field.installEventFilter(self)
        return field

    def _make_list(self, question: Question, value: str) -> QComboBox:
        field = ElidedCombo()
        for answer in question.answers:
            field.addItem(answer.label or answer.value, answer.value)
        at = field.findData(value)
        with QSignalBlocker(field):
            field.setCurrentIndex(max(at, 0))
            if question.name in TYPED_TOO:
                field.setEditable(True)
                field.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
                # Completed in the line, a size that is being typed would turn into a guess.
                if (completer := field.completer()) is not None:
                    completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
                if at < 0:
                    field.setEditText(value)
        field.currentTextChanged.connect(self._tell)
        return field

    def _make_line(self, value: str) -> QLineEdit:
        field = QLineEdit(value)
        field.textEdited.connect(self._tell)
        return field

    def _value(self, name: str) -> str:
        field = self.fields[name]
        if isinstance(field, QLineEdit):
            return field.text().strip()
        offered = field.findText(field.currentText())
        return field.currentText().strip() if offered < 0 else str(field.itemData(offered))

    def _counts(self, question: Question, value: str) -> bool:
        """Whether an answer is part of the reading; what the reader does anyway is not said."""
        said = question.name in self._needed or question.name in CHOSEN_BY_USERS
        return said or value != question.start

    @Slot()
    def _tell(self) -> None:
        self.changed.emit()
