"""Paints frames: the screen and every export go through `paint_frame`, so that both show the same."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter

from wholefield_app.viewer.events.arrows import paint_arrows
from wholefield_app.viewer.events.frames import Frame
from wholefield_app.viewer.events.marks import paint_caption, paint_legend, paint_time

# Logical px of a sensor's px from which on its edges are drawn sharp.
SHARP_FROM = 2.0
DARK_BELOW = 128
TEXT_SHARE, SMALLEST_TEXT, LARGEST_TEXT = 0.025, 11, 26


def paint_frame(painter: QPainter, frame: Frame, target: QRectF, seen: QRectF) -> None:
    """Paint a frame.

    Args:
        painter: On a widget or a picture.
        frame: What to paint.
        target: Where the whole frame goes, in logical px.
        seen: The part of the target that is in sight; captions, time and legend stay inside it.
    """
    scheme = frame.request.style.scheme
    dark = is_dark(QColor(scheme.background))
    painter.save()
    painter.setClipRect(seen, Qt.ClipOperation.IntersectClip)
    places = pane_places(frame, target)
    if len(places) > 1:
        painter.fillRect(target, edge_color(QColor(scheme.background)))
    for pane, place in zip(frame.panes, places, strict=True):
        paint_part(painter, pane.image, place, seen)
    _paint_flow(painter, frame, places[0], seen, dark)
    _paint_words(painter, frame, places, seen, dark)
    painter.restore()


def frame_image(frame: Frame, width: int, height: int) -> QImage:
    """A frame as a picture of a size in px; bars in the background's color fill what its shape leaves free."""
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor(frame.request.style.scheme.background))
    with QPainter(image) as painter:
        target = fitted_rect(frame.size, QRectF(0, 0, width, height))
        paint_frame(painter, frame, target, target)
    return image


def fitted_rect(size: tuple[int, int], area: QRectF) -> QRectF:
    """The largest place in the middle of an area that has the shape of a frame, its edges on whole px."""
    scale = min(area.width() / size[0], area.height() / size[1])
    width, height = max(round(size[0] * scale), 1), max(round(size[1] * scale), 1)
    corner = QPointF((area.width() - width) // 2, (area.height() - height) // 2)
    return QRectF(area.topLeft() + corner, QSizeF(width, height))


def pane_places(frame: Frame, target: QRectF) -> list[QRectF]:
    """Where the panes of a frame lie."""
    if len(frame.panes) == 1:
        return [target]
    across = target.width() / frame.size[0] * frame.sensor[0]
    left = QRectF(target.topLeft(), QSizeF(across, target.height()))
    return [left, left.translated(target.width() - across, 0)]


def is_dark(color: QColor) -> bool:
    """Whether light marks are easier to see on a color than dark ones."""
    return 0.299 * color.red() + 0.587 * color.green() + 0.114 * color.blue() < DARK_BELOW


def edge_color(background: QColor) -> QColor:
    """What lies between two panes."""
    return background.lighter(190) if is_dark(background) else background.darker(125)


def paint_part(painter: QPainter, image: QImage, place: QRectF, seen: QRectF) -> None:
    """Draw the part of a picture that is in events_view: drawing all of it at a high zoom is slow."""
    across, down = image.width() / place.width(), image.height() / place.height()
    shown = place.intersected(seen)
    part = QRectF(
        (shown.x() - place.x()) * across, (shown.y() - place.y()) * down,
        shown.width() * across, shown.height() * down,
    )  # fmt: skip
    whole = QRect(part.toAlignedRect()).intersected(image.rect())
    spot = QRectF(
        place.x() + whole.x() / across, place.y() + whole.y() / down,
        whole.width() / across, whole.height() / down,
    )  # fmt: skip
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, across > 1 / SHARP_FROM)
    painter.drawImage(spot, image, QRectF(whole))


def _paint_flow(painter: QPainter, frame: Frame, place: QRectF, seen: QRectF, dark: bool) -> None:
    painter.save()
    painter.setClipRect(place, Qt.ClipOperation.IntersectClip)
    if frame.dense is not None:
        painter.setOpacity(frame.request.style.opacity)
        paint_part(painter, frame.dense, place, seen)
        painter.setOpacity(1.0)
    if frame.arrows is not None:
        paint_arrows(painter, frame.arrows, place.topLeft(), place.width() / frame.sensor[0], dark)
    painter.restore()


def _paint_words(painter: QPainter, frame: Frame, places: list[QRectF], seen: QRectF, dark: bool) -> None:
    request = frame.request
    font = QFont(painter.font())
    font.setPixelSize(round(min(max(seen.height() * TEXT_SHARE, SMALLEST_TEXT), LARGEST_TEXT)))
    painter.setFont(font)
    for pane, place in zip(frame.panes, places, strict=True):
        if pane.caption:
            paint_caption(painter, place.intersected(seen), pane.caption, dark)
    if request.style.time_stamp:
        paint_time(painter, seen, request, dark)
    if request.style.legend and frame.top > 0:
        paint_legend(painter, places[0].intersected(seen), frame.top, dark)
