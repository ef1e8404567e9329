"""The fields of the training form, made from what the settings say of themselves."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QWidget

from wholefield.networks.registry import CLASSIFIERS
from wholefield.tasks.slides.settings import ClassifySettings, Head, SegmentSettings, SlideTrainingSettings
from wholefield_app.panels.fields import (
    DEVICES,
    RateField,
    abouts,
    choice,
    form_layout,
    line,
    percentage,
    whole_number,
)
from wholefield_app.panels.more_settings import MoreSettings
from wholefield_app.panels.path_field import Kind, PathField

TILE_SIZES = (128, 256, 512, 1024, 2048)
TASKS: dict[type[SlideTrainingSettings], str] = {
    ClassifySettings: "Classify slides",
    SegmentSettings: "Segment pixels",
}
HEADS = {Head.AVERAGE: "Mean of the slide", Head.ATTENTION: "Gated attention"}
LARGEST_LABEL = 65535


class SlideFields:
    """The fields of a form, and their rows; only those of the chosen task show."""

    def make_fields(self) -> None:
        """Make them all."""
        self._make_data_fields()
        self._make_network_fields()
        self._make_training_fields()
        self._make_segmentation_fields()
        self.more = MoreSettings()

    def lay_out_main(self) -> QFormLayout:
        """The rows that are always in sight."""
        return _with_rows(form_layout(), (
            ("Task", self.task), ("Slides", self.slides), ("Labels", self.labels), ("Masks", self.masks),
            ("Classes", self.names), ("Network", self.model), ("Tile size", self.tile_size), ("Level", self.level),
            ("Crop size", self.crop_size), ("Epochs", self.epochs), ("Learning rate", self.learning_rate),
            ("Validation", self.validation),
        ))  # fmt: skip

    def lay_out_further(self, section: QWidget) -> QFormLayout:
        """The rows that are folded away."""
        return _with_rows(form_layout(section), (
            ("Pooling", self.head), ("U-Net width", self.width_), ("U-Net depth", self.depth),
            ("Labels above 0", self.foreground), ("Ignored label", self.ignore_label), ("Rare classes", self.balance),
            ("Crops a slide", self.crops_per_slide), ("Turns", self.turns), ("Tint", self.tint),
            ("Start from", self.weights), ("Slides a step", self.accumulate), ("Seed", self.seed),
            ("Device", self.device), ("Save runs in", self.runs_folder),
        ))  # fmt: skip

    @property
    def of_classification(self) -> tuple[QWidget, ...]:
        """Fields that only a classification has."""
        return self.labels, self.model, self.head

    @property
    def of_segmentation(self) -> tuple[QWidget, ...]:
        """Fields that only a segmentation has."""
        return (
            self.masks,
            self.names,
            self.width_,
            self.depth,
            self.foreground,
            self.ignore_label,
            self.balance,
        )

    def _make_data_fields(self) -> None:
        about = dict(abouts(SegmentSettings)) | dict(abouts(ClassifySettings))
        self.task = choice(TASKS, "What the network learns", "Task")
        self.slides = PathField(Kind.FOLDER, "Folder of slides")
        self.labels = PathField(Kind.FILE, "Label file", "Tables (*.csv)")
        self.masks = PathField(Kind.FILE, "Table of masks", "Tables (*.csv)")
        for name in ("slides", "labels", "masks"):
            getattr(self, name).setToolTip(about[name].text)

    def _make_network_fields(self) -> None:
        about = abouts(ClassifySettings)
        self.model = QComboBox(accessibleName="Network", toolTip=about["model"].text)
        for entry in CLASSIFIERS:
            self.model.addItem(entry.title, entry.name)
            self.model.setItemData(self.model.count() - 1, entry.description, Qt.ItemDataRole.ToolTipRole)
        self.tile_size = QComboBox(editable=True, toolTip=about["tile_size"].text, accessibleName="Tile size")
        self.tile_size.addItems([str(size) for size in TILE_SIZES])
        self.tile_size.setValidator(QIntValidator(1, 1_000_000, self.tile_size))
        self.level = whole_number(about["level"], 0)
        self.level.setMaximum(20)
        self.head = choice(HEADS, about["head"].text, "Pooling")
        self.weights = PathField(Kind.FILE, "Weights to start from", "Weights (*.pth *.pt *.ckpt)")
        self.weights.line.setPlaceholderText("None: start afresh")

    def _make_training_fields(self) -> None:
        about = abouts(ClassifySettings)
        self.crop_size = whole_number(about["crop_size"], 0, step=128, none="Whole slide")
        self.crops_per_slide = whole_number(about["crops_per_slide"], 1)
        self.epochs = whole_number(about["epochs"], 20)
        self.learning_rate = RateField(about["learning_rate"], 1e-3)
        self.validation = percentage(about["validation_fraction"], 0.25)
        self.turns = QCheckBox("Turn and mirror at random", toolTip=about["turns"].text)
        self.tint = percentage(about["tint"], 0.01)
        self.tint.setRange(0, 100)
        self.tint.setSpecialValueText("None")
        self.accumulate = whole_number(about["accumulate"], 1)
        self.seed = whole_number(about["seed"], 0)
        self.device = choice(DEVICES, about["device"].text, "Device")
        self.runs_folder = PathField(Kind.FOLDER, "Folder for runs")
        self.runs_folder.line.setPlaceholderText("Beside the labels or masks")

    def _make_segmentation_fields(self) -> None:
        about = abouts(SegmentSettings)
        self.names = line(about["names"].text, "Classes")
        self.names.setPlaceholderText("For example background, gland")
        self.width_ = whole_number(about["width"], 16)
        self.depth = whole_number(about["depth"], 3)
        self.foreground = QCheckBox("Are one class", toolTip=about["foreground"].text)
        self.ignore_label = whole_number(about["ignore_label"], 0)
        self.ignore_label.setRange(-1, LARGEST_LABEL)
        self.ignore_label.setSpecialValueText("None")
        self.ignore_label.setValue(-1)
        self.balance = QCheckBox("Count for more", toolTip=about["balance"].text)


def _with_rows(form: QFormLayout, rows: tuple[tuple[str, QWidget], ...]) -> QFormLayout:
    for title, field in rows:
        form.addRow(title, field)
    return form
