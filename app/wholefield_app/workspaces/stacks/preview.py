"""Pictures of a preview, for the preview panel."""

from typing import Any

import numpy as np
import numpy.typing as npt

from wholefield.runs.reports import PreviewReady
from wholefield_app.panels.picture_row import Pictures
from wholefield_app.viewer.levels import describe_values
from wholefield_app.viewer.stacks.plane_images import gray, plane_image

LARGEST_SIDE = 768
ABBREVIATIONS = {"psnr": "PSNR", "ssim": "SSIM", "iou": "IoU"}
EMPTY = "During training, a validation slice appears here:\nthe input, the target and the prediction."


def draw_preview(report: PreviewReady, first: PreviewReady) -> Pictures:
    """Draw a preview.

    The prediction is shown between the levels of the target (of the input where there is none), so that the two can
    be compared; labels get the colors that they have in the view.

    Args:
        report: The preview.
        first: That of the same run before the first epoch, to tell the progress.
    """
    given, found = report.pictures["input"], report.pictures["prediction"]
    target = report.pictures.get("target")
    scale = given if target is None else target
    levels = describe_values(scale).automatic
    classes = found.dtype.kind in "ui"
    named = [("Input", plane_image(_thinned(given), gray(describe_values(given).automatic)))]
    if target is not None:
        named.append(("Target", plane_image(_thinned(target), None if classes else gray(levels))))
    named.append(("Prediction", plane_image(_thinned(found), None if classes else gray(levels))))
    return Pictures(tuple(named), describe_preview(report, first))


def describe_preview(report: PreviewReady, first: PreviewReady) -> str:
    """Slice, epoch and metrics, each with its value before the first epoch."""
    when = f"after epoch {report.epoch}" if report.epoch else "before the first epoch"
    parts = [f"Slice {report.at}, {when}"]
    for name, value in report.metrics.items():
        text = f"{ABBREVIATIONS.get(name) or name.replace('_', ' ').capitalize()} {value:.3g}"
        text += " dB" if name == "psnr" else ""
        if report.epoch and name in first.metrics:
            text += f" (initially {first.metrics[name]:.3g})"
        parts.append(text)
    return "   ".join(parts)


def _thinned(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    step = max(1, -(-max(values.shape) // LARGEST_SIDE))
    return np.ascontiguousarray(values[::step, ::step])
