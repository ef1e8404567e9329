"""The dialog in which an export is set up: what, of which stretch, how large, how fast, and where it goes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.panels.fields import TEXT_MARGINS, choice, form_layout
from app.panels.heading import muted
from app.viewer.events.flow_layer import FlowProvider
from app.viewer.events.player import SPEEDS
from app.viewer.events.style import FrameStyle
from app.viewer.events.timeline import Span, span_text
from app.viewer.events.transport import speed_text
from app.workspaces.events.exporting import Export, ExportKind
from app.workspaces.events.exporting_frames import Framing, Moments, framing_of_size
from engine.export.video import VideoFormat

KINDS = {
    ExportKind.VIDEO: "Video ({video})",
    ExportKind.FRAMES: "Frames (PNG)",
    ExportKind.HDF5: "Flow (HDF5)",
    ExportKind.FLO: "Flow (.flo files)",
    ExportKind.PNG: "Flow (16-bit PNG of DSEC)",
}
FACTORS = (0.5, 1.0, 2.0, 3.0, 4.0)
AS_SEEN = "As in the window, {width} × {height} px"
SIZES = "{factor:g} × the sensor, {width} × {height} px"
MIN_WIDTH = 460
HDF5_FILTER = "HDF5 (*.h5)"


@dataclass(frozen=True)
class Shown:
    """What the window shows, from which an export begins.

    Attributes:
        recording: The file.
        duration_us: Its length.
        span: The stretch that is played.
        speed: How fast it is played.
        size: Of a frame in px of the sensor.
        style: How frames look.
        framing: Where the frame lies in the view.
        flow: The flow over the events, or None.
        delta_t: Length of a field of it in us.
    """

    recording: Path
    duration_us: int
    span: Span
    speed: float
    size: tuple[int, int]
    style: FrameStyle
    framing: Framing
    flow: FlowProvider | None
    delta_t: int


class ExportDialog(QDialog):
    """Asks for an Export.

    Signals:
        wanted: The Export.
    """

    wanted = Signal(object)

    def __init__(self, shown: Shown, video: VideoFormat, folder: Path, parent: QWidget | None = None) -> None:
        """Begin with what the window shows; `video` is the format of videos, files are offered in `folder`."""
        super().__init__(parent)
        self.setWindowTitle(f"Export {shown.recording.name}")
        self.setMinimumWidth(MIN_WIDTH)
        self._shown = shown
        self._video = video
        self._suffixes = {ExportKind.VIDEO: video.suffix, ExportKind.HDF5: ".h5"}
        self._folder = folder
        self._make_fields()
        self.summary = muted()
        self.buttons = QDialogButtonBox()
        self.export = QPushButton("Export to…", default=True)
        self.export.setProperty("role", "primary")
        self.buttons.addButton(self.export, QDialogButtonBox.ButtonRole.ActionRole)
        self.buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        self._form = self._lay_out()
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        for part in (self._form, self.summary, self.buttons):
            layout.addLayout(part) if isinstance(part, QFormLayout) else layout.addWidget(part)
        self._connect()
        self._follow()

    @property
    def kind(self) -> ExportKind:
        """What is to be written."""
        return ExportKind(self.what.currentData())

    @property
    def moments(self) -> Moments:
        """The moments of the pictures."""
        return Moments(self.start.value(), self.end.value(), self.fps.value(), self.speed.currentData())

    @property
    def suggestion(self) -> Path:
        """The file, or the folder of the files, that is offered."""
        stem = self._shown.recording.stem
        names = {ExportKind.VIDEO: stem, ExportKind.FRAMES: f"{stem}_frames"}
        return self._folder / (names.get(self.kind, f"{stem}_flow") + self._suffixes.get(self.kind, ""))

    def settings(self, path: Path) -> Export:
        """What is asked for, with a file or folder to write."""
        shown = self._shown
        style = replace(shown.style, legend=self.legend.isChecked(), time_stamp=self.time_stamp.isChecked())
        return Export(
            self.kind, path, shown.recording, shown.flow, self.moments, style, self.size.currentData(),
            self.delta_t.value(),
        )  # fmt: skip

    def _make_fields(self) -> None:
        shown = self._shown
        kinds = {
            kind: title.format(video=self._video.title)
            for kind, title in KINDS.items()
            if kind.pictures or shown.flow is not None
        }
        self.what = choice(kinds, "What is written", "What")
        self.start = _time("When the export begins", 0, shown.duration_us - 1, shown.span.start_us)
        self.end = _time("When the export ends", 1, shown.duration_us, shown.span.end_us)
        self.fps = QDoubleSpinBox(decimals=2, minimum=1, maximum=240, value=30, suffix=" frames/s")
        self.fps.setToolTip("Frames in a second of the video")
        self.speed = choice(
            {speed: speed_text(speed) for speed in SPEEDS}, "How fast time passes in the video", "Speed"
        )
        self.speed.setCurrentIndex(SPEEDS.index(shown.speed))
        self.size = choice({}, "Size of the pictures", "Size")
        for title, framing in self._framings().items():
            self.size.addItem(title, framing)
        self.legend = QCheckBox("Colour wheel of the flow", checked=shown.style.legend)
        self.time_stamp = QCheckBox("Time stamp", checked=shown.style.time_stamp)
        self.delta_t = _time(
            "Fields hold the displacements in so much time", 1, shown.duration_us, shown.delta_t
        )
        for box in (self.fps, self.start, self.end, self.delta_t):
            box.lineEdit().setTextMargins(*TEXT_MARGINS)

    def _framings(self) -> Mapping[str, Framing]:
        shown, width, height = self._shown, self._shown.framing.width, self._shown.framing.height
        found = {AS_SEEN.format(width=width, height=height): shown.framing}
        for factor in FACTORS:
            framing = framing_of_size(shown.size, factor, shown.style.scheme.background)
            title = SIZES.format(factor=factor, width=framing.width, height=framing.height)
            found[title] = framing
        return found

    def _lay_out(self) -> QFormLayout:
        form = form_layout()
        for title, field in (
            ("What", self.what), ("From", self.start), ("To", self.end), ("Time step", self.delta_t),
            ("Frame rate", self.fps), ("Speed", self.speed), ("Size", self.size), ("Shown", self._checks()),
        ):  # fmt: skip
            form.addRow(title, field)
        return form

    def _checks(self) -> QWidget:
        self._shown_row = QWidget()
        row = QHBoxLayout(self._shown_row)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.legend)
        row.addWidget(self.time_stamp)
        row.addStretch()
        return self._shown_row

    def _connect(self) -> None:
        for box in (self.what, self.speed, self.size):
            box.currentIndexChanged.connect(self._follow)
        for field in (self.start, self.end, self.fps, self.delta_t):
            field.valueChanged.connect(self._follow)
        self.export.clicked.connect(self._ask)
        self.buttons.rejected.connect(self.reject)

    @Slot()
    def _follow(self) -> None:
        """Show the fields that matter, and what comes of them."""
        kind, pictures = self.kind, self.kind.pictures
        for field in (self.fps, self.speed, self.size, self._shown_row):
            self._form.setRowVisible(field, pictures)
        self._form.setRowVisible(self.delta_t, not pictures)
        self._form.setRowVisible(self.start, kind is not ExportKind.HDF5)
        self.export.setEnabled(self.end.value() > self.start.value())
        self.summary.setText(self._describe())
        self.adjustSize()

    def _describe(self) -> str:
        length = self.end.value() - self.start.value()
        if length <= 0:
            return "The end must be after the beginning."
        if not self.kind.pictures:
            return self._describe_fields()
        moments, framing = self.moments, self.size.currentData()
        text = f"{len(moments):,} frames of {framing.width} × {framing.height} px"
        return f"{text}, {moments.seconds:.1f} s of video." if self.kind is ExportKind.VIDEO else f"{text}."

    def _describe_fields(self) -> str:
        single = self.kind is ExportKind.HDF5
        first = 0 if single else self.start.value()
        count = -(-(self.end.value() - first) // self.delta_t.value())
        where = "in one file, from the beginning of the recording on" if single else "in as many files"
        return (
            f"{count:,} fields of displacements in px {where}, one every {span_text(self.delta_t.value())}."
        )

    @Slot()
    def _ask(self) -> None:
        """Let the user choose the file or folder, and hand over what was asked for."""
        if self._suffixes.get(self.kind):
            name, _ = QFileDialog.getSaveFileName(self, "Export to", str(self.suggestion), self._filter())
        else:
            name = QFileDialog.getExistingDirectory(self, "Export into a folder", str(self.suggestion.parent))
        if name:
            path = Path(name)
            suffix = self._suffixes.get(self.kind)
            self.wanted.emit(
                self.settings(path.with_suffix(suffix) if suffix else path / self.suggestion.name)
            )
            self.accept()

    def _filter(self) -> str:
        return HDF5_FILTER if self.kind is ExportKind.HDF5 else f"Videos (*{self._video.suffix})"


def _time(text: str, least: int, most: int, value: int) -> QSpinBox:
    box = QSpinBox(suffix=" µs", groupSeparatorShown=True, toolTip=text, accessibleName=text)
    box.setRange(least, max(least, min(most, 2**31 - 1)))
    box.setSingleStep(10_000)
    box.setValue(value)
    return box
