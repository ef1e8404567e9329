"""Real processes: each does one job and ends."""

import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from tests.conftest import PATIENCE_S
from tests.engine.runs.own_process import works
from wholefield.errors import WholefieldError
from wholefield.runs.control import Control, Discarded, RunState, StopAndKeep
from wholefield.runs.own_process import supervisor
from wholefield.runs.own_process.channel import Channel, Job
from wholefield.runs.own_process.identity import ProcessIdentity
from wholefield.runs.own_process.supervisor import OwnProcess, ProcessEnded, UnexpectedError
from wholefield.runs.reports import Level, Message, PartDone, PreviewReady, Report, Started, ignore


@pytest.fixture(autouse=True)
def nothing_outlives_the_test(tmp_path: Path) -> Iterator[None]:
    yield
    for path in tmp_path.iterdir():
        if (process := Channel(path).process) is not None:
            process.kill()


def own(parent: Path, work: Callable[..., object]) -> OwnProcess:
    return OwnProcess(Job(work, "Test", "here", parent), parent)


def lives(identity: ProcessIdentity) -> bool:
    return identity.alive


def channel_in(parent: Path) -> Channel:
    (folder,) = parent.iterdir()
    return Channel(folder)


class Followed:
    """A run that is followed in a thread, as a window does it."""

    def __init__(self, process: OwnProcess) -> None:
        self.control, self.reports, self.error = Control(), list[Report](), None
        self._process = process
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._follow)
        self._thread.start()

    error: BaseException | None

    def _follow(self) -> None:
        try:
            self._process(self._take, self.control)
        except BaseException as error:
            self.error = error

    def _take(self, report: Report) -> None:
        with self._changed:
            self.reports.append(report)
            self._changed.notify_all()

    def wait_for_more(self) -> None:
        with self._changed:
            number = len(self.reports)
            assert self._changed.wait_for(lambda: len(self.reports) > number, PATIENCE_S)

    def wait_until(self, holds: Callable[[], bool]) -> None:
        while not holds():
            self._thread.join(0.01)
            assert self._thread.is_alive()

    def join(self) -> BaseException | None:
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()
        return self.error


def test_reports_and_result_come_as_from_a_thread(tmp_path: Path) -> None:
    reports: list[Report] = []
    found: Any = own(tmp_path, partial(works.square, (2, 3), tmp_path))(reports.append, Control())
    assert isinstance(found, works.Found)
    assert found.values.tolist() == [4, 9]
    started, preview, *others = reports
    assert started == Started("square", tmp_path, classes=("a", "b"))
    assert isinstance(preview, PreviewReady)
    assert np.array_equal(preview.pictures["input"], np.arange(6.0).reshape(2, 3))
    assert np.isnan(preview.metrics["psnr"])
    assert others == [Message(Level.WARNING, "Done."), PartDone("Squaring", 1, 2)]
    assert list(tmp_path.iterdir()) == [], "the channel goes with the run"


def test_a_run_is_paused_resumed_released_found_again_and_stopped(tmp_path: Path) -> None:
    process = own(tmp_path, works.endless)
    first = Followed(process)
    first.wait_for_more()
    first.control.pause()
    first.wait_until(lambda: channel_in(tmp_path).request is RunState.PAUSED)
    process.release()
    assert isinstance(first.join(), StopAndKeep)
    identity = channel_in(tmp_path).process
    assert identity is not None
    assert lives(identity), "a released run goes on"
    assert Channel.orphans(tmp_path) == [], "this very process still owns it"
    found = OwnProcess(None, channel_in(tmp_path).folder)
    assert found.asked is RunState.PAUSED
    second = Followed(found)
    second.control.stop_and_keep()
    assert isinstance(second.join(), StopAndKeep)
    assert not lives(identity)
    assert list(tmp_path.iterdir()) == []


def test_a_pause_holds_the_run(tmp_path: Path) -> None:
    followed = Followed(own(tmp_path, works.endless))
    followed.wait_for_more()
    followed.control.pause()
    followed.control.resume()
    followed.wait_for_more()
    followed.control.discard()
    assert isinstance(followed.join(), StopAndKeep | Discarded)


def test_errors_come_as_from_a_thread(tmp_path: Path) -> None:
    with pytest.raises(WholefieldError, match=r"^The setting epochs is 0 but must be at least 1\.$"):
        own(tmp_path, works.meant)(ignore, Control())
    with pytest.raises(UnexpectedError, match=r"^ZeroDivisionError: nothing is divided") as caught:
        own(tmp_path, works.unexpected)(ignore, Control())
    assert "in unexpected" in caught.value.details


def test_a_killed_process_is_a_sentence_that_says_where_what_it_saved_is(tmp_path: Path) -> None:
    with pytest.raises(
        ProcessEnded, match="was ended by SIGKILL, as the system does when memory runs out"
    ) as caught:
        own(tmp_path, partial(works.killed, tmp_path / "run"))(ignore, Control())
    assert f"wholefield train --resume {tmp_path / 'run'}" in str(caught.value)


def test_a_run_that_does_not_listen_is_ended_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "GRACE_S", 0.2)
    followed = Followed(own(tmp_path, works.deaf))
    followed.wait_for_more()
    followed.control.discard()
    assert isinstance(followed.join(), Discarded)


def test_sigterm_stops_the_run_and_keeps_what_it_has(tmp_path: Path) -> None:
    process = own(tmp_path, works.endless)
    followed = Followed(process)
    followed.wait_for_more()
    identity = channel_in(tmp_path).process
    assert identity is not None
    child = psutil.Process(identity.pid)
    child.terminate()
    assert isinstance(followed.join(), StopAndKeep)


def test_a_run_whose_window_is_gone_is_found(tmp_path: Path) -> None:
    channel = Channel.create(
        tmp_path, Job(partial(works.square, (1,), tmp_path), "Training", "slides", tmp_path)
    )
    assert Channel.orphans(tmp_path) == []
    (channel.folder / "owner.json").unlink()
    (found,) = Channel.orphans(tmp_path)
    job = found.job
    assert (job.title, job.place, job.opened) == ("Training", "slides", tmp_path)
    assert job.work.args == ((1,), tmp_path)  # type: ignore[attr-defined]
    assert found.request is RunState.RUNNING
    assert not found.begun


def test_work_within_a_function_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="must stand in its module"):
        Channel.create(tmp_path / "runs", Job(lambda report, control: None))
    assert not (tmp_path / "runs").exists()
