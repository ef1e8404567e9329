"""The form with the settings of a training on stacks."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QComboBox, QFormLayout, QPushButton, QVBoxLayout, QWidget

from app.panels.fields import form_layout
from app.panels.training_panel import TrainingForm
from app.theme.theme import Theme
from app.workspaces.stacks.opening import OpenStack
from app.workspaces.stacks.training_fields import Fields
from engine.errors import SettingError
from engine.msd.choices import Loss, Schedule, Strategy
from engine.runs.config import Device
from engine.runs.stacks.config import (
    Noise2InverseConfig,
    StackRegressionConfig,
    StackSegmentationConfig,
    StackTrainingConfig,
)

RUNS = "runs"
NO_STACKS = "Open a stack and pair it with a target, then start."
NO_PROJECTIONS = "Choose a file with projections, then start."
# Settings that begin with another value in another task.
VARYING = ("epochs", "crops", "learning_rate")
OF_PAIRS = ("stack", "target", "slab")
OF_SCANS = ("projections", "parts", "strategy")


class StacksForm(TrainingForm):
    """Fields for the settings that are often changed, and a section for the others; only those of the task show."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(objectName="form")
        self.fields = Fields()
        self._datasets: dict[Path, str | None] = {}
        self._task_before = self.task
        self.more = QPushButton("More settings", checkable=True)
        self.more.setProperty("role", "link")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.setSpacing(8)
        self._main = self._lay_out_main()
        layout.addLayout(self._main)
        layout.addWidget(self.more)
        self._section = QWidget()
        self._further = self._lay_out_further(self._section)
        self._section.hide()
        layout.addWidget(self._section)
        layout.addStretch()
        self._connect()
        self.set_config(StackRegressionConfig(stack=Path(), target=Path()))
        self.use_theme(theme)

    @property
    def task(self) -> type[StackTrainingConfig]:
        """The settings class of the chosen task."""
        return self.fields.task.currentData()

    @property
    def missing(self) -> str:
        """A sentence on what is still to be chosen."""
        fields = self.fields
        if self.task is Noise2InverseConfig:
            return "" if fields.projections.path is not None else NO_PROJECTIONS
        return "" if fields.stack.path is not None and fields.target.path is not None else NO_STACKS

    @property
    def runs(self) -> Path | None:
        """The folder that new runs go into."""
        scan = self.task is Noise2InverseConfig
        beside = (self.fields.projections if scan else self.fields.stack).path
        return self.fields.runs_folder.path or (beside.parent / RUNS if beside is not None else None)

    def config(self) -> StackTrainingConfig:
        """The settings as they stand in the form.

        Raises:
            SettingError: A path is missing or a value cannot work.
        """
        if self.missing:
            raise SettingError(self.missing)
        task = self.task
        if task is Noise2InverseConfig:
            config: StackTrainingConfig = task(**self._common(), **self._of_scan())
        elif task is StackSegmentationConfig:
            config = task(**self._common(), **self._of_pair(), balance=self.fields.balance.isChecked())
        else:
            config = task(**self._common(), **self._of_pair(), loss=Loss(self.fields.loss.currentData()))
        config.validate()
        return config

    def set_config(self, config: StackTrainingConfig) -> None:
        """Put settings into the form; empty paths leave their fields empty."""
        fields = self.fields
        fields.task.setCurrentIndex(fields.task.findData(type(config)))
        for name in ("stack", "target", "projections"):
            path = getattr(config, name, None)
            getattr(fields, name).set_path(None if path in (None, Path()) else path)
        self._datasets = {}
        if not isinstance(config, Noise2InverseConfig):
            self._datasets = {config.stack: config.dataset, config.target: config.target_dataset}
        for name in (
            "depth",
            "width",
            "crops",
            "epochs",
            "batch_size",
            "seed",
            "learning_rate",
            "slab",
            "parts",
        ):
            if hasattr(config, name):
                getattr(fields, name).setValue(getattr(config, name))
        for name in ("crop_size", "patience"):
            getattr(fields, name).setValue(getattr(config, name) or 0)
        fields.validation_fraction.setValue(round(100 * config.validation_fraction))
        fields.preview_slice.setValue(-1 if config.preview_slice is None else config.preview_slice)
        fields.dilations.setText(config.dilations)
        self._show_task()
        fields.balance.setChecked(getattr(config, "balance", False))
        for name in ("loss", "strategy", "schedule", "device"):
            if hasattr(config, name):
                _choose(getattr(fields, name), getattr(config, name))

    def set_pair(self, stack: OpenStack | None, target: OpenStack | None) -> None:
        """Train on the stacks that are open."""
        self._datasets = {
            each.source.path: each.source.dataset for each in (stack, target) if each is not None
        }
        for field, each in ((self.fields.stack, stack), (self.fields.target, target)):
            field.set_path(each.source.path if each is not None else None)
        if stack is not None:
            self.fields.preview_slice.setMaximum(stack.source.shape[0] - 1)
        if target is not None and self.task is not Noise2InverseConfig:
            labelled = bool(target.facts.labels)
            task = StackSegmentationConfig if labelled else StackRegressionConfig
            self.fields.task.setCurrentIndex(self.fields.task.findData(task))

    @Slot(object)
    def use_theme(self, theme: Theme) -> None:
        """Draw the icons in the colours of `theme`."""
        for field in self.fields.paths:
            field.use_theme(theme)

    def _common(self) -> dict[str, Any]:
        fields = self.fields
        whole = {
            name: getattr(fields, name).value()
            for name in ("depth", "width", "crops", "epochs", "batch_size", "seed", "learning_rate")
        }
        preview = fields.preview_slice.value()
        return whole | {
            "crop_size": fields.crop_size.value() or None,
            "patience": fields.patience.value() or None,
            "preview_slice": preview if preview >= 0 else None,
            "validation_fraction": fields.validation_fraction.value() / 100,
            "dilations": fields.dilations.text().strip(),
            # Qt gives members of a text enumeration back as plain texts.
            "schedule": Schedule(fields.schedule.currentData()),
            "device": Device(fields.device.currentData()),
        }

    def _of_pair(self) -> dict[str, Any]:
        stack, target = self.fields.stack.path, self.fields.target.path
        return {
            "stack": stack,
            "dataset": self._datasets.get(stack),
            "target": target,
            "target_dataset": self._datasets.get(target),
            "slab": self.fields.slab.value(),
        }

    def _of_scan(self) -> dict[str, Any]:
        fields = self.fields
        strategy = Strategy(fields.strategy.currentData())
        return {"projections": fields.projections.path, "parts": fields.parts.value(), "strategy": strategy}

    def _lay_out_main(self) -> QFormLayout:
        form, fields = form_layout(), self.fields
        for title, field in (
            ("Task", fields.task), ("Input", fields.stack), ("Target", fields.target),
            ("Projections", fields.projections), ("Depth", fields.depth), ("Width", fields.width),
            ("Crop size", fields.crop_size), ("Epochs", fields.epochs), ("Learning rate", fields.learning_rate),
            ("Validation", fields.validation_fraction), ("Preview slice", fields.preview_slice),
        ):  # fmt: skip
            form.addRow(title, field)
        return form

    def _lay_out_further(self, section: QWidget) -> QFormLayout:
        form, fields = form_layout(section), self.fields
        for title, field in (
            ("Dilations", fields.dilations), ("Crops a slice", fields.crops), ("Crops a step", fields.batch_size),
            ("Slices seen", fields.slab), ("Loss", fields.loss), ("Parts", fields.parts),
            ("Strategy", fields.strategy), ("Classes", fields.balance), ("Rate over time", fields.schedule),
            ("Give up after", fields.patience), ("Seed", fields.seed), ("Device", fields.device),
            ("Save runs in", fields.runs_folder),
        ):  # fmt: skip
            form.addRow(title, field)
        return form

    def _connect(self) -> None:
        self.more.toggled.connect(self._section.setVisible)
        self.fields.task.currentIndexChanged.connect(self._show_task)
        self.fields.task.currentIndexChanged.connect(self.changed)
        for field in self.fields.paths:
            field.changed.connect(self.changed)

    @Slot()
    def _show_task(self) -> None:
        """Show the fields of the chosen task, and no others; what was left as it was follows the task."""
        before, self._task_before = self._task_before, self.task
        for name in VARYING:
            field = getattr(self.fields, name)
            if field.value() == getattr(before, name):
                field.setValue(getattr(self.task, name))
        fields, scan = self.fields, self.task is Noise2InverseConfig
        for names, shown in ((OF_PAIRS, not scan), (OF_SCANS, scan)):
            for name in names:
                form = self._main if self._main.indexOf(getattr(fields, name)) >= 0 else self._further
                form.setRowVisible(getattr(fields, name), shown)
        self._further.setRowVisible(fields.loss, self.task is StackRegressionConfig)
        self._further.setRowVisible(fields.balance, self.task is StackSegmentationConfig)


def _choose(box: QComboBox, value: object) -> None:
    box.setCurrentIndex(box.findData(value))
