"""The fields of the training form, made from what the settings say of themselves."""

from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QWidget

from wholefield.networks.msd.enums import Loss
from wholefield.runs.settings import RunSettings
from wholefield.tasks.stacks.settings import (
    Noise2InverseSettings,
    StackRegressionSettings,
    StackSegmentationSettings,
)
from wholefield.tomography.enums import Strategy
from wholefield.training.settings import Schedule
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
from wholefield_app.panels.heading import muted
from wholefield_app.panels.path_field import Kind, PathField

TASKS: dict[type[RunSettings], str] = {
    StackRegressionSettings: "Denoise or restore",
    StackSegmentationSettings: "Segment",
    Noise2InverseSettings: "Noise2Inverse",
}
NETWORKS = {2: "2-D, slice by slice", 3: "3-D, whole volumes"}
WHOLE = {2: "Whole slices", 3: "Whole volumes"}
SCHEDULES = {each: each.label for each in Schedule}
LOSSES = {Loss.L2: "Squared error (L2)", Loss.L1: "Absolute error (L1)"}
STRATEGIES = {Strategy.X_TO_1: "X:1, cleaner input", Strategy.ONE_TO_X: "1:X, cleaner target"}


class Fields:
    """All fields, each called as its setting is."""

    def __init__(self) -> None:
        pair, scan = abouts(StackRegressionSettings), abouts(Noise2InverseSettings)
        labels = abouts(StackSegmentationSettings)
        self.task = QComboBox(toolTip="What the network learns", accessibleName="Task")
        for config, title in TASKS.items():
            self.task.addItem(title, config)
        self.stack = PathField(Kind.FILE, "Input stack")
        self.target = PathField(Kind.FILE, "Target stack")
        self.projections = PathField(Kind.FILE, "Projections", "HDF5 (*.h5 *.hdf5 *.hdf *.nxs)")
        for field, name in ((self.stack, "stack"), (self.target, "target")):
            field.setToolTip(pair[name].text)
        self.projections.setToolTip(scan["projections"].text)
        self.label_values = line(labels["label_values"].text, "Classes")
        self.label_values.setPlaceholderText("All values of the target")
        self.ignore_label = line(labels["ignore_label"].text, "Ignored labels")
        self.ignore_label.setPlaceholderText("None")
        self.found = muted()
        self.found.setToolTip("Values of the target, with their shares of the voxels")
        self.network = choice(NETWORKS, pair["ndim"].text, "Network")
        self.depth = whole_number(pair["depth"], 30, step=10)
        self.width = whole_number(pair["width"], 1)
        self.crop_size = whole_number(pair["crop_size"], 128, step=16, none=WHOLE[2])
        self.crops = whole_number(pair["crops"], 4)
        self.epochs = whole_number(pair["epochs"], 20)
        self.learning_rate = RateField(pair["learning_rate"], 1e-3)
        self.validation_fraction = percentage(pair["validation_fraction"], 0.2)
        self.preview_slice = whole_number(pair["preview_slice"], 0)
        self.preview_slice.setRange(-1, 10**6)
        self.preview_slice.setSpecialValueText("In the middle")
        self.dilations = line(pair["dilations"].text, "Dilations")
        self.batch_size = whole_number(pair["batch_size"], 1)
        self.slab = whole_number(pair["slab"], 1, step=2)
        self.loss = choice(LOSSES, pair["loss"].text, "Loss")
        self.parts = whole_number(scan["parts"], 4)
        self.strategy = choice(STRATEGIES, scan["strategy"].text, "Strategy")
        self.balance = QCheckBox("Weigh them up", toolTip=labels["balance"].text)
        self.schedule = choice(SCHEDULES, pair["schedule"].text, "Schedule")
        self.patience = whole_number(pair["patience"], 0, none="Never")
        self.seed = whole_number(pair["seed"], 0)
        self.device = choice(DEVICES, pair["device"].text, "Device")
        self.runs_folder = PathField(Kind.FOLDER, "Folder for runs")
        self.runs_folder.line.setPlaceholderText("Beside the input")

    @property
    def paths(self) -> tuple[PathField, ...]:
        """The fields that hold a path."""
        return self.stack, self.target, self.projections, self.runs_folder

    def lay_out_main(self) -> QFormLayout:
        """The rows that are always in sight."""
        return _with_rows(form_layout(), (
            ("Task", self.task), ("Input", self.stack), ("Target", self.target),
            ("Projections", self.projections), ("Classes", self.label_values), ("Ignored labels", self.ignore_label),
            ("", self.found), ("Network", self.network), ("Depth", self.depth), ("Width", self.width),
            ("Crop size", self.crop_size), ("Epochs", self.epochs), ("Learning rate", self.learning_rate),
            ("Validation", self.validation_fraction), ("Preview slice", self.preview_slice),
        ))  # fmt: skip

    def lay_out_further(self, section: QWidget) -> QFormLayout:
        """The rows that are folded away."""
        return _with_rows(form_layout(section), (
            ("Dilations", self.dilations), ("Crops a slice", self.crops), ("Crops a step", self.batch_size),
            ("Slices seen", self.slab), ("Loss", self.loss), ("Parts", self.parts),
            ("Strategy", self.strategy), ("Rare classes", self.balance), ("Rate over time", self.schedule),
            ("Give up after", self.patience), ("Seed", self.seed), ("Device", self.device),
            ("Save runs in", self.runs_folder),
        ))  # fmt: skip


def _with_rows(form: QFormLayout, rows: tuple[tuple[str, QWidget], ...]) -> QFormLayout:
    for title, field in rows:
        form.addRow(title, field)
    return form
