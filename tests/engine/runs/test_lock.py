"""One process at a time does a run."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine.runs.test_start import nothing, run
from wholefield.errors import SettingError
from wholefield.runs.folder import RunFolder
from wholefield.runs.lock import locked
from wholefield.runs.reports import Failed, Finished, Reason

HOLD = """
import sys
from pathlib import Path
from wholefield.runs.folder import RunFolder
from wholefield.runs.lock import locked
with locked(RunFolder(Path(sys.argv[1]))):
    print("held", flush=True)
    input()
"""


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path)


def test_a_second_process_is_refused_and_a_killed_one_holds_nothing(folder: RunFolder) -> None:
    words = [sys.executable, "-c", HOLD, str(folder.path)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(SettingError, match="in progress in another process"), locked(folder):
            pass
        end, reports = run(folder.path, nothing)
        assert isinstance(end, Failed)
        assert reports == [end]
        other.kill()
        other.wait()
    with locked(folder):
        pass
    assert [path.name for path in folder.path.iterdir() if path.name != "config.json"] == ["log.txt"]


def test_a_run_is_not_done_twice_at_the_same_time_in_one_process_either(folder: RunFolder) -> None:
    with locked(folder), pytest.raises(SettingError), locked(folder):
        pass
    assert run(folder.path, nothing)[0] == Finished(folder.path, Reason.COMPLETED)


def test_what_a_killed_process_left_is_finished_or_removed(folder: RunFolder) -> None:
    mark = "4194304-" + "0" * 32  # beyond the largest number of a process
    (folder.path / f".last.ckpt.{mark}.part").write_text("new")
    (folder.path / f".best.ckpt.{mark}.part").write_text("half")
    (folder.path / ".pending.json").write_text(f'{{".last.ckpt.{mark}.part": "last.ckpt"}}')
    with locked(folder):
        assert folder.last.read_text() == "new"
        assert sorted(path.name for path in folder.path.iterdir()) == ["last.ckpt", "log.txt"]
