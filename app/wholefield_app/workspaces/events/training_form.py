"""The form with the settings of a training on recordings."""

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QComboBox, QFormLayout, QVBoxLayout

from wholefield.errors import SettingError
from wholefield.tasks.events.settings import FlowSettings, Teacher
from wholefield.training.settings import Augmentation, Device
from wholefield_app.panels.fields import form_layout, value_of
from wholefield_app.panels.more_settings import MoreSettings
from wholefield_app.panels.training_panel import TrainingForm
from wholefield_app.theme.theme import Theme
from wholefield_app.workspaces.events.training_fields import (
    CHOICES,
    OF_TEACHER,
    WEIGHTS,
    WHOLE,
    Fields,
    Source,
)

RUNS = "runs"
NO_RECORDING = "Open a recording, or choose a folder of them, then start."


class FlowForm(TrainingForm):
    """Fields for the settings that are often changed, and a section for the others; only those of the teacher show."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(objectName="form")
        self.fields = Fields()
        self._base = FlowSettings(recordings=Path())
        self.more = MoreSettings()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.setSpacing(8)
        self._main = self._lay_out(form_layout(), self.fields.rows)
        layout.addLayout(self._main)
        self._further = self._lay_out(form_layout(self.more.section), self.fields.further_rows)
        layout.addWidget(self.more)
        layout.addWidget(self.more.section)
        layout.addStretch()
        self._connect()
        self.set_config(self._base)
        self.use_theme(theme)

    @property
    def teacher(self) -> Teacher:
        """What the flow is judged by."""
        return Teacher(self.fields.teacher.currentData())

    @property
    def recordings(self) -> Path | None:
        """The recording, or the folder of recordings, to train on."""
        of_folder = self.fields.source.currentData() == Source.FOLDER
        return (self.fields.folder if of_folder else self.fields.file).path

    @property
    def missing(self) -> str:
        """A sentence on what is still to be chosen."""
        return "" if self.recordings is not None else NO_RECORDING

    @property
    def runs(self) -> Path | None:
        """The folder that new runs go into."""
        beside = self.recordings
        return self.fields.runs_folder.path or (beside.parent / RUNS if beside is not None else None)

    def config(self) -> FlowSettings:
        """The settings as they stand in the form.

        Raises:
            SettingError: The recording is missing, or a value cannot work.
        """
        if self.recordings is None:
            raise SettingError(NO_RECORDING)
        fields = self.fields
        values = {
            name: getattr(fields, name).value() for name in (*WHOLE, *WEIGHTS, "curriculum", "learning_rate")
        }
        # Qt gives members of a text enumeration back as plain texts.
        chosen = {name: kind(getattr(fields, name).currentData()) for name, kind in CHOICES.items()}
        preview = fields.preview_us.value()
        changed = dict(
            recordings=self.recordings,
            preprocess=fields.preprocess.currentText(),
            crop_size=fields.crop_size.value(),
            validation_fraction=fields.validation_fraction.value() / 100,
            augmentation=Augmentation.of(flips=fields.augment.isChecked(), rotations=False),
            crops=values.pop("repeats"),
            preview_us=preview if preview >= 0 else None,
            device=Device(fields.device.currentData()),
            **values,
            **chosen,
        )
        config = replace(self._base, **changed)
        config.validate()
        return config

    def set_config(self, config: FlowSettings) -> None:
        """Put settings into the form; those without a field are kept, an empty path leaves its field empty."""
        fields, path = self.fields, config.recordings
        self._base = config
        source = Source.FOLDER if path != Path() and path.is_dir() else Source.FILE
        _choose(fields.source, source)
        if path != Path():
            (fields.folder if source is Source.FOLDER else fields.file).set_path(path)
        for name in (*WHOLE, *WEIGHTS, "curriculum", "learning_rate"):
            getattr(fields, name).setValue(value_of(config, name))
        for name in (*CHOICES, "device"):
            _choose(getattr(fields, name), getattr(config, name))
        fields.preprocess.setCurrentText(config.preprocess)
        fields.augment.setChecked(config.augmentation.flips)
        fields.crop_size.setValue(config.crop_size)
        fields.validation_fraction.setValue(round(100 * config.validation_fraction))
        fields.preview_us.setValue(-1 if config.preview_us is None else config.preview_us)
        self._show_fitting()

    def set_recording(self, path: Path | None) -> None:
        """Train on the recording that is open, unless a folder is chosen."""
        self.fields.file.set_path(path)

    @Slot(object)
    def use_theme(self, theme: Theme) -> None:
        """Draw the icons in the colours of `theme`."""
        for field in self.fields.paths:
            field.use_theme(theme)

    def _lay_out(self, form: QFormLayout, rows: tuple[tuple[str, str], ...]) -> QFormLayout:
        for title, name in rows:
            form.addRow(title, getattr(self.fields, name))
        return form

    def _connect(self) -> None:
        for box in (self.fields.source, self.fields.teacher):
            box.currentIndexChanged.connect(self._show_fitting)
            box.currentIndexChanged.connect(self.changed)
        for field in self.fields.paths:
            field.changed.connect(self.changed)

    @Slot()
    def _show_fitting(self) -> None:
        """Show the fields that the source and the teacher have a use for."""
        fields = self.fields
        of_folder = fields.source.currentData() == Source.FOLDER
        self._main.setRowVisible(fields.file, not of_folder)
        self._main.setRowVisible(fields.folder, of_folder)
        for teacher, names in OF_TEACHER.items():
            for name in names:
                field = getattr(fields, name)
                form = self._main if self._main.indexOf(field) >= 0 else self._further
                form.setRowVisible(field, teacher is self.teacher)


def _choose(box: QComboBox, value: object) -> None:
    box.setCurrentIndex(box.findData(value))
