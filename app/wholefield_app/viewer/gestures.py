"""Pinches of touchpads and touch screens, and moves between screens of different density."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QNativeGestureEvent
from PySide6.QtWidgets import QGestureEvent, QPinchGesture, QWidget


class Gestures(QObject):
    """Watches a widget for what has no event handler of its own.

    An event filter and not an override of `QWidget.event`: below such an override PySide 6.11 loses exceptions
    of the other handlers, or crashes on them.

    Signals:
        pinched: Two fingers moved apart by this factor about a position of the widget.
        density_changed: The widget is on a screen with another number of device px per logical px.
    """

    pinched = Signal(float, QPointF)
    density_changed = Signal()

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self._widget = widget
        widget.grabGesture(Qt.GestureType.PinchGesture)
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take the pinches; let everything else pass."""
        if isinstance(event, QNativeGestureEvent):
            if event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
                self.pinched.emit(1 + event.value(), event.position())
                return True
        elif isinstance(event, QGestureEvent):
            pinch = event.gesture(Qt.GestureType.PinchGesture)
            if isinstance(pinch, QPinchGesture):
                center = self._widget.mapFromGlobal(pinch.centerPoint())
                self.pinched.emit(pinch.scaleFactor(), center)
                return True
        elif event.type() == QEvent.Type.DevicePixelRatioChange:
            self.density_changed.emit()
        return super().eventFilter(watched, event)
