"""A form made from the declarations of settings: a row per setting, groups under headings, the rest folded away."""

from typing import Any, Protocol

from PySide6.QtCore import Signal, SignalInstance, Slot
from PySide6.QtWidgets import QFormLayout, QLabel, QVBoxLayout, QWidget

from wholefield.runs.settings import Declaration, PathKind
from wholefield_app.forms.draft import Draft
from wholefield_app.forms.fields import (
    CheckField,
    ChoiceField,
    OptionalRealField,
    RealField,
    ShareField,
    TextField,
    WholeField,
    put_quietly,
)
from wholefield_app.forms.layout import form_layout
from wholefield_app.forms.more_settings import MoreSettings
from wholefield_app.forms.path_field import PathField
from wholefield_app.theme.theme import Theme
from wholefield_app.widgets.heading import heading, muted

TASK, RUNS_FOLDER = "task", "runs_folder"
MARGINS = (12, 8, 12, 8)


class Field(Protocol):
    """What a form asks of the widget of a setting."""

    edited: SignalInstance

    def read(self) -> Any:
        """The value in the field."""

    def put(self, value: Any) -> None:
        """Show a value."""


class SettingsForm(QWidget):
    """Shows a draft and changes it.

    Attributes:
        draft: The values.
        fields: The widgets of the current task by the names of their settings.
        more: Unfolds the settings that are seldom changed.

    Signals:
        changed: The draft has changed.
    """

    changed = Signal()
    more: MoreSettings

    def __init__(self, draft: Draft, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("form")
        self.draft = draft
        self.fields: dict[str, Any] = {}
        self._labels: dict[str, QLabel] = {}
        self._notes: dict[str, QLabel] = {}
        self._theme = theme
        self._shown = ""
        self._unfolded = False
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(*MARGINS)
        self._page: QWidget | None = None
        draft.changed.connect(self._follow)
        self._follow()

    @property
    def missing(self) -> str:
        """A sentence on what is still to be chosen; empty when a run can start."""
        return self.draft.missing

    @Slot(object)
    def use_theme(self, theme: Theme) -> None:
        """Draw the icons in the colors of `theme`."""
        self._theme = theme
        for field in self.fields.values():
            if isinstance(field, PathField):
                field.use_theme(theme)

    @Slot()
    def _follow(self) -> None:
        """Show the task and the values of the draft."""
        if self._shown != self.draft.task.name:
            self._make_rows()
        for name, field in self.fields.items():
            if name == TASK:
                put_quietly(field, self.draft.task.name)
            elif name == RUNS_FOLDER:
                put_quietly(field, self.draft.runs_folder)
            else:
                self._show(name, field)
        self.changed.emit()

    def _show(self, name: str, field: Any) -> None:
        declared, reason = self.draft.declarations[name], self.draft.disabled_because(name)
        put_quietly(field, self.draft.value(name))
        help_text = f"{declared.setting.help}\n{reason}" if reason else declared.setting.help
        for widget in (field, self._labels[name]):
            widget.setEnabled(not reason)
            widget.setToolTip(help_text)
        note = self.draft.note_on(name)
        self._notes[name].setText(note)
        self._notes[name].setVisible(bool(note))

    def _make_rows(self) -> None:
        """Rebuild the rows of the current task; values live in the draft, so nothing is lost."""
        self._shown = self.draft.task.name
        if self._page is not None:
            self._unfolded = self.more.isChecked()
            self._page.hide()
            self._page.deleteLater()
        self.fields, self._labels, self._notes = {}, {}, {}
        self._page = QWidget()
        column = QVBoxLayout(self._page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self.more = MoreSettings()
        shown = [each for each in self.draft.declarations.values() if not each.setting.hidden]
        plain = [each for each in shown if not each.setting.advanced]
        main, further = form_layout(), form_layout(self.more.section)
        if len(self.draft.tasks) > 1:
            self._add_task(main)
        self._add_groups(main, plain)
        self._add_groups(further, [each for each in shown if each.setting.advanced])
        self._add_runs_folder(further)
        column.addLayout(main)
        column.addWidget(self.more)
        column.addWidget(self.more.section)
        column.addStretch()
        self._layout.addWidget(self._page)
        self.more.setChecked(self._unfolded)
        self.use_theme(self._theme)

    def _add_groups(self, form: QFormLayout, declared: list[Declaration]) -> None:
        """Add rows, each group of them under its heading."""
        group = ""
        for each in declared:
            if each.setting.group != group:
                group = each.setting.group
                form.addRow(heading(group))
            self._add(form, each.name, each.label, field_of(each))

    def _add(self, form: QFormLayout, name: str, text: str, field: Any) -> None:
        label = QLabel(text)
        label.setBuddy(field)
        field.setObjectName(name)
        field.setAccessibleName(text)
        self.fields[name], self._labels[name] = field, label
        form.addRow(label, field)
        self._notes[name] = muted()
        self._notes[name].hide()
        form.addRow(self._notes[name])
        field.edited.connect(self._take)

    def _add_task(self, form: QFormLayout) -> None:
        self._add(form, TASK, "Task", ChoiceField({task.name: task.title for task in self.draft.tasks}))

    def _add_runs_folder(self, form: QFormLayout) -> None:
        self._add(
            form,
            RUNS_FOLDER,
            "Save runs in",
            PathField(PathKind.FOLDER, "Folder for runs", none="Beside the data"),
        )

    @Slot()
    def _take(self) -> None:
        """Put what was edited into the draft."""
        field: Any = self.sender()
        name = field.objectName()
        if name == TASK:
            self.draft.use_task(field.read())
        elif name == RUNS_FOLDER:
            self.draft.choose_runs(field.read())
        else:
            self.draft.set(**{name: field.read()})


def field_of(declared: Declaration) -> Any:
    """The widget for a setting."""
    setting, kind = declared.setting, declared.type
    if choices := declared.choices:
        return ChoiceField(choices)
    if kind is bool:
        return CheckField()
    if kind is int:
        return WholeField(declared)
    if kind is float:
        if setting.percent:
            return ShareField(declared)
        return OptionalRealField(declared) if declared.optional else RealField(declared)
    # A text that names a file by default but may say more, such as weights to start from, is edited as a path too.
    if issubclass(kind, str) and setting.path is PathKind.ANY:
        return TextField(declared)
    return PathField(
        setting.path, declared.label, setting.suffixes, none=setting.none, text=issubclass(kind, str)
    )
