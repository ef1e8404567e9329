"""Pictures of what a network makes of one moment while it is trained, for the preview panel."""

import numpy as np
from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage, QPainter

from wholefield.runs.reports import PreviewReady
from wholefield_app.panels.picture_row import Pictures
from wholefield_app.viewer.events.arrows import make_arrows, paint_arrows
from wholefield_app.viewer.events.timeline import time_text

EMPTY = (
    "During training, a moment of the recording appears here:\n"
    "its events and the flow that the network estimates from them."
)
# Px of the sensor between two arrows, and how long the fast ones are.
STEP, LONG = 12, 18
# A picture is enlarged to this width, so that arrows are thin.
WIDTH = 640
TOP_PERCENTILE = 95
FAINT = 0.45


def draw_flow_preview(report: PreviewReady, first: PreviewReady) -> Pictures:
    """Draw a preview: events, dense flow where there are events, and arrows over them.

    Args:
        report: The preview.
        first: That of the same run before the first epoch, to tell the progress.
    """
    from wholefield.flow.viz import flow_colors

    events = _image(report.pictures["events"])
    dense = np.where(report.pictures["mask"][..., None], flow_colors(report.pictures["flow"]), 0).astype(
        np.uint8
    )
    named = (("Events", events), ("Flow", _image(dense)), ("Arrows", _with_arrows(events, report)))
    return Pictures(named, describe_preview(report, first))


def describe_preview(report: PreviewReady, first: PreviewReady) -> str:
    """Recording, moment, epoch, and the speed found at the events, now and before the first epoch."""
    when = f"after epoch {report.epoch}" if report.epoch else "before the first epoch"
    name = report.path.name if report.path else "The recording"
    text = f"{name} at {time_text(report.at)}, {when}   median speed {median_speed(report):.3g} px/s"
    return f"{text} (initially {median_speed(first):.3g})" if report.epoch else text


def median_speed(report: PreviewReady) -> float:
    """Median speed at pixels with events in px per s; 0 without any."""
    mask = report.pictures["mask"]
    return float(np.median(np.hypot(*report.pictures["flow"][:, mask]))) if mask.any() else 0.0


def _with_arrows(events: QImage, report: PreviewReady) -> QImage:
    flow, mask = report.pictures["flow"], report.pictures["mask"]
    speeds = np.hypot(*flow[:, mask])
    top = float(np.percentile(speeds, TOP_PERCENTILE)) if speeds.size else 0.0
    scale = max(WIDTH / events.width(), 1.0)
    image = QImage(events.size() * scale, QImage.Format.Format_RGB32)
    image.fill(0)
    with QPainter(image) as painter:
        painter.setOpacity(FAINT)
        painter.drawImage(image.rect(), events)
        painter.setOpacity(1.0)
        if top > 0:
            arrows = make_arrows(flow, mask.astype(np.float32), STEP, 0.0, LONG / top)
            paint_arrows(painter, arrows, QPointF(0, 0), scale, dark=True)
    return image


def _image(picture: np.ndarray) -> QImage:
    height, width = picture.shape[:2]
    pixels = np.ascontiguousarray(picture)
    return QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
