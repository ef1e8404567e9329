import numpy as np
import pytest
from PySide6.QtGui import QColor

from wholefield.runs.reports import PreviewReady
from wholefield_app.viewer.levels import LABEL_COLORS
from wholefield_app.workspaces.stacks.preview import LARGEST_SIDE, describe_preview, draw_preview

IMAGE = np.arange(12, dtype=np.float32).reshape(3, 4)


def test_prediction_and_target_share_their_levels() -> None:
    report = PreviewReady(1, 5, {"input": IMAGE * 100, "target": IMAGE, "prediction": IMAGE}, {})
    (_, first), (_, target), (_, prediction) = draw_preview(report, report).images
    assert target == prediction
    assert first.size() == target.size()


def test_classes_are_coloured() -> None:
    classes = np.array([[0, 1], [2, 1]], np.uint8)
    report = PreviewReady(2, 0, {"input": IMAGE[:2, :2], "target": classes, "prediction": classes}, {})
    _, target, prediction = (image for _, image in draw_preview(report, report).images)
    assert target == prediction
    assert prediction.pixelColor(1, 0) == QColor(*LABEL_COLORS[0].tolist())
    assert prediction.pixelColor(0, 0).alpha() == 0


def test_without_a_target_there_are_two_pictures_and_large_ones_are_thinned() -> None:
    large = np.zeros((LARGEST_SIDE + 1, 30), np.float32)
    pictures = draw_preview(
        PreviewReady(0, 0, {"input": large, "prediction": large}, {}),
        PreviewReady(0, 0, {"input": large, "prediction": large}, {}),
    )
    assert [name for name, _ in pictures.images] == ["Input", "Prediction"]
    assert pictures.images[0][1].height() <= LARGEST_SIDE


@pytest.mark.parametrize(
    ("epoch", "line"),
    [
        (0, "Slice 5, before the first epoch   PSNR 12 dB   Accuracy 0.25"),
        (3, "Slice 5, after epoch 3   PSNR 21.5 dB (initially 12)   Accuracy 0.5 (initially 0.25)"),
    ],
)
def test_the_line_tells_the_progress(epoch: int, line: str) -> None:
    first = PreviewReady(
        0, 5, {"input": IMAGE, "target": IMAGE, "prediction": IMAGE}, {"psnr": 12.0, "accuracy": 0.25}
    )
    later = PreviewReady(
        3, 5, {"input": IMAGE, "target": IMAGE, "prediction": IMAGE}, {"psnr": 21.5, "accuracy": 0.5}
    )
    assert describe_preview(later if epoch else first, first) == line
