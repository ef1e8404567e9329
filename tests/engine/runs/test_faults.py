"""Faults of the disk and the memory end a run with a sentence, and nothing else."""

import errno
import os
from pathlib import Path

import pytest

from tests.engine.runs.test_start import Body, nothing, run
from wholefield.runs.control import Control
from wholefield.runs.faults import sentence_of
from wholefield.runs.folder import RunFolder
from wholefield.runs.reports import Failed, Level, Message, ReportFunction


def raising(error: BaseException) -> Body:
    def body(folder: RunFolder, report: ReportFunction, control: Control) -> None:
        raise error

    return body


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            OSError(errno.ENOSPC, "No space left on device", "/data/out.tif"),
            "The disk of /data/out.tif is full. Free",
        ),
        (OSError("Unable to write (No space left on device)"), "is full. Free some space"),
        (
            RuntimeError("[enforce fail] PytorchStreamWriter failed writing file data/0"),
            "is full. Free some space",
        ),
        (MemoryError("Unable to allocate 4 GiB"), "not enough memory (Unable to allocate 4 GiB"),
        (RuntimeError("CUDA out of memory. Tried to allocate"), "choose a smaller tile_size"),
        (
            PermissionError(errno.EACCES, "Permission denied", "/data"),
            "/data may not be written to (Permission denied",
        ),
        (FileNotFoundError(errno.ENOENT, "No such file", "/in.svs"), "/in.svs is not there any more"),
        (OSError(errno.EIO, "Input/output error", "/in.svs"), "reports a fault"),
    ],
)
def test_a_fault_is_a_sentence_without_a_traceback(tmp_path: Path, error: Exception, words: str) -> None:
    end, reports = run(tmp_path / "run", raising(error))
    assert isinstance(end, Failed)
    assert words in end.message
    assert reports[-1] == end
    assert "Traceback" not in RunFolder(tmp_path / "run").log_file.read_text()


def test_the_cause_of_an_error_counts(tmp_path: Path) -> None:
    full = OSError(errno.ENOSPC, "No space left on device", "a.tif")
    error = ValueError("the archive is incomplete")
    error.__cause__ = full
    assert sentence_of(error, tmp_path) == sentence_of(full, tmp_path)


def test_other_errors_are_no_fault_of_the_disk(tmp_path: Path) -> None:
    assert sentence_of(ValueError("wrong"), tmp_path) is None


def test_a_log_that_takes_nothing_keeps_nobody_from_hearing_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(folder: RunFolder, text: str) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder.log_file))

    monkeypatch.setattr(RunFolder, "log", full)

    def body(folder: RunFolder, report: ReportFunction, control: Control) -> None:
        report(Message(Level.INFO, "something to log"))

    end, reports = run(tmp_path / "run", body)
    assert isinstance(end, Failed)
    assert end.message.startswith(f"The disk of {tmp_path / 'run' / 'log.txt'} is full")
    assert reports[-1] == end


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only for root")
def test_a_folder_that_may_not_be_written_to_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir(mode=0o555)
    end, _ = run(tmp_path / "run", nothing)
    assert isinstance(end, Failed)
    assert "may not be written to" in end.message
