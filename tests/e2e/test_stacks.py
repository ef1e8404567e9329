"""The whole way through on a stack: demo, training with a live preview, prediction, export, reading it again."""

from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from tests.e2e.stack_light import StackLight
from wholefield.sources import open_stack
from wholefield_app.document.document import Role
from wholefield_app.window.main_window import MainWindow
from wholefield_resources.demo.stack import StackDemoSettings

SMALL = StackDemoSettings(slices=10, size=96, angles=96, bodies=30)
TINY = StackDemoSettings(slices=10, size=48, angles=60, bodies=12)
DEPTH, EPOCHS, CROP = 10, 12, 48


def psnr(image: np.ndarray, truth: np.ndarray) -> float:
    """Peak signal-to-noise ratio in dB, the range of the truth being the peak."""
    error = np.mean((image.astype(np.float64) - truth) ** 2)
    return float(10 * np.log10(np.ptp(truth).astype(np.float64) ** 2 / error))


@pytest.mark.e2e
def test_open_demo_train_predict_export_and_read_again(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    light = StackLight(window, lambda condition: qtbot.waitUntil(condition, timeout=600_000))
    light.open_demo(tmp_path / "demo", SMALL)
    assert window.windowTitle() == "noisy.tif — Wholefield"
    light.train(DEPTH, EPOCHS, CROP)
    light.finish()
    light.wait_for_previews(EPOCHS + 1)
    first, last = light.previews[0], light.previews[-1]
    assert (first.epoch, last.epoch) == (0, EPOCHS)
    assert last.metrics["psnr"] > first.metrics["psnr"] + 3
    assert f"after epoch {EPOCHS}" in light.space.preview_panel.line.text()

    light.predict()
    stacks = light.space.document.things
    noisy, clean, predicted = (stacks[role].source.read() for role in Role)
    assert psnr(predicted, clean) > psnr(noisy, clean) + 1
    swiped = light.space.view.grab_view()
    light.space.view.main.set_swipe(0.1)
    assert light.space.view.grab_view() != swiped

    for name in ("denoised.tif", "denoised.nii.gz", "denoised.ome.zarr"):
        light.export(tmp_path / name)
        with open_stack(tmp_path / name) as again:
            assert np.array_equal(again.read(), predicted)
            assert again.geometry.spacing == pytest.approx((SMALL.spacing,) * 3)
    window.close()
    assert not window.isVisible()


@pytest.mark.e2e
def test_a_network_over_volumes_is_trained_and_predicts(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    light = StackLight(window, lambda condition: qtbot.waitUntil(condition, timeout=600_000))
    light.open_demo(tmp_path / "demo", TINY)
    light.space.draft.set(ndim=3, dilations="1-3", learning_rate=0.01)
    light.train(3, 3, 10)
    light.finish()
    light.wait_for_previews(4)
    assert light.previews[-1].metrics["psnr"] > light.previews[0].metrics["psnr"] + 1
    light.predict()
    prediction = light.space.document.things[Role.PREDICTION].source
    assert (prediction.shape, prediction.dtype) == ((TINY.slices, TINY.size, TINY.size), np.float32)
    shown = light.previews[-1]
    np.testing.assert_allclose(
        prediction.plane(0, shown.at)[20:40], shown.pictures["prediction"][20:40], atol=0.02
    )
    window.close()
