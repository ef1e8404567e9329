"""The setting `reading`: every task that reads a stack or a recording has it, checks it and uses it."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from wholefield.cli import main
from wholefield.errors import SettingError
from wholefield.export.dat import write_dat
from wholefield.runs.settings import RunSettings
from wholefield.sources import EVENT_DTYPE, open_stack
from wholefield.tasks.events.export_settings import FlowExportSettings
from wholefield.tasks.events.score_settings import ScoreSettings
from wholefield.tasks.reading import check_readings
from wholefield.tasks.registry import TASKS, Data
from wholefield.tasks.stacks.noise2inverse_settings import Noise2InverseSettings
from wholefield.tasks.stacks.output_settings import StackExportSettings

READERS = [task.settings for task in TASKS if task.data is not Data.SLIDES]
READERS += [StackExportSettings, FlowExportSettings, ScoreSettings]


@pytest.mark.parametrize("settings", READERS, ids=lambda each: each.__name__)
def test_every_reader_of_stacks_and_recordings_has_it(settings: type[RunSettings]) -> None:
    # Reconstructions are other files than the stack that is open in a window, and are read in their own way.
    name = "reconstructions_reading" if settings is Noise2InverseSettings else "reading"
    declared = settings.declarations()[name]
    assert not declared.required
    assert "wholefield info" in declared.setting.help


def test_only_answers_are_taken() -> None:
    check_readings(None, "", "series=2; time=0")
    with pytest.raises(SettingError, match="name=value; name=value, not 'second'"):
        check_readings("time=0", "second")


@pytest.fixture
def volumes(tmp_path: Path) -> Path:
    """A file of two volumes."""
    with h5py.File(tmp_path / "scan.h5", "w") as file:
        file["data"], file["flat"] = np.zeros((5, 40, 30), np.uint16), np.ones((2, 40, 30), np.uint16)
    return tmp_path / "scan.h5"


def test_an_export_writes_what_the_reading_chooses(volumes: Path) -> None:
    out = volumes.with_name("flat.tif")
    assert main(["export-stack", str(volumes), "--reading", "dataset=flat", "--out", str(out)]) == 0
    with open_stack(out) as stack:
        assert stack.shape == (2, 40, 30)
        assert stack.read().min() == 1


def test_what_does_not_fit_is_told(volumes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["export-stack", str(volumes), "--out", str(tmp_path / "a.tif")]
    assert main([*arguments, "--reading", "columns=t,x,y,p"]) == 1
    assert "scan.h5 is not read by a setting called columns; it can be given" in capsys.readouterr().err
    assert main([*arguments, "--reading", "flat"]) == 2
    assert "A reading is written as name=value; name=value, not 'flat'" in capsys.readouterr().err


def test_recordings_are_read_by_it_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_dat(tmp_path / "a.dat", [np.array([(1, 2, 0, 10), (3, 4, 1, 20)], EVENT_DTYPE)], 40, 30)
    for arguments in (
        ["convert", str(tmp_path / "a.dat"), str(tmp_path / "a.h5"), "--reading", "series=2"],
        ["features", str(tmp_path / "a.dat"), str(tmp_path / "a.h5"), "--reading", "series=2"],
        ["info", str(tmp_path / "a.dat"), "--reading", "series=2"],
    ):
        assert main(arguments) == 1
        assert "a.dat is not read by a setting called series" in capsys.readouterr().err
