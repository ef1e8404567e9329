"""One moment, one flow: playing, jumping, scrubbing, predicted files, exports and score cards agree."""

from contextlib import closing
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch

from wholefield.export.flow import FlowFile
from wholefield.runs.control import Control
from wholefield.sources import open_recording
from wholefield.tasks.events.export import export_flow
from wholefield.tasks.events.export_settings import FlowExportSettings
from wholefield.tasks.events.judging import fields_in
from wholefield.tasks.events.provider import FlowSource
from wholefield.tasks.events.settings import FlowNet, FlowPredictSettings, FlowSettings
from wholefield.tasks.registry import run_task

BIN_US, BINS = 10_000, 16


@pytest.fixture(scope="module", params=list(FlowNet))
def checkpoint(request: pytest.FixtureRequest, clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    settings = FlowSettings(
        recordings=clip, network=request.param, num_tbins=2, base=2, scales=2, crop_size=24, epochs=1
    )
    run_task(settings, folder, lambda report: None, Control())
    return folder / "best.ckpt"


@pytest.fixture
def played(clip: Path, checkpoint: Path) -> npt.NDArray[np.float32]:
    """Every bin in order, in px of displacement within the bin."""
    return asked(clip, checkpoint, range(0, BINS * BIN_US, BIN_US))


def asked(clip: Path, checkpoint: Path, times: range | list[int]) -> npt.NDArray[np.float32]:
    with open_recording(clip) as recording, closing(FlowSource(checkpoint).open(recording)) as flow:
        fields = [flow.flow_at(time_us) for time_us in times]
    assert all(field is not None for field in fields)
    return np.stack([field.flow * np.float32(BIN_US / 1e6) for field in fields if field is not None])


def test_jumps_and_scrubbing(clip: Path, checkpoint: Path, played: npt.NDArray[np.float32]) -> None:
    scrubbed = [150_000, 3_000, 82_000, 77_777, 81_000, 20_000, 155_000]
    found = asked(clip, checkpoint, scrubbed)
    wanted = played[[time_us // BIN_US for time_us in scrubbed]]
    torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-5)
    for index in (2, 9, 15):
        torch.testing.assert_close(asked(clip, checkpoint, [index * BIN_US])[0], played[index])


def test_predicted_files_that_begin_anywhere(
    clip: Path, checkpoint: Path, played: npt.NDArray[np.float32], tmp_path: Path
) -> None:
    settings = FlowPredictSettings(recording=clip, checkpoint=checkpoint, start_us=63_000, end_us=105_000)
    run_task(settings, tmp_path / "run", lambda report: None, Control())
    with FlowFile(settings.result(tmp_path / "run")) as file:
        found = np.stack([file.read(index) for index in range(len(file))])
    torch.testing.assert_close(found, played[6:11], rtol=1e-5, atol=1e-5)


def test_exports_and_score_cards(
    clip: Path, checkpoint: Path, played: npt.NDArray[np.float32], tmp_path: Path
) -> None:
    settings = FlowExportSettings(recording=clip, flow=checkpoint, out=tmp_path / "out.h5")
    export_flow(settings, lambda report: None, Control())
    with FlowFile(settings.out) as file:
        exported = np.stack([file.read(index) for index in range(len(file))])
    torch.testing.assert_close(exported, played, rtol=1e-5, atol=1e-5)
    with open_recording(clip) as recording, closing(FlowSource(checkpoint).open(recording)) as flow:
        judged = fields_in(flow, 60_000, 100_000, lambda done, total: None)
    torch.testing.assert_close(judged * np.float32(BIN_US / 1e6), played[6:10], rtol=1e-5, atol=1e-5)
