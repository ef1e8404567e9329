"""A video has packets that come late in their frames, however large the recording."""

from pathlib import Path

import pytest

from tests.engine.sources.events.late_burst import BURST_US, watch_late_burst, write_late_burst
from wholefield.runs.control import Control
from wholefield.runs.reports import PartDone, Report
from wholefield.tasks.events.settings import INDEXING
from wholefield_app.video.settings import Pictures, VideoSettings
from wholefield_app.video.write import export_video


@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize("what", list(Pictures))
def test_a_burst_far_behind_its_time_is_in_its_frame(
    what: Pictures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, windows = write_late_burst(tmp_path), watch_late_burst(monkeypatch)
    settings = VideoSettings(
        recording=path, out=tmp_path / "out.mp4", what=what, start_us=BURST_US - 50_000, end_us=BURST_US + 100_000,
        accumulation_us=50_000, size="64x48",
    )  # fmt: skip
    reports: list[Report] = []
    assert export_video(settings, reports.append, Control()).complete
    assert windows.right
    assert next(report.what for report in reports if isinstance(report, PartDone)) == INDEXING
