"""The whole way through on a recording: open, train with a live preview, flow, score card, video, flow files."""

from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from tests.e2e.flow_light import FlowLight
from wholefield.export.flow import FlowFile, read_dsec_png, read_flo
from wholefield.flow.simulator import SceneSettings
from wholefield.flow.simulator.files import write_simulation
from wholefield.runs.reports import StepDone
from wholefield_app.video.frames import pixels_of
from wholefield_app.viewer.events.style import FlowMode
from wholefield_app.window.main_window import MainWindow
from wholefield_app.workspaces.events.export_dialog import ExportKind

EPOCHS = 2
SMALL_NETWORK = {"base": 2, "scales": 2, "num_tbins": 2, "crop_size": 32, "epochs": EPOCHS}
FPS, FRAMES = 20, 6
# H.264 halves the resolution of colors, so thin colored lines come back paler.
CODEC_ERROR = 6.0


def simulated(folder: Path) -> Path:
    """A small recording with its exact flow beside it."""
    scene = SceneSettings(72, 48, 200_000, planes=1, label_delta_us=20_000)
    return write_simulation(folder / "planes.h5", scene, 3).recording


@pytest.mark.e2e
@pytest.mark.parametrize("real", [False, True], ids=["simulated", "person"])
def test_open_train_see_judge_and_export(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, request: pytest.FixtureRequest, real: bool
) -> None:
    if real:
        path = request.getfixturevalue("data_folder") / "events" / "person_evt3_640x480.raw"
    else:
        path = simulated(tmp_path)
    light = FlowLight(window, lambda condition: qtbot.waitUntil(condition, timeout=600_000))
    light.open(path)
    assert window.windowTitle() == f"{path.name} — Wholefield"
    view, recording = light.space.view, light.space.document.recording
    if real:
        assert recording.num_events == 343_474

    bin_us = 150_000 if real else 20_000
    light.train(tmp_path / "runs", delta_t=bin_us, preview_us=recording.duration_us // 2, **SMALL_NETWORK)
    light.finish()
    light.wait_for_previews(EPOCHS + 1)
    assert [each.epoch for each in light.previews] == list(range(EPOCHS + 1))
    assert not np.array_equal(light.previews[0].pictures["flow"], light.previews[-1].pictures["flow"])
    assert f"after epoch {EPOCHS}" in light.space.preview_panel.line.text()
    steps = [report for report in light.reports if isinstance(report, StepDone)]
    assert set(light.space.curves_panel.data.terms) == set(steps[0].terms) == {"bw_deblur", "smoothness2"}

    light.show_flow()
    view.set_style(
        replace(view.style_of_frames, flow=FlowMode.BOTH, threshold=0.0, accumulation_us=bin_us // 2)
    )
    moment = recording.duration_us // 2
    light.go_to(moment)
    assert len(view.frame.arrows) > 10
    light.judge()
    card = light.space.prediction_panel.table.card
    assert card.scores[2].fwl == 1.0
    assert (card.flow.errors is None) == real

    light.go_to(moment)
    screen = pixels_of(view.canvas.grab().toImage())
    end = moment + round(FRAMES * 1e6 / FPS / 10)
    light.export(tmp_path / "flow.mp4", start=moment, end=end, fps=FPS, speed=0.1)
    pictures = read_video(tmp_path / "flow.mp4", screen.shape[:2])
    assert len(pictures) == FRAMES
    assert np.abs(pictures[0].astype(float) - screen).mean() < CODEC_ERROR

    for kind, name in ((ExportKind.HDF5, "flow.h5"), (ExportKind.FLO, "flo"), (ExportKind.PNG, "png")):
        light.export(tmp_path / name, what=kind, start=moment, end=moment + 1, delta_t=bin_us)
    field = view.frame.request.field.flow * (bin_us / 1e6)
    with FlowFile(tmp_path / "flow.h5") as file:
        assert np.allclose(file.read(len(file) - 1), field, rtol=1e-2, atol=1e-2)
    assert np.allclose(read_flo(tmp_path / "flo" / "000000.flo")[0], field, rtol=1e-2, atol=1e-2)
    assert np.allclose(read_dsec_png(tmp_path / "png" / "000000.png")[0], field, rtol=1e-2, atol=1e-2)
    window.close()
    assert not window.isVisible()


def read_video(path: Path, shape: tuple[int, int]) -> list[np.ndarray]:
    """The pictures of a video, without the row and column that make its sides even."""
    height, width = shape
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert float(stream.average_rate) == FPS
        assert (stream.width, stream.height) == (width + width % 2, height + height % 2)
        assert float(stream.duration * stream.time_base) == pytest.approx(FRAMES / FPS, abs=1 / FPS)
        return [frame.to_ndarray(format="rgb24")[:height, :width] for frame in container.decode(stream)]
