"""A recording on the screen: its frames, the event rate below them, and the bar that plays."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QSize, Signal, Slot
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QVBoxLayout, QWidget

from wholefield_app.background import Background
from wholefield_app.calls import ConflatedCall
from wholefield_app.theme.theme import Theme
from wholefield_app.viewer.events.flow_layer import FlowLayer
from wholefield_app.viewer.events.frame_view import FrameView
from wholefield_app.viewer.events.frames import Frame, FrameMaker, FrameRequest
from wholefield_app.viewer.events.player import Player
from wholefield_app.viewer.events.rate_strip import Rate, RateStrip
from wholefield_app.viewer.events.style import FrameStyle
from wholefield_app.viewer.events.transport import Transport

if TYPE_CHECKING:
    from wholefield.sources import Recording

NO_RATE: Rate = np.zeros(0, np.int64)


class EventView(QWidget):
    """Shows one recording at a time. Frames and flow are computed in threads of its own.

    Attributes:
        canvas: The frame.
        strip: The event rate.
        transport: The bar that plays.
        player: Keeps the time.
        flow: Keeps the flow coming.

    Signals:
        style_changed: The FrameStyle is another one.
        shown: Another Frame is in sight.
        moved: The frame is shown at another zoom or place.
        hovered: The PixelReadout under the mouse, or None.
        problem: The Problem of a frame or a flow that cannot be made.
    """

    style_changed = Signal(object)
    shown = Signal(object)
    moved = Signal()
    hovered = Signal(object)
    problem = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        # Frames never wait for the flow, nor either for a file that is being opened.
        self._frame_worker, self._flow_worker = Background(1, self), Background(1, self)
        self._recording: Recording | None = None
        self._leaving: list[Recording] = []
        self._style = FrameStyle()
        self.canvas = FrameView(theme.canvas)
        self.player = Player(parent=self)
        self.strip = RateStrip(theme)
        self.transport = Transport(self.player, theme)
        self.flow = FlowLayer(self._flow_worker, self)
        self._frames = ConflatedCall(self._frame_worker, FrameMaker().make, self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.canvas, 1)
        layout.addWidget(self.strip)
        layout.addWidget(self.transport)
        self._connect()

    @property
    def recording(self) -> Recording | None:
        """What is shown."""
        return self._recording

    @property
    def style_of_frames(self) -> FrameStyle:
        """How it is shown."""
        return self._style

    @property
    def frame(self) -> Frame | None:
        """The frame in sight."""
        return self.canvas.frame

    @property
    def busy(self) -> bool:
        """Whether a frame or a flow is still to come, or time passes."""
        return self.player.playing or self._frame_worker.busy or self._flow_worker.busy

    def show_recording(self, recording: Recording | None, accumulation_us: int | None = None) -> None:
        """Show a recording, or none; the one before can be handed to `release`.

        Args:
            recording: The recording.
            accumulation_us: How long to accumulate at first; None for as long as before.
        """
        self.player.stop()
        self._frames.drop()
        self.flow.set_provider(None)
        self._recording = recording
        self.player.choose(None)
        self.canvas.show_frame(None)
        self.player.go_to(0)
        if recording is None:
            self.player.set_duration(0)
            self.strip.show_recording(0, NO_RATE)
            return
        self.player.set_duration(recording.duration_us)
        if accumulation_us is not None:
            self.set_style(replace(self._style, accumulation_us=accumulation_us))
        self.strip.show_recording(recording.duration_us, NO_RATE)
        self.player.go_to(min(self._style.accumulation_us, recording.duration_us))
        self.refresh()

    def exchange(self, recording: Recording) -> None:
        """Show the same recording through other filters: playhead, range and zoom stay."""
        self._frames.drop()
        self.flow.set_provider(None)
        self._recording = recording
        self.refresh()

    def release(self, recording: Recording) -> None:
        """Close a recording that is no longer shown, after the current frame."""
        self._leaving.append(recording)
        gone = partial(self._forget, recording)
        self._frame_worker.run(recording.close, then=gone, failed=self.problem.emit)

    def show_rate(self, rate: Rate, note: str = "", before: Rate = NO_RATE) -> None:
        """Show the event rate of the recording, or a note while it is not known; its duration may have grown.

        Args:
            rate: Events in equal parts of the recording.
            note: Said while they are not known.
            before: The same before filters.
        """
        if self._recording is not None:
            self.player.set_duration(self._recording.duration_us)
            self.strip.show_recording(self._recording.duration_us, rate, note, before)
            if self._recording.indexed:
                self.strip.show_triggers(self._recording.triggers)

    def set_style(self, style: FrameStyle) -> None:
        """Show frames in another way."""
        if style != self._style:
            self._style = style
            self.transport.show_accumulation(style.accumulation_us)
            self.refresh()
            self.style_changed.emit(style)

    def step(self, frames: int) -> None:
        """Stop, and go that many accumulation times on or, with a negative number, back."""
        self.player.step(frames * self._style.accumulation_us)

    @Slot()
    def refresh(self) -> None:
        """Make the frame of the moment again."""
        if (request := self.request_at(self.player.time_us)) is not None:
            self._frames.ask(request)

    def request_at(self, time_us: int) -> FrameRequest | None:
        """What the frame of a moment shows, with the flow that has already arrived."""
        if self._recording is None:
            return None
        style = self._style
        wants_flow = style.flow.arrows or style.flow.dense or style.events_view.needs_flow
        field = self.flow.field_for(time_us, overtaken=self.player.playing) if wants_flow else None
        return FrameRequest(self._recording, time_us, style, field)

    def grab_view(self) -> QImage:
        """What the view shows, as a picture."""
        return self.canvas.grab().toImage()

    @Slot(object)
    def use_theme(self, theme: Theme) -> None:
        """Paint in the colors of `theme`."""
        self.canvas.canvas = QColor(theme.canvas)
        self.canvas.update()
        self.strip.use_theme(theme)
        self.transport.use_theme(theme)

    def shutdown(self) -> None:
        """End the threads; nothing is shown any more."""
        provider = self.flow.provider
        self.show_recording(None)
        self._frame_worker.close()
        self._flow_worker.close()
        # The workers no longer begin what they were asked last.
        for recording in self._leaving:
            recording.close()
        if provider is not None:
            provider.close()

    def sizeHint(self) -> QSize:
        """Large enough for a small sensor."""
        return QSize(800, 600)

    def _connect(self) -> None:
        player = self.player
        player.moved.connect(self._follow_time)
        player.changed.connect(self._follow_player)
        self.strip.scrubbed.connect(player.go_to)
        self.strip.span_chosen.connect(player.choose)
        self.transport.accumulation_changed.connect(self._accumulate)
        self.transport.step_wanted.connect(self.step)
        self._frames.answered.connect(self._take)
        self._frames.failed.connect(self._refuse)
        self.flow.arrived.connect(self.refresh)
        self.flow.provider_changed.connect(self.refresh)
        self.flow.failed.connect(self.problem)
        self.canvas.view_changed.connect(self.moved)
        self.canvas.hovered.connect(self.hovered)
        self.transport.show_accumulation(self._style.accumulation_us)

    @Slot(object)
    def _follow_time(self, time_us: int) -> None:
        self.strip.show_time(time_us)
        self.refresh()

    @Slot()
    def _follow_player(self) -> None:
        self.strip.show_span(self.player.chosen)
        if not self.player.playing:
            # The flow of exactly this moment takes the place of one that stood in for it.
            self.refresh()

    @Slot(int)
    def _accumulate(self, accumulation_us: int) -> None:
        self.set_style(replace(self._style, accumulation_us=accumulation_us))

    @Slot(object)
    def _take(self, frame: Frame) -> None:
        if frame.request.recording is self._recording:
            self.canvas.show_frame(frame)
            self.shown.emit(frame)

    def _forget(self, recording: Recording, result: None) -> None:
        """A recording has been closed."""
        self._leaving.remove(recording)

    @Slot(object)
    def _refuse(self, problem: object) -> None:
        self.player.stop()
        self.problem.emit(problem)
