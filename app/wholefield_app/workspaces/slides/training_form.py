"""The form with the settings of a training on slides."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from wholefield.errors import SettingError
from wholefield.tasks.slides.settings import ClassifySettings, Head, SegmentSettings, SlideTrainingSettings
from wholefield.training.settings import Device
from wholefield_app.panels.fields import built, value_of
from wholefield_app.panels.path_field import PathField
from wholefield_app.panels.training_panel import TrainingForm
from wholefield_app.theme.theme import Theme
from wholefield_app.workspaces.slides.project import RUNS, SlideProject
from wholefield_app.workspaces.slides.training_fields import SlideFields

NOTHING_CHOSEN = "Choose a folder of slides and a label file, then start."
NO_MASKS = "Choose a folder of slides and a table of masks, then start."


class SlidesForm(TrainingForm, SlideFields):
    """Fields for the settings that are often changed, and a section for the others; only those of the task show.

    Signals:
        tiling_changed: Tile size or level was changed.
    """

    tiling_changed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent, objectName="form")
        self.make_fields()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.setSpacing(8)
        self._main = self.lay_out_main()
        layout.addLayout(self._main)
        self._further = self.lay_out_further(self.more.section)
        layout.addWidget(self.more)
        layout.addWidget(self.more.section)
        layout.addStretch()
        self._connect()
        self.set_config(ClassifySettings(slides=Path(), labels=Path()))
        self.use_theme(theme)

    @property
    def kind(self) -> type[SlideTrainingSettings]:
        """The settings class of the chosen task."""
        return self.task.currentData()

    @property
    def tiling(self) -> tuple[int, int]:
        """Tile size in px, 0 while none is typed, and level."""
        return int(self.tile_size.currentText() or 0), self.level.value()

    @property
    def missing(self) -> str:
        """A sentence on what is still to be chosen."""
        if self.slides.path is not None and self._table.path is not None:
            return ""
        return NO_MASKS if self.kind is SegmentSettings else NOTHING_CHOSEN

    @property
    def runs(self) -> Path | None:
        """The folder that new runs go into."""
        table = self._table.path
        return self.runs_folder.path or (table.parent / RUNS if table is not None else None)

    def config(self) -> SlideTrainingSettings:
        """The settings as they stand in the form.

        Raises:
            SettingError: A path is missing or a value cannot work.
        """
        if self.slides.path is None or self._table.path is None:
            table = "table of masks" if self.kind is SegmentSettings else "label file"
            missing = "folder of slides" if self.slides.path is None else table
            raise SettingError(
                f"No {missing} is chosen; open a folder of slides, or choose one in the panel."
            )
        own = self._of_segmentation() if self.kind is SegmentSettings else self._of_classification()
        config = built(self.kind, {**self._common(), **own})
        config.validate()
        return config

    def set_config(self, config: SlideTrainingSettings) -> None:
        """Put settings into the form; empty paths leave their fields empty."""
        self.task.setCurrentIndex(self.task.findData(type(config)))
        self._set_common(config)
        if isinstance(config, SegmentSettings):
            self._set_segmentation(config)
        elif isinstance(config, ClassifySettings):
            _set_path(self.labels, config.labels)
            _choose(self.model, config.model)
            _choose(self.head, config.head)
            self.weights.line.setText(config.initial_weights or "")
        self._show_task()

    def set_project(self, project: SlideProject) -> None:
        """Train on the slides of `project`; the task changes where it has nothing for the chosen one."""
        self.slides.set_path(project.slides)
        self.labels.set_path(project.labels)
        self.masks.set_path(project.masks)
        self.names.setText(project.class_names)
        self.runs_folder.set_path(None)
        if self._table.path is None and (project.labels or project.masks):
            other = ClassifySettings if self.kind is SegmentSettings else SegmentSettings
            self.task.setCurrentIndex(self.task.findData(other))

    @Slot(object)
    def use_theme(self, theme: Theme) -> None:
        """Draw the icons in the colours of `theme`."""
        for field in (self.slides, self.labels, self.masks, self.weights, self.runs_folder):
            field.use_theme(theme)

    @property
    def _table(self) -> PathField:
        """The field of the table that the task learns from."""
        return self.masks if self.kind is SegmentSettings else self.labels

    def _common(self) -> dict[str, Any]:
        return {
            "slides": self.slides.path,
            "tile_size": self.tiling[0],
            "level": self.level.value(),
            "crop_size": self.crop_size.value() or None,
            "crops_per_slide": self.crops_per_slide.value(),
            "epochs": self.epochs.value(),
            "learning_rate": self.learning_rate.value(),
            "validation_fraction": self.validation.value() / 100,
            "turns": self.turns.isChecked(),
            "tint": self.tint.value() / 100,
            "accumulate": self.accumulate.value(),
            "seed": self.seed.value(),
            # Qt gives members of a text enumeration back as plain texts.
            "device": Device(self.device.currentData()),
            "weights": self.weights.line.text().strip() or None,
        }

    def _of_classification(self) -> dict[str, Any]:
        model, head = self.model.currentData(), Head(self.head.currentData())
        return {"labels": self.labels.path, "model": model, "head": head}

    def _of_segmentation(self) -> dict[str, Any]:
        ignored = self.ignore_label.value()
        return {
            "masks": self.masks.path,
            "names": self.names.text().strip(),
            "width": self.width_.value(),
            "depth": self.depth.value(),
            "foreground": self.foreground.isChecked(),
            "ignore_label": ignored if ignored >= 0 else None,
            "balance": self.balance.isChecked(),
        }

    def _set_common(self, config: SlideTrainingSettings) -> None:
        _set_path(self.slides, config.slides)
        self.tile_size.setCurrentText(str(config.tile_size))
        self.crop_size.setValue(config.crop_size or 0)
        for name in ("level", "crops_per_slide", "epochs", "learning_rate", "accumulate", "seed"):
            getattr(self, name).setValue(value_of(config, name))
        self.validation.setValue(round(100 * config.validation_fraction))
        self.turns.setChecked(config.augmentation.rotations)
        self.tint.setValue(round(100 * config.color_jitter))
        _choose(self.device, config.device)

    def _set_segmentation(self, config: SegmentSettings) -> None:
        _set_path(self.masks, config.masks)
        self.names.setText(config.names)
        self.width_.setValue(config.width)
        self.depth.setValue(config.depth)
        self.foreground.setChecked(config.binarize_labels)
        self.ignore_label.setValue(-1 if config.ignore_label is None else config.ignore_label)
        self.balance.setChecked(config.class_weighting == "balanced")
        self.weights.line.setText(config.initial_weights or "")

    def _connect(self) -> None:
        self.tile_size.currentTextChanged.connect(self.tiling_changed)
        self.level.valueChanged.connect(self.tiling_changed)
        self.task.currentIndexChanged.connect(self._show_task)
        self.task.currentIndexChanged.connect(self.changed)
        for field in (self.slides, self.labels, self.masks, self.runs_folder):
            field.changed.connect(self.changed)

    @Slot()
    def _show_task(self) -> None:
        """Show the fields of the chosen task, and no others."""
        segments = self.kind is SegmentSettings
        for fields, shown in ((self.of_segmentation, segments), (self.of_classification, not segments)):
            for field in fields:
                form = self._main if self._main.indexOf(field) >= 0 else self._further
                form.setRowVisible(field, shown)


def _choose(box: QComboBox, value: object) -> None:
    box.setCurrentIndex(box.findData(value))


def _set_path(field: PathField, path: Path) -> None:
    field.set_path(None if path == Path() else path)
