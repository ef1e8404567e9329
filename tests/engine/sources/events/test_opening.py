"""What opening a recording for work promises that opening it for a look does not."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.engine.sources.events.late_burst import BURST_US, EVENTS, watch_late_burst, write_late_burst
from wholefield.errors import SourceError
from wholefield.runs.control import Discarded
from wholefield.sources import Recording, open_indexed, open_recording


@pytest.mark.parametrize(("opener", "right"), [(open_recording, False), (open_indexed, True)])
def test_the_burst_is_missed_by_a_look_and_found_for_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opener: Callable[[Path], Recording], right: bool
) -> None:
    windows = watch_late_burst(monkeypatch)
    with opener(write_late_burst(tmp_path)) as recording:
        assert recording.indexed is right
        recording.events(BURST_US - 1000, BURST_US + 1000)
    assert windows.right is right


def test_indexing_reports_what_it_has_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    watch_late_burst(monkeypatch)
    seen: list[tuple[int, int]] = []

    def note(done: int, total: int) -> None:
        seen.append((done, total))

    with open_indexed(write_late_burst(tmp_path), progress=note) as recording:
        assert recording.num_events > EVENTS
    assert len(seen) > 1
    assert seen[-1][0] == seen[-1][1]


def test_a_recording_is_closed_when_indexing_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch_late_burst(monkeypatch)
    opened: list[Recording] = []

    def keep(path: Path, *, reading: str | None) -> Recording:
        opened.append(open_recording(path, reading=reading))
        return opened[-1]

    def stop(done: int, total: int) -> None:
        raise Discarded

    monkeypatch.setattr("wholefield.sources.events.opening.open_recording", keep)
    with pytest.raises(Discarded):
        open_indexed(write_late_burst(tmp_path), progress=stop)
    with pytest.raises(SourceError, match="is closed"):
        opened[0].events(0, 1000)
