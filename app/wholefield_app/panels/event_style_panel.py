"""The view panel of recordings: colors, shading, sharpening, and how flow is shown."""

import re
from collections.abc import Iterable
from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QColor, QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QColorDialog,
    QComboBox,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from wholefield_app.actions import Registry
from wholefield_app.actions.button import ActionButton
from wholefield_app.forms.layout import TEXT_MARGINS, form_layout
from wholefield_app.panels.scrolling import scrolling
from wholefield_app.panels.wrapping import WrappingRow
from wholefield_app.viewer.events.style import SCHEMES, EventsDisplay, FlowMode, FrameStyle, Scheme
from wholefield_app.widgets.heading import heading, muted
from wholefield_app.widgets.number_boxes import RealBox, WholeBox
from wholefield_app.widgets.properties import with_properties

OWN = "Custom colors"
DISPLAYS = {
    EventsDisplay.RAW: "Raw",
    EventsDisplay.SHARPENED: "Sharpened",
    EventsDisplay.BESIDE: "Raw beside sharpened",
}
FLOWS = {
    FlowMode.NONE: "None",
    FlowMode.ARROWS: "Arrows",
    FlowMode.DENSE: "Colors",
    FlowMode.BOTH: "Arrows and colors",
}
PARTS = {"background": "Background", "on": "ON", "off": "OFF"}
PART_ABOUT = {"background": "Background", "on": "Positive events", "off": "Negative events"}
NO_FLOW = "No flow yet: open a flow file or show a network's flow."
SWATCH = 18
NARROWEST = 90


class EventStylePanel(QWidget):
    """Shows a style and signals changes to it.

    Signals:
        changed: The FrameStyle that the user wants.
    """

    changed = Signal(object)

    def __init__(self, registry: Registry, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._style = FrameStyle()
        self.scheme = _choice([*SCHEMES, OWN], "Colors of the events and of the background")
        self.colors = {
            part: with_properties(QPushButton(), toolTip=f"{about}: choose a color")
            for part, about in PART_ABOUT.items()
        }
        self.saturation = _whole(1, 100, "Events per pixel for the full color; 1 turns shading off")
        self.events_view = _choice(
            DISPLAYS.values(), "Sharpened: events are warped along the flow to one moment"
        )
        self.time_stamp = with_properties(
            QCheckBox("Time"), toolTip="Draw the time and the accumulation time into the frame"
        )
        self.legend = with_properties(
            QCheckBox("Color wheel"), toolTip="Show the color wheel of directions and speeds"
        )
        self.flow_source = muted(NO_FLOW)
        self.flow = _choice(FLOWS.values(), "How the flow is shown over the events")
        self.only_on_events = QCheckBox("Only where events are")
        self.step = _whole(2, 200, "Spacing of the arrows", " px")
        self.threshold = _number(0, 1e6, "Speed below which flow has no arrow", " px/s")
        self.scale = _number(
            0.01,
            1000,
            "Length of an arrow, as a multiple of the displacement within the accumulation time",
            " ×",
        )
        self.opacity = _whole(0, 100, "Opacity of the colors", " %")
        self.open_flow = ActionButton(registry["events.open_flow"], parent=self)
        self._lay_out()
        self._connect()
        self.show_style(self._style)

    def show_style(self, style: FrameStyle) -> None:
        """Show a style, without telling of it."""
        self._style = style
        blockers = [QSignalBlocker(field) for field in self._fields]
        names = list(SCHEMES)
        known = next((name for name in names if SCHEMES[name] == style.scheme), OWN)
        self.scheme.setCurrentText(known)
        self.saturation.setValue(style.saturation)
        self.events_view.setCurrentText(DISPLAYS[style.events_view])
        self.flow.setCurrentText(FLOWS[style.flow])
        for name in ("time_stamp", "legend", "only_on_events"):
            getattr(self, name).setChecked(getattr(style, name))
        for name in ("step", "threshold", "scale"):
            getattr(self, name).setValue(getattr(style, name))
        self.opacity.setValue(round(100 * style.opacity))
        for part, button in self.colors.items():
            _paint_button(button, PARTS[part], getattr(style.scheme, part))
        self._follow_flow()
        del blockers

    def show_flow_source(self, name: str) -> None:
        """Tell where flow comes from; an empty name means nowhere."""
        self.flow_source.setText(f"From {breakable(name)}" if name else NO_FLOW)

    @property
    def _fields(self) -> list[QWidget]:
        return [
            self.scheme, self.saturation, self.events_view, self.time_stamp, self.legend, self.flow,
            self.only_on_events, self.step, self.threshold, self.scale, self.opacity,
        ]  # fmt: skip

    def _lay_out(self) -> None:
        inner = with_properties(QWidget(), objectName="form")
        column = QVBoxLayout(inner)
        column.setContentsMargins(12, 8, 12, 12)
        self.form = form_layout()
        for field in (self.saturation, self.step, self.threshold, self.scale, self.opacity):
            field.setMinimumWidth(NARROWEST)
        for row in (
            (heading("Events"),), ("Show", self.events_view), ("Colors", self.scheme),
            (WrappingRow(self.colors.values()),), ("Full color at", self.saturation),
            (WrappingRow([self.time_stamp, self.legend]),),
            (heading("Flow"),), (self.flow_source,), (self.open_flow,), ("Show", self.flow), ("Every", self.step),
            ("From", self.threshold), ("Length", self.scale), ("Opacity", self.opacity), (self.only_on_events,),
        ):  # fmt: skip
            self.form.addRow(*row)
        column.addLayout(self.form)
        column.addStretch()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolling(inner))

    def _connect(self) -> None:
        for combo in (self.events_view, self.flow):
            combo.currentIndexChanged.connect(self._tell)
        for number in (self.saturation, self.step, self.threshold, self.scale, self.opacity):
            number.valueChanged.connect(self._tell)
        for box in (self.time_stamp, self.legend, self.only_on_events):
            box.toggled.connect(self._tell)
        self.scheme.currentTextChanged.connect(self._take_scheme)
        for part, button in self.colors.items():
            button.setProperty("part", part)
            button.clicked.connect(self._ask_for_color)

    @Slot()
    def _tell(self) -> None:
        self._want(
            replace(
                self._style,
                saturation=self.saturation.value(),
                events_view=list(DISPLAYS)[self.events_view.currentIndex()],
                flow=list(FLOWS)[self.flow.currentIndex()],
                opacity=self.opacity.value() / 100,
                step=self.step.value(),
                threshold=self.threshold.value(),
                scale=self.scale.value(),
                only_on_events=self.only_on_events.isChecked(),
                legend=self.legend.isChecked(),
                time_stamp=self.time_stamp.isChecked(),
            )
        )

    @Slot(str)
    def _take_scheme(self, name: str) -> None:
        if name in SCHEMES:
            self._want(replace(self._style, scheme=SCHEMES[name]))

    @Slot()
    def _ask_for_color(self) -> None:
        part = self.sender().property("part")
        before = QColor(getattr(self._style.scheme, part))
        dialog = QColorDialog(before, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setProperty("part", part)
        dialog.setWindowTitle(f"Color: {PART_ABOUT[part].lower()}")
        dialog.colorSelected.connect(self._take_color)
        dialog.open()

    @Slot(QColor)
    def _take_color(self, color: QColor) -> None:
        self.set_color(self.sender().property("part"), color.name())

    def set_color(self, part: str, color: str) -> None:
        """Use an own color for the background, "on" or "off"."""
        scheme: Scheme = replace(self._style.scheme, **{part: color})
        self._want(replace(self._style, scheme=scheme))

    def _want(self, style: FrameStyle) -> None:
        self.show_style(style)
        self.changed.emit(style)

    def _follow_flow(self) -> None:
        """Show only the settings that change anything."""
        flow = self._style.flow
        for field in (self.step, self.threshold, self.scale):
            self.form.setRowVisible(field, flow.arrows)
        self.form.setRowVisible(self.opacity, flow.dense)
        self.only_on_events.setVisible(flow is not FlowMode.NONE)


def breakable(name: str) -> str:
    """A name with invisible places at which a line may end, so that it does not make the panel wider."""
    return re.sub(r"(?<=[_/-])", "\u200b", name)


def _choice(names: Iterable[str], about: str) -> QComboBox:
    box = with_properties(QComboBox(), toolTip=about, accessibleName=about)
    box.addItems(list(names))
    return box


def _whole(low: int, high: int, about: str, suffix: str = "") -> WholeBox:
    box = with_properties(
        WholeBox(suffix=suffix), toolTip=about, accessibleName=about, keyboardTracking=False
    )
    box.setRange(low, high)
    box.lineEdit().setTextMargins(*TEXT_MARGINS)
    return box


def _number(low: float, high: float, about: str, suffix: str) -> RealBox:
    box = with_properties(
        RealBox(suffix=suffix, decimals=2), toolTip=about, accessibleName=about, keyboardTracking=False
    )
    box.setRange(low, high)
    box.setStepType(RealBox.StepType.AdaptiveDecimalStepType)
    box.lineEdit().setTextMargins(*TEXT_MARGINS)
    return box


def _paint_button(button: QPushButton, title: str, color: str) -> None:
    swatch = QPixmap(SWATCH, SWATCH)
    swatch.fill(QColor(color))
    button.setIcon(swatch)
    button.setText(title)
