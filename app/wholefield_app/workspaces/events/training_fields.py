"""The fields of the form for training on recordings, made from what the settings say of themselves."""

from enum import StrEnum

from PySide6.QtWidgets import QCheckBox, QComboBox

from wholefield.tasks.events.settings import FlowNet, FlowSettings, RnnCell, Teacher
from wholefield_app.panels.fields import (
    DEVICES,
    RateField,
    WeightField,
    abouts,
    choice,
    percentage,
    whole_number,
)
from wholefield_app.panels.path_field import Kind, PathField


class Source(StrEnum):
    """What is trained on."""

    FILE = "file"
    FOLDER = "folder"


SOURCES = {Source.FILE: "One recording", Source.FOLDER: "A folder of recordings"}
NETWORKS = {
    FlowNet.EMINET: "eminet",
    FlowNet.EMINET_NON_SEP: "eminet, full convolutions",
    FlowNet.MIDINET: "midinet",
    FlowNet.MIDINET2: "midinet 2",
}
TEACHERS = {
    Teacher.FRAMES: "Warped frames",
    Teacher.CONTRAST: "Sharpness of the events",
    Teacher.LABELS: "Known flow",
}
CELLS = {RnnCell.LSTM: "LSTM", RnnCell.GRU: "GRU"}

WHOLE = (
    "delta_t",
    "downsampling",
    "epochs",
    "repeats",
    "num_tbins",
    "base",
    "scales",
    "batch_size",
    "contrast_events",
    "seed",
)
WEIGHTS = (
    "weight_contrast", "weight_bw_deblur", "weight_data", "weight_time_consistency", "weight_smoothness",
    "weight_smoothness2", "weight_l1",
)  # fmt: skip
CHOICES = {"network": FlowNet, "teacher": Teacher, "rnn_cell": RnnCell}
OF_TEACHER = {
    Teacher.FRAMES: ("weight_bw_deblur", "weight_data", "weight_time_consistency"),
    Teacher.CONTRAST: ("weight_contrast", "contrast_events"),
    Teacher.LABELS: (),
}


class Fields:
    """All fields, each called as its setting is."""

    def __init__(self) -> None:
        about = abouts(FlowSettings)
        self.source = choice(SOURCES, about["recordings"].text, "Train on")
        self.file = PathField(Kind.FILE, "Recording")
        self.folder = PathField(Kind.FOLDER, "Folder of recordings")
        for field in (self.file, self.folder):
            field.setToolTip(about["recordings"].text)
        self.preprocess = QComboBox(toolTip=about["preprocess"].text, accessibleName="Representation")
        self.preprocess.addItems(representations())
        self.network = choice(NETWORKS, about["network"].text, "Network")
        self.teacher = choice(TEACHERS, about["teacher"].text, "Learn from")
        self.rnn_cell = choice(CELLS, about["rnn_cell"].text, "Memory")
        self.device = choice(DEVICES, about["device"].text, "Device")
        for name in WHOLE:
            setattr(self, name, whole_number(about[name], 1))
        self.delta_t.setSingleStep(1000)
        for field in (self.delta_t, self.contrast_events):
            field.setGroupSeparatorShown(True)
        self.delta_t.setSuffix(" µs")
        self.contrast_events.setSingleStep(5000)
        for name in WEIGHTS:
            setattr(self, name, WeightField(about[name], 0))
        self.crop_size = whole_number(about["crop_size"], 0, step=16, none="Whole sensor")
        self.augment = QCheckBox("At random", toolTip=about["augment"].text)
        self.curriculum = RateField(about["curriculum"], 1.414)
        self.learning_rate = RateField(about["learning_rate"], 2e-3)
        self.validation_fraction = percentage(about["validation_fraction"], 0.2)
        self.preview_us = whole_number(about["preview_us"], 0, step=10_000)
        self.preview_us.setRange(-1, 2**31 - 1)
        self.preview_us.setGroupSeparatorShown(True)
        self.preview_us.setSuffix(" µs")
        self.preview_us.setSpecialValueText("Where validation begins")
        self.runs_folder = PathField(Kind.FOLDER, "Folder for runs")
        self.runs_folder.line.setPlaceholderText("Beside the recording")

    @property
    def paths(self) -> tuple[PathField, ...]:
        """The fields that hold a path."""
        return self.file, self.folder, self.runs_folder

    @property
    def rows(self) -> tuple[tuple[str, str], ...]:
        """Titles and names of the fields that are often changed, in their order."""
        return (
            ("Train on", "source"), ("Recording", "file"), ("Folder", "folder"),
            ("Representation", "preprocess"), ("Time bin", "delta_t"), ("Network", "network"),
            ("Learn from", "teacher"), ("Contrast", "weight_contrast"), ("Deblurring", "weight_bw_deblur"),
            ("Next bin", "weight_data"), ("Bin after next", "weight_time_consistency"),
            ("Smoothness", "weight_smoothness2"), ("Epochs", "epochs"), ("Crops a pass", "repeats"),
            ("Crop size", "crop_size"), ("Learning rate", "learning_rate"), ("Preview at", "preview_us"),
        )  # fmt: skip

    @property
    def further_rows(self) -> tuple[tuple[str, str], ...]:
        """Titles and names of the other fields, in their order."""
        return (
            ("Evenness", "weight_smoothness"), ("Smallness", "weight_l1"), ("Events judged", "contrast_events"),
            ("Sensor halved", "downsampling"),
            ("Bins a batch", "num_tbins"), ("Sequences", "batch_size"), ("Channels", "base"), ("Halvings", "scales"),
            ("Memory", "rnn_cell"), ("Mirror", "augment"), ("Longer by", "curriculum"),
            ("Validation", "validation_fraction"), ("Seed", "seed"), ("Device", "device"),
            ("Save runs in", "runs_folder"),
        )  # fmt: skip


def representations() -> list[str]:
    """Names of the representations that are registered."""
    from wholefield.flow.representations import PREPROCESSORS

    return list(PREPROCESSORS)
