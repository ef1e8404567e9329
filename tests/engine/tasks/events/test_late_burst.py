"""Whatever makes results of a recording has packets that come late in their windows, however large the file."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.sources.events.late_burst import (
    BURST,
    BURST_US,
    EVENTS,
    Windows,
    watch_late_burst,
    write_late_burst,
)
from wholefield.cli import main
from wholefield.runs.control import Control, Discarded
from wholefield.runs.reports import PartDone, Report
from wholefield.sources import open_recording
from wholefield.tasks.events.export import export_flow
from wholefield.tasks.events.export_settings import FlowExportSettings
from wholefield.tasks.events.judging import judge
from wholefield.tasks.events.score_settings import ScoreSettings
from wholefield.tasks.events.settings import INDEXING, FlowPredictSettings, FlowSettings, Teacher
from wholefield.tasks.registry import run_task

DELTA_T = 1_000_000


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_late_burst(tmp_path_factory.mktemp("late"))


@pytest.fixture(scope="module")
def settings(path: Path) -> FlowSettings:
    return FlowSettings(
        recordings=path, teacher=Teacher.CONTRAST, delta_t=DELTA_T, num_tbins=2, base=2, crop_size=24, epochs=1,
        validation_fraction=0.25,
    )  # fmt: skip


@pytest.fixture(scope="module")
def checkpoint(settings: FlowSettings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained") / "run"
    run_task(settings, folder, lambda report: None, Control())
    return folder / "last.ckpt"


@pytest.fixture
def windows(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Windows]:
    """What is read; checked at the end of every test."""
    watched = watch_late_burst(monkeypatch)
    yield watched
    assert watched.right


@pytest.mark.usefixtures("windows")
class TestTheBurstIsInItsWindowsOf:
    def test_training(self, settings: FlowSettings, tmp_path: Path) -> None:
        reports: list[Report] = []
        run_task(settings, tmp_path / "run", reports.append, Control())
        parts = [report for report in reports if isinstance(report, PartDone) and report.what == INDEXING]
        assert parts
        assert parts[-1].done == parts[-1].total

    def test_prediction(self, path: Path, checkpoint: Path, tmp_path: Path) -> None:
        settings = FlowPredictSettings(recording=path, checkpoint=checkpoint)
        run_task(settings, tmp_path / "run", lambda report: None, Control())

    def test_score(self, path: Path, checkpoint: Path) -> None:
        span = BURST_US - 10_000, BURST_US + 10_000
        settings = ScoreSettings(recording=path, flow=checkpoint, start_us=span[0], end_us=span[1])
        assert judge(settings, lambda report: None, Control()).events == 20 + BURST

    def test_export_of_flow(self, path: Path, checkpoint: Path, tmp_path: Path) -> None:
        settings = FlowExportSettings(
            recording=path, flow=checkpoint, out=tmp_path / "out.h5", delta_t=DELTA_T, end_us=7 * DELTA_T
        )
        assert export_flow(settings, lambda report: None, Control()).complete

    def test_features(self, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        # Bin by bin, so that the first ones are read before the burst is met.
        monkeypatch.setattr("wholefield.flow.features.CHUNK_BYTES", 1)
        assert main(["features", str(path), str(tmp_path / "a.h5"), "--delta-t", str(DELTA_T)]) == 0

    def test_convert_and_info(self, path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        out = tmp_path / "b.h5"
        assert main(["convert", str(path), str(out)]) == 0
        for file in (path, out):
            assert main(["info", str(file)]) == 0
            assert f"{EVENTS + BURST} (" in capsys.readouterr().out
        with open_recording(out) as recording:
            assert recording.count(BURST_US, BURST_US + 1000) == 1 + BURST


def test_indexing_obeys_the_control(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    watch_late_burst(monkeypatch)
    control, reports = Control(), list[Report]()

    def report(given: Report) -> None:
        reports.append(given)
        control.discard()

    settings = ScoreSettings(recording=path, flow=tmp_path / "absent.ckpt", start_us=0, end_us=1000)
    with pytest.raises(Discarded):
        judge(settings, report, control)
    assert [given.what for given in reports if isinstance(given, PartDone)] == [INDEXING]
