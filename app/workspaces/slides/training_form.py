"""The form with the settings of a training."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import QComboBox, QFormLayout, QPushButton, QVBoxLayout, QWidget

from app.panels.fields import DEVICES, RateField, percentage, whole_number
from app.panels.path_field import Kind, PathField
from app.panels.training_panel import TrainingForm
from app.theme.theme import Theme
from app.workspaces.slides.project import RUNS, SlideProject
from engine.errors import SettingError
from engine.models.registry import CLASSIFIERS
from engine.runs.config import ClassifyConfig, Device, Head

NOTHING_CHOSEN = "Choose a folder of slides and a label file, then start."
TILE_SIZES = (128, 256, 512, 1024, 2048)

HEADS = {Head.AVERAGE: "Mean of the slide", Head.ATTENTION: "Gated attention"}


class SlidesForm(TrainingForm):
    """Fields for the settings that are often changed, and a section for the others.

    Signals:
        tiling_changed: Tile size or level was changed.
    """

    tiling_changed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent, objectName="form")
        self._make_data_fields()
        self._make_network_fields()
        self._make_further_fields()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.setSpacing(8)
        layout.addLayout(self._lay_out_main())
        layout.addWidget(self.more)
        self._further = self._lay_out_further()
        layout.addWidget(self._further)
        layout.addStretch()
        self._connect()
        self.set_config(None)
        self.use_theme(theme)

    @property
    def tiling(self) -> tuple[int, int]:
        """Tile size in px and level."""
        return int(self.tile_size.currentText() or TILE_SIZES[0]), self.level.value()

    @property
    def missing(self) -> str:
        """A sentence on what is still to be chosen."""
        return "" if self.slides.path is not None and self.labels.path is not None else NOTHING_CHOSEN

    @property
    def runs(self) -> Path | None:
        """The folder that new runs go into."""
        labels = self.labels.path
        return self.runs_folder.path or (labels.parent / RUNS if labels is not None else None)

    def config(self) -> ClassifyConfig:
        """The settings as they stand in the form.

        Raises:
            SettingError: A path is missing or a value cannot work.
        """
        if self.slides.path is None or self.labels.path is None:
            missing = "folder of slides" if self.slides.path is None else "label file"
            raise SettingError(
                f"No {missing} is chosen; open a folder of slides, or choose one in the panel."
            )
        config = ClassifyConfig(
            slides=self.slides.path,
            labels=self.labels.path,
            model=self.model.currentData(),
            # Qt gives members of a text enumeration back as plain texts.
            head=Head(self.head.currentData()),
            weights=self.weights.line.text().strip() or None,
            tile_size=self.tiling[0],
            level=self.level.value(),
            crop_size=self.crop_size.value() or None,
            crops_per_slide=self.crops_per_slide.value(),
            epochs=self.epochs.value(),
            learning_rate=self.learning_rate.value(),
            validation_fraction=self.validation.value() / 100,
            accumulate=self.accumulate.value(),
            seed=self.seed.value(),
            device=Device(self.device.currentData()),
        )
        config.validate()
        return config

    def set_config(self, config: ClassifyConfig | None) -> None:
        """Put settings into the form; None means the settings to begin with."""
        shown = config or ClassifyConfig(slides=Path(), labels=Path())
        self.slides.set_path(shown.slides if config else None)
        self.labels.set_path(shown.labels if config else None)
        self.model.setCurrentIndex(self.model.findData(shown.model))
        self.head.setCurrentIndex(self.head.findData(shown.head))
        self.weights.line.setText(shown.weights or "")
        self.tile_size.setCurrentText(str(shown.tile_size))
        self.level.setValue(shown.level)
        self.crop_size.setValue(shown.crop_size or 0)
        self.crops_per_slide.setValue(shown.crops_per_slide)
        self.epochs.setValue(shown.epochs)
        self.learning_rate.setValue(shown.learning_rate)
        self.validation.setValue(round(100 * shown.validation_fraction))
        self.accumulate.setValue(shown.accumulate)
        self.seed.setValue(shown.seed)
        self.device.setCurrentIndex(self.device.findData(shown.device))

    def set_project(self, project: SlideProject) -> None:
        """Train on the slides of `project`."""
        self.slides.set_path(project.slides)
        self.labels.set_path(project.labels)
        self.runs_folder.set_path(None)

    @Slot(object)
    def use_theme(self, theme: Theme) -> None:
        """Draw the icons in the colours of `theme`."""
        for field in (self.slides, self.labels, self.weights, self.runs_folder):
            field.use_theme(theme)

    def _make_data_fields(self) -> None:
        about = ClassifyConfig.abouts()
        self.slides = PathField(Kind.FOLDER, "Folder of slides")
        self.labels = PathField(Kind.FILE, "Label file", "Tables (*.csv)")
        for field, name in ((self.slides, "slides"), (self.labels, "labels")):
            field.setToolTip(about[name].text)

    def _make_network_fields(self) -> None:
        about = ClassifyConfig.abouts()
        self.model = QComboBox(accessibleName="Network")
        for entry in CLASSIFIERS:
            self.model.addItem(entry.title, entry.name)
            self.model.setItemData(self.model.count() - 1, entry.description, Qt.ItemDataRole.ToolTipRole)
        self.tile_size = QComboBox(editable=True, toolTip=about["tile_size"].text, accessibleName="Tile size")
        self.tile_size.addItems([str(size) for size in TILE_SIZES])
        self.tile_size.setValidator(QIntValidator(1, 1_000_000, self.tile_size))
        self.level = whole_number(about["level"], 0)
        self.level.setMaximum(20)
        self.crop_size = whole_number(about["crop_size"], 0, step=128, none="Whole slide")
        self.epochs = whole_number(about["epochs"], 20)
        self.learning_rate = RateField(about["learning_rate"], 1e-3)
        self.validation = percentage(about["validation_fraction"], 0.25)

    def _make_further_fields(self) -> None:
        about = ClassifyConfig.abouts()
        self.head = QComboBox(toolTip=about["head"].text, accessibleName="Pooling")
        for head, title in HEADS.items():
            self.head.addItem(title, head)
        self.crops_per_slide = whole_number(about["crops_per_slide"], 1)
        self.weights = PathField(Kind.FILE, "Weights to start from", "Weights (*.pth *.pt *.ckpt)")
        self.weights.line.setPlaceholderText("None: start afresh")
        self.accumulate = whole_number(about["accumulate"], 1)
        self.seed = whole_number(about["seed"], 0)
        self.device = QComboBox(toolTip=about["device"].text, accessibleName="Device")
        for device, title in DEVICES.items():
            self.device.addItem(title, device)
        self.runs_folder = PathField(Kind.FOLDER, "Folder for runs")
        self.runs_folder.line.setPlaceholderText("Beside the label file")
        self.more = QPushButton("More settings", checkable=True)
        self.more.setProperty("role", "link")

    def _lay_out_main(self) -> QFormLayout:
        form = _form()
        form.addRow("Slides", self.slides)
        form.addRow("Labels", self.labels)
        form.addRow("Network", self.model)
        form.addRow("Tile size", self.tile_size)
        form.addRow("Level", self.level)
        form.addRow("Crop size", self.crop_size)
        form.addRow("Epochs", self.epochs)
        form.addRow("Learning rate", self.learning_rate)
        form.addRow("Validation", self.validation)
        return form

    def _lay_out_further(self) -> QWidget:
        section = QWidget()
        form = _form()
        form.addRow("Pooling", self.head)
        form.addRow("Crops a slide", self.crops_per_slide)
        form.addRow("Start from", self.weights)
        form.addRow("Slides a step", self.accumulate)
        form.addRow("Seed", self.seed)
        form.addRow("Device", self.device)
        form.addRow("Save runs in", self.runs_folder)
        section.setLayout(form)
        section.setVisible(False)
        return section

    def _connect(self) -> None:
        self.more.toggled.connect(self._further.setVisible)
        self.tile_size.currentTextChanged.connect(self.tiling_changed)
        self.level.valueChanged.connect(self.tiling_changed)
        for field in (self.slides, self.labels, self.runs_folder):
            field.changed.connect(self.changed)


def _form() -> QFormLayout:
    form = QFormLayout()
    form.setContentsMargins(0, 0, 0, 0)
    form.setHorizontalSpacing(12)
    form.setVerticalSpacing(6)
    form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    return form
