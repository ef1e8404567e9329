"""Flow in every format, and what is left of an export that was stopped."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.engine.tasks.events.conftest import DELTA_T
from wholefield.errors import SettingError
from wholefield.export.flow import FlowFile, labels_path, read_dsec_png, read_flo
from wholefield.runs.control import Control, Discarded, StopAndKeep
from wholefield.runs.reports import PartDone, Report
from wholefield.tasks.events.export import Exported, export_flow
from wholefield.tasks.events.export_settings import FlowExportSettings
from wholefield.tasks.events.settings import FlowFormat


@pytest.fixture
def config(clip: Path, tmp_path: Path) -> FlowExportSettings:
    return FlowExportSettings(recording=clip, flow=labels_path(clip), out=tmp_path / "out.h5", delta_t=5_000)


@pytest.fixture
def rows(clip: Path) -> np.ndarray:
    """The exact displacements in every 10 ms."""
    with FlowFile(labels_path(clip)) as file:
        assert file.delta_t == DELTA_T
        return np.stack([file.read(row) for row in range(len(file))])


def run(config: FlowExportSettings) -> Exported:
    config.validate()
    return export_flow(config, lambda report: None, Control())


def test_hdf5_begins_with_the_recording_and_holds_displacements_in_its_own_step(
    config: FlowExportSettings, rows: np.ndarray
) -> None:
    assert run(replace(config, end_us=60_000)) == Exported(config.out, complete=True)
    with FlowFile(config.out) as file:
        assert (len(file), file.delta_t) == (12, 5_000)
        for row in (0, 1, 11):
            np.testing.assert_allclose(file.read(row), rows[row // 2] / 2, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("format", "read", "apart"), [(FlowFormat.FLO, read_flo, 1e-5), (FlowFormat.PNG, read_dsec_png, 1 / 250)]
)
def test_other_formats_have_a_file_for_every_field_of_the_range(
    config: FlowExportSettings,
    rows: np.ndarray,
    tmp_path: Path,
    format: FlowFormat,
    read: Callable[[Path], Any],
    apart: float,
) -> None:
    out = tmp_path / "files"
    assert run(replace(config, format=format, out=out, start_us=20_000, end_us=59_999)).complete
    files = sorted(out.iterdir())
    assert len(files) == 8
    np.testing.assert_allclose(read(files[-1])[0], rows[5] / 2, atol=apart)


def test_files_that_are_whole_stay_when_it_is_stopped_and_hdf5_goes(
    config: FlowExportSettings, tmp_path: Path
) -> None:
    control = Control()

    def stop(report: Report) -> None:
        if isinstance(report, PartDone) and report.done == 3:
            control.stop_and_keep()

    found = export_flow(replace(config, format=FlowFormat.FLO, out=tmp_path / "files"), stop, control)
    assert found == Exported(tmp_path / "files", complete=False)
    assert len(list(found.path.iterdir())) == 3
    with pytest.raises(StopAndKeep):
        export_flow(config, stop, control)
    with pytest.raises(Discarded):
        export_flow(config, lambda report: control.discard(), control)
    assert [path.name for path in tmp_path.iterdir()] == ["files"]


def test_what_cannot_be_exported_is_said(config: FlowExportSettings, tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    mistakes: list[tuple[dict[str, Any], str]] = [
        ({"out": tmp_path / "a.png"}, r"a\.png must end in \.h5"),
        ({"start_us": 10}, "start_us is 10 but must be 0 for HDF5"),
        ({"format": FlowFormat.FLO, "start_us": 9, "end_us": 9}, "end_us is 9 but must be above"),
        ({"out": tmp_path / "taken" / "a.h5"}, "taken.*cannot be written"),
    ]
    for changes, sentence in mistakes:
        with pytest.raises(SettingError, match=sentence):
            run(replace(config, **changes))
