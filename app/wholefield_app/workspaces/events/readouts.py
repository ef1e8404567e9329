"""The read-outs of the status bar: the pixel under the mouse with its events and flow, and the zoom."""

import math

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import QLabel

from wholefield_app.viewer.events.event_view import EventView
from wholefield_app.viewer.events.frame_view import PixelReadout


class Readouts(QObject):
    """Two labels that follow the view."""

    def __init__(self, view: EventView) -> None:
        super().__init__(view)
        self._view = view
        self.pixel = QLabel(minimumWidth=420, alignment=Qt.AlignmentFlag.AlignRight)
        self.zoom = QLabel(minimumWidth=70, alignment=Qt.AlignmentFlag.AlignRight)
        view.hovered.connect(self._show_pixel)
        view.moved.connect(self.refresh)

    @Slot()
    def refresh(self) -> None:
        """Read the view again."""
        shown = self._view.frame is not None
        self.zoom.setText(f"{self._view.canvas.scale:.0%}" if shown else "")
        if not shown:
            self.pixel.clear()

    @Slot(object)
    def _show_pixel(self, readout: PixelReadout | None) -> None:
        self.pixel.setText(describe_pixel(readout) if readout is not None else "")


def describe_pixel(readout: PixelReadout) -> str:
    """The pixel, the moment, the events in it, and the flow there."""
    count = "1 event" if readout.events == 1 else f"{readout.events} events"
    text = f"x {readout.x}, y {readout.y}   {readout.time_us:,} µs   {count}"
    if readout.flow is not None:
        u, v = readout.flow
        text += f"   flow {u:.0f}, {v:.0f} px/s ({math.hypot(u, v):.0f})"
    return text
