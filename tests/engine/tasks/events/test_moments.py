"""Flow at any moment, and the moment that a training shows."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from wholefield.flow.predictor import FlowPredictor
from wholefield.runs.control import Control
from wholefield.runs.reports import PreviewReady, Report
from wholefield.sources.events.opening import open_recording
from wholefield.tasks.events.data import FlowData
from wholefield.tasks.events.model import input_of, load_flow
from wholefield.tasks.events.moments import MomentFlow
from wholefield.tasks.events.settings import FlowSettings
from wholefield.tasks.registry import run_task
from wholefield.training.devices import resolve

DELTA_T = 10_000


def settings(clip: Path) -> FlowSettings:
    return FlowSettings(
        recordings=clip,
        delta_t=DELTA_T,
        num_tbins=2,
        base=2,
        crop_size=24,
        epochs=1,
        validation_fraction=0.25,
    )


@pytest.fixture
def checkpoint(clip: Path, tmp_path: Path) -> Path:
    run_task(settings(clip), tmp_path / "run", lambda report: None, Control())
    return tmp_path / "run" / "best.ckpt"


def test_every_moment_of_a_bin_has_the_flow_of_the_bin(clip: Path, checkpoint: Path) -> None:
    with open_recording(clip) as recording:
        moments = MomentFlow(checkpoint, recording)
        network, card = load_flow(checkpoint)
        network.to(resolve(settings(clip).device))
        network.reset()
        with torch.inference_mode():
            features = input_of(card).features(recording, 0, 3)
            wanted = network(torch.from_numpy(features)[:, None])[-1][-1, 0].numpy()[:, :32, :40] * 100
        flow, start, end = moments.flow_at(29_999)
        assert (start, end) == (20_000, 30_000)
        assert np.allclose(flow, wanted, atol=1e-4 * np.abs(wanted).max())
        assert moments.flow_at(20_000)[0] is flow
        assert moments.flow_at(-5)[1:] == (0, 10_000)
        last = -(-recording.duration_us // DELTA_T) * DELTA_T
        for beyond in (recording.duration_us, 10**9):
            assert moments.flow_at(beyond)[1:] == (last - DELTA_T, last)


def test_bins_that_are_left_out_while_playing_are_not_forgotten(clip: Path, checkpoint: Path) -> None:
    with open_recording(clip) as recording:
        predictors = []
        for _ in range(2):
            network, card = load_flow(checkpoint)
            predictors.append(FlowPredictor(network, input_of(card), recording, warm_up=1))
        each, some = predictors
        flows = {start + DELTA_T: flow for start, flow in each.flows(0, 60_000)}
        for end in (10_000, 30_000, 50_000):
            np.testing.assert_allclose(some.flow_at(end), flows[end], rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(("moment", "end"), [(None, None), (0, 20_000), (55_000, 60_000), (10**9, 160_000)])
def test_a_training_shows_the_moment_that_was_asked_for(
    clip: Path, tmp_path: Path, moment: int | None, end: int | None
) -> None:
    config = replace(settings(clip), preview_us=moment)
    data = FlowData(config)
    try:
        assert (data.preview is data.validation) == (moment is None)
        if moment is not None:
            shown = data.preview.batch(data.preview.batches()[0])["video_infos"][0]
            assert shown is not None
            _, start, duration = shown
            assert start + duration == end
    finally:
        data.close()


def test_the_preview_covers_the_sensor(clip: Path, tmp_path: Path) -> None:
    reports: list[Report] = []
    run_task(replace(settings(clip), preview_us=55_000), tmp_path / "run", reports.append, Control())
    previews = [report for report in reports if isinstance(report, PreviewReady)]
    assert [(each.epoch, each.at, each.pictures["flow"].shape) for each in previews] == [
        (0, 60_000, (2, 32, 40)),
        (1, 60_000, (2, 32, 40)),
    ]
