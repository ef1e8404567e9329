"""The dialog in which an export is set up: what, which range, how large, how fast, and where it goes."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from wholefield.export.recordings.formats import FILES, EventFormat
from wholefield.export.video import VideoFormat
from wholefield.tasks.events.events_export_settings import Clock, EventsExportSettings
from wholefield.tasks.events.export_settings import FlowExportSettings
from wholefield.tasks.events.settings import FlowFormat
from wholefield_app.document.commands import command_of
from wholefield_app.forms.layout import TEXT_MARGINS, choice, form_layout
from wholefield_app.video.frames import framing_of_size
from wholefield_app.video.settings import Pictures, VideoSettings
from wholefield_app.viewer.events.player import SPEEDS
from wholefield_app.viewer.events.timeline import span_text
from wholefield_app.viewer.events.transport import speed_text
from wholefield_app.widgets.heading import muted
from wholefield_app.widgets.number_boxes import RealBox
from wholefield_app.workspaces.events.export import ExportSettings, Shown, events_of, flow_values, video_of


class ExportKind(StrEnum):
    """What is written."""

    VIDEO = "video"
    FRAMES = "frames"
    HDF5 = "hdf5"
    FLO = "flo"
    PNG = "png"
    EVENTS = "events"

    @property
    def pictures(self) -> bool:
        """Whether it is what the window shows; the others are numbers."""
        return self in (ExportKind.VIDEO, ExportKind.FRAMES)


KINDS = {
    ExportKind.VIDEO: "Video ({video})",
    ExportKind.FRAMES: "Frames (PNG)",
    ExportKind.HDF5: "Flow (HDF5)",
    ExportKind.FLO: "Flow (.flo files)",
    ExportKind.PNG: "Flow (DSEC 16-bit PNG)",
    ExportKind.EVENTS: "Events",
}
FACTORS = (0.5, 1.0, 2.0, 3.0, 4.0)
AS_SEEN = "As in the window, {width} × {height} px"
SIZES = "{factor:g} × the sensor, {width} × {height} px"
MIN_WIDTH = 460
HDF5_FILTER = "HDF5 (*.h5)"
COPIED = "The command line was copied to the clipboard."


class ExportDialog(QDialog):
    """Asks for the settings of an export.

    Signals:
        wanted: The settings.
    """

    wanted = Signal(object)

    def __init__(
        self,
        shown: Shown,
        video: VideoFormat,
        folder: Path,
        parent: QWidget | None = None,
        kind: ExportKind = ExportKind.VIDEO,
    ) -> None:
        """Begin with what the window shows; `video` is the format of videos, files are offered in `folder`."""
        super().__init__(parent)
        self.setWindowTitle(f"Export {shown.recording.name}")
        self.setMinimumWidth(MIN_WIDTH)
        self.setObjectName("form")
        self._shown = shown
        self._video = video
        self._suffixes = {ExportKind.VIDEO: video.suffix, ExportKind.HDF5: ".h5"}
        self._folder = folder
        self._make_fields()
        self.summary = muted()
        self.buttons = QDialogButtonBox()
        self.export = QPushButton("Export to…", default=True)
        self.export.setProperty("role", "primary")
        self.copy = QPushButton("Copy as command")
        self.copy.setToolTip("Copy the equivalent command line")
        self.buttons.addButton(self.copy, QDialogButtonBox.ButtonRole.ActionRole)
        self.buttons.addButton(self.export, QDialogButtonBox.ButtonRole.AcceptRole)
        self.buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        self._form = self._lay_out()
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        for part in (self._form, self.summary, self.buttons):
            layout.addLayout(part) if isinstance(part, QFormLayout) else layout.addWidget(part)
        self.what.setCurrentIndex(self.what.findData(kind))
        self._connect()
        self._follow()

    @property
    def kind(self) -> ExportKind:
        """What is to be written."""
        return ExportKind(self.what.currentData())

    @property
    def suggestion(self) -> Path:
        """The file, or the folder of the files, that is offered."""
        stem = self._shown.recording.stem
        if self.kind is ExportKind.EVENTS:
            return self._folder / f"{stem}_cut{self._suffix}"
        names = {ExportKind.VIDEO: stem, ExportKind.FRAMES: f"{stem}_frames"}
        return self._folder / (names.get(self.kind, f"{stem}_flow") + self._suffixes.get(self.kind, ""))

    @property
    def _suffix(self) -> str:
        """How the file ends that is written; empty for a folder of files."""
        if self.kind is ExportKind.EVENTS:
            return FILES[EventFormat(self.format.currentData())].suffixes[0]
        return self._suffixes.get(self.kind, "")

    def settings(self, path: Path) -> ExportSettings:
        """What is asked for, with a file or folder to write."""
        if self.kind is ExportKind.EVENTS:
            return self._events_settings(path)
        return self._video_settings(path) if self.kind.pictures else self._flow_settings(path)

    def _events_settings(self, path: Path) -> EventsExportSettings:
        return events_of(
            self._shown, path, format=EventFormat(self.format.currentData()), start_us=_us(self.start),
            end_us=self._shown.end_of(_us(self.end)), clock=Clock(self.clock.currentData()),
        )  # fmt: skip

    def _video_settings(self, path: Path) -> VideoSettings:
        return video_of(
            self._shown, path, what=Pictures(self.kind), start_us=_us(self.start),
            end_us=self._shown.end_of(_us(self.end)), fps=self.fps.value(), speed=self.speed.currentData(),
            legend=self.legend.isChecked(), time_stamp=self.time_stamp.isChecked(), **self.picture_size.currentData(),
        )  # fmt: skip

    def _flow_settings(self, path: Path) -> FlowExportSettings:
        """Rows of labels count from the beginning of the recording, so HDF5 begins there, too."""
        return FlowExportSettings(
            recording=self._shown.recording, reading=self._shown.reading, filters=self._shown.filters, out=path,
            format=FlowFormat(self.kind), delta_t=_us(self.delta_t),
            start_us=0 if self.kind is ExportKind.HDF5 else _us(self.start),
            end_us=self._shown.end_of(_us(self.end)), **flow_values(self._shown.flow),
        )  # fmt: skip

    def _make_fields(self) -> None:
        shown = self._shown
        kinds = {
            kind: title.format(video=self._video.title)
            for kind, title in KINDS.items()
            if kind.pictures or kind is ExportKind.EVENTS or shown.flow is not None
        }
        self.what = choice(kinds, "What to export", "What")
        self.start = _time("Start of the export", 0, shown.duration_us - 1, shown.span.start_us)
        self.end = _time("End of the export", 1, shown.duration_us, shown.span.end_us)
        self.fps = RealBox(decimals=2, minimum=1, maximum=240, value=30, suffix=" frames/s")
        self.fps.setToolTip("Frames per second of the video")
        self.speed = choice(
            {speed: speed_text(speed) for speed in SPEEDS}, "Playback speed of the video", "Speed"
        )
        self.speed.setCurrentIndex(SPEEDS.index(shown.speed))
        self.picture_size = choice({}, "Size of the frames", "Size")
        for title, values in self._sizes().items():
            self.picture_size.addItem(title, values)
        self.legend = QCheckBox("Color wheel of the flow")
        self.legend.setChecked(shown.style.legend)
        self.time_stamp = QCheckBox("Timestamp")
        self.time_stamp.setChecked(shown.style.time_stamp)
        self.delta_t = _time(
            "Time that the displacements of a field span", 1, shown.duration_us, shown.delta_t
        )
        self.format = choice({kind: kind.label for kind in FILES}, "Format of the events", "Format")
        self.clock = choice({kind: kind.label for kind in Clock}, "From when times count", "Times")
        for box in (self.fps, self.start, self.end, self.delta_t):
            box.lineEdit().setTextMargins(*TEXT_MARGINS)

    def _sizes(self) -> Mapping[str, dict[str, Any]]:
        """The sizes on offer with their settings; none means that of the view."""
        shown = self._shown
        found: dict[str, dict[str, Any]] = {
            AS_SEEN.format(width=shown.framing.width, height=shown.framing.height): {}
        }
        for factor in FACTORS:
            framing = framing_of_size(shown.size, factor, shown.style.scheme.background)
            title = SIZES.format(factor=factor, width=framing.width, height=framing.height)
            found[title] = {"zoom": factor}
        return found

    def _lay_out(self) -> QFormLayout:
        form = form_layout()
        for title, field in (
            ("What", self.what), ("Format", self.format), ("From", self.start), ("To", self.end),
            ("Times", self.clock), ("Time step", self.delta_t), ("Frame rate", self.fps), ("Speed", self.speed),
            ("Size", self.picture_size), ("Shown", self._checks()),
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
        for box in (self.what, self.speed, self.picture_size, self.format, self.clock):
            box.currentIndexChanged.connect(self._follow)
        for field in (self.start, self.end, self.fps, self.delta_t):
            field.valueChanged.connect(self._follow)
        self.export.clicked.connect(self._ask)
        self.copy.clicked.connect(self._copy)
        self.buttons.rejected.connect(self.reject)

    @Slot()
    def _follow(self) -> None:
        """Show the fields that matter, and what comes of them."""
        kind, pictures = self.kind, self.kind.pictures
        for field in (self.fps, self.speed, self.picture_size, self._shown_row):
            self._form.setRowVisible(field, pictures)
        for field in (self.format, self.clock):
            self._form.setRowVisible(field, kind is ExportKind.EVENTS)
        self._form.setRowVisible(self.delta_t, not pictures and kind is not ExportKind.EVENTS)
        self._form.setRowVisible(self.start, kind is not ExportKind.HDF5)
        for button in (self.copy, self.export):
            button.setEnabled(_us(self.end) > _us(self.start))
        self.summary.setText(self._describe())
        self.adjustSize()

    def _describe(self) -> str:
        length = _us(self.end) - _us(self.start)
        if length <= 0:
            return "The end must be after the start."
        if self.kind is ExportKind.EVENTS:
            through = f", through {self._shown.filters}" if self._shown.filters else ""
            return f"The events of {span_text(length)}{through}."
        if not self.kind.pictures:
            return self._describe_fields()
        video = self._video_settings(self.suggestion)
        moments, framing = video.moments(self._shown.duration_us), video.framing(self._shown.size)
        text = f"{len(moments):,} frames of {framing.width} × {framing.height} px"
        return f"{text}, {moments.seconds:.1f} s of video." if self.kind is ExportKind.VIDEO else f"{text}."

    def _describe_fields(self) -> str:
        single = self.kind is ExportKind.HDF5
        first = 0 if single else _us(self.start)
        count = -(-(_us(self.end) - first) // _us(self.delta_t))
        where = "in one file, from the start of the recording" if single else "in separate files"
        return f"{count:,} fields of displacements in px {where}, one every {span_text(_us(self.delta_t))}."

    @Slot()
    def _copy(self) -> None:
        """Copy the command to the clipboard; the user has not chosen its output yet."""
        QGuiApplication.clipboard().setText(command_of(self.settings(Path(self.suggestion.name))))
        self.summary.setText(COPIED)

    @Slot()
    def _ask(self) -> None:
        """Let the user choose the file or folder, and hand over what was asked for."""
        suffix = self._suffix
        if suffix:
            name, _ = QFileDialog.getSaveFileName(self, "Export to", str(self.suggestion), self._filter())
        else:
            name = QFileDialog.getExistingDirectory(self, "Export into a folder", str(self.suggestion.parent))
        if name:
            path = Path(name)
            self.wanted.emit(
                self.settings(path.with_suffix(suffix) if suffix else path / self.suggestion.name)
            )
            self.accept()

    def _filter(self) -> str:
        if self.kind is ExportKind.EVENTS:
            return f"{self.format.currentText()} (*{self._suffix})"
        return HDF5_FILTER if self.kind is ExportKind.HDF5 else f"Videos (*{self._video.suffix})"


def _time(text: str, least: int, most: int, value: int) -> RealBox:
    """A field for a time in us; a spin box of whole numbers would end after 36 minutes."""
    box = RealBox(decimals=0, suffix=" µs")
    box.setGroupSeparatorShown(True)
    box.setToolTip(text)
    box.setAccessibleName(text)
    box.setRange(least, max(least, most))
    box.setSingleStep(10_000)
    box.setValue(value)
    return box


def _us(box: RealBox) -> int:
    return round(box.value())
