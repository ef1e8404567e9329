"""The form with the settings of a training on stacks."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QComboBox, QVBoxLayout

from wholefield.errors import SettingError
from wholefield.tasks.stacks.settings import (
    CROP_SIDES,
    Noise2InverseSettings,
    StackRegressionSettings,
    StackSegmentationSettings,
    StackTrainingSettings,
)
from wholefield.tomography.enums import Strategy
from wholefield.training.settings import Device, Schedule
from wholefield_app.panels.fields import FORMER, built, value_of
from wholefield_app.panels.more_settings import MoreSettings
from wholefield_app.panels.training_panel import TrainingForm
from wholefield_app.theme.theme import Theme
from wholefield_app.workspaces.stacks.opening import OpenStack
from wholefield_app.workspaces.stacks.training_fields import WHOLE, Fields

RUNS = "runs"
NO_STACKS = "Open a stack and pair it with a target, then start."
NO_TARGET = "Pair the stack with a target, then start."
NO_PROJECTIONS = "Choose a file with projections, then start."
OF_PAIRS = ("stack", "target")
OF_SCANS = ("projections", "parts", "strategy")
OF_LABELS = ("label_values", "ignore_label", "found", "balance")
# Settings that stand for what suits the task and the network while nothing else is typed.
AUTOMATIC = ("crop_size", "crops")


class StacksForm(TrainingForm):
    """Fields for the settings that are often changed, and a section for the others; only those of the task show."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(objectName="form")
        self.fields = Fields()
        self._datasets: dict[Path, str | None] = {}
        self._usual = usual(self.task, self.ndim)
        self._labelled: Path | None = None
        self.more = MoreSettings()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.setSpacing(8)
        self._main = self.fields.lay_out_main()
        layout.addLayout(self._main)
        self._further = self.fields.lay_out_further(self.more.section)
        layout.addWidget(self.more)
        layout.addWidget(self.more.section)
        layout.addStretch()
        self._connect()
        self.set_config(StackRegressionSettings(stack=Path(), target=Path()))
        self.use_theme(theme)

    @property
    def task(self) -> type[StackTrainingSettings]:
        """The settings class of the chosen task."""
        return self.fields.task.currentData()

    @property
    def ndim(self) -> int:
        """Axes that the chosen network sees."""
        return self.fields.network.currentData()

    @property
    def missing(self) -> str:
        """A sentence on what is still to be chosen."""
        fields = self.fields
        if self.task is Noise2InverseSettings:
            return "" if fields.projections.path is not None else NO_PROJECTIONS
        if fields.stack.path is None:
            return NO_STACKS
        return "" if fields.target.path is not None else NO_TARGET

    @property
    def runs(self) -> Path | None:
        """The folder that new runs go into."""
        scan = self.task is Noise2InverseSettings
        beside = (self.fields.projections if scan else self.fields.stack).path
        return self.fields.runs_folder.path or (beside.parent / RUNS if beside is not None else None)

    def config(self) -> StackTrainingSettings:
        """The settings as they stand in the form.

        Raises:
            SettingError: A path is missing or a value cannot work.
        """
        if self.missing:
            raise SettingError(self.missing)
        task = self.task
        if task is Noise2InverseSettings:
            config: StackTrainingSettings = built(task, {**self._common(), **self._of_scan()})
        elif task is StackSegmentationSettings:
            config = built(task, {**self._common(), **self._of_pair(), **self._of_labels()})
        else:
            config = built(
                task, {**self._common(), **self._of_pair(), "loss": self.fields.loss.currentData()}
            )
        config.validate()
        return config

    def set_config(self, config: StackTrainingSettings) -> None:
        """Put settings into the form; empty paths leave their fields empty."""
        fields = self.fields
        fields.task.setCurrentIndex(fields.task.findData(type(config)))
        for name in ("stack", "target", "projections"):
            path = getattr(config, name, None)
            getattr(fields, name).set_path(None if path in (None, Path()) else path)
        self._datasets = {}
        if not isinstance(config, Noise2InverseSettings):
            self._datasets = {config.stack: config.dataset, config.target: config.target_dataset}
        _choose(fields.network, config.ndim)
        self._follow_choice()
        for name in ("depth", "width", "epochs", "batch_size", "seed", "learning_rate", "slab", "parts"):
            if hasattr(config, FORMER.get(name, name)):
                getattr(fields, name).setValue(value_of(config, name))
        for name in AUTOMATIC:
            value = getattr(config, name)
            getattr(fields, name).setValue(self._usual[name] if value is None else value)
        fields.patience.setValue(config.early_stopping_patience or 0)
        fields.validation_fraction.setValue(round(100 * config.validation_fraction))
        fields.preview_slice.setValue(-1 if config.preview_slice is None else config.preview_slice)
        fields.dilations.setText(config.dilations)
        for name in ("label_values", "ignore_label"):
            getattr(fields, name).setText(getattr(config, name, None) or "")
        self._labelled = fields.target.path
        fields.balance.setChecked(getattr(config, "class_weighting", "") == "balanced")
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
        if target is not None and target.source.path != self._labelled:
            self._labelled = target.source.path
            self.fields.label_values.clear()
            self.fields.ignore_label.clear()
        if target is not None and self.task is not Noise2InverseSettings:
            labelled = bool(target.facts.labels)
            task = StackSegmentationSettings if labelled else StackRegressionSettings
            self.fields.task.setCurrentIndex(self.fields.task.findData(task))

    def set_scan(self, path: Path) -> None:
        """Denoise a scan by itself."""
        self.fields.projections.set_path(path)
        _choose(self.fields.task, Noise2InverseSettings)

    @Slot(str)
    def show_labels(self, sentence: str) -> None:
        """Say which values the target holds, or why they are no labels."""
        self.fields.found.setText(sentence)
        self._show_fields()

    @Slot(object)
    def use_theme(self, theme: Theme) -> None:
        """Draw the icons in the colours of `theme`."""
        for field in self.fields.paths:
            field.use_theme(theme)

    def _common(self) -> dict[str, Any]:
        fields = self.fields
        whole = {
            name: getattr(fields, name).value()
            for name in ("depth", "width", "epochs", "batch_size", "seed", "learning_rate")
        }
        preview = fields.preview_slice.value()
        automatic = {name: getattr(fields, name).value() for name in AUTOMATIC}
        return whole | {
            **{name: None if value == self._usual[name] else value for name, value in automatic.items()},
            "ndim": self.ndim,
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
            "slab": self.fields.slab.value() if self.ndim == 2 else 1,
        }

    def _of_labels(self) -> dict[str, Any]:
        fields = self.fields
        return {
            "label_values": fields.label_values.text().strip() or None,
            "ignore_label": fields.ignore_label.text().strip() or None,
            "balance": fields.balance.isChecked(),
        }

    def _of_scan(self) -> dict[str, Any]:
        fields = self.fields
        strategy = Strategy(fields.strategy.currentData())
        return {"projections": fields.projections.path, "parts": fields.parts.value(), "strategy": strategy}

    def _connect(self) -> None:
        for box in (self.fields.task, self.fields.network):
            box.currentIndexChanged.connect(self._follow_choice)
            box.currentIndexChanged.connect(self.changed)
        for field in self.fields.paths:
            field.changed.connect(self.changed)

    @Slot()
    def _follow_choice(self) -> None:
        """What was left as it was follows the task and the network; only their own fields show."""
        before, self._usual = self._usual, usual(self.task, self.ndim)
        for name, value in self._usual.items():
            field = getattr(self.fields, name)
            if field.value() == before[name]:
                field.setValue(value)
        self.fields.crop_size.setSpecialValueText(WHOLE[self.ndim])
        self._further.labelForField(self.fields.crops).setText(
            "Crops a slice" if self.ndim == 2 else "Crops a run"
        )
        self._show_fields()

    def _show_fields(self) -> None:
        task, fields = self.task, self.fields
        scan, labels = task is Noise2InverseSettings, task is StackSegmentationSettings
        shown = (
            dict.fromkeys(OF_PAIRS, not scan)
            | dict.fromkeys(OF_SCANS, scan)
            | dict.fromkeys(OF_LABELS, labels)
        )
        shown |= {"loss": task is StackRegressionSettings, "slab": not scan and self.ndim == 2}
        shown["found"] = labels and bool(fields.found.text())
        for name, visible in shown.items():
            field = getattr(fields, name)
            form = self._main if self._main.indexOf(field) >= 0 else self._further
            form.setRowVisible(field, visible)


def usual(task: type[StackTrainingSettings], ndim: int) -> dict[str, float]:
    """The values that settings have where nothing is typed, by task and axes of the network."""
    return {
        "epochs": task.epochs,
        "learning_rate": task.learning_rate,
        "crop_size": CROP_SIDES[ndim],
        "crops": task.usual_crops[ndim],
    }


def _choose(box: QComboBox, value: object) -> None:
    box.setCurrentIndex(box.findData(value))
