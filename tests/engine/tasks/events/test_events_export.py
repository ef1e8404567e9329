"""`wholefield export-events`: one recording and many, cut, filtered, converted."""

from pathlib import Path

import numpy as np
import pytest

from tests.engine.sources.events.writers import random_events, write_stream
from wholefield.cli import main
from wholefield.errors import SettingError
from wholefield.runs.control import Control, Discarded
from wholefield.runs.reports import Message, PartDone, Report
from wholefield.sources import open_indexed
from wholefield.tasks.events.events_export import export_events
from wholefield.tasks.events.events_export_settings import EventsExportSettings

EVENTS = random_events(2000, 100_000)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return write_stream(tmp_path / "in", "evt3", EVENTS, 1_000_000)


def test_a_cut_and_filtered_recording(clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "cut.dat"
    words = [
        "export-events",
        str(clip),
        str(out),
        "--start-us=20000",
        "--end-us=80000",
        "--roi=100:0:300:480",
    ]
    assert main([*words, "--filters", "polarity=on"]) == 0
    told = capsys.readouterr()
    assert told.out.strip() == str(out)
    assert "polarity=on: " in told.err
    t, x = EVENTS["t"], EVENTS["x"]
    expected = EVENTS[(t >= 20_000) & (t < 80_000) & (x >= 100) & (x < 300) & (EVENTS["p"] == 1)]
    with open_indexed(out) as recording:
        assert recording.start_us == 1_000_000 + expected["t"][0]
        found = recording.events(0, 10**9)
        found["t"] += expected["t"][0]
        np.testing.assert_array_equal(found, expected)
    assert main(words) == 2
    assert "exists; choose another name or pass --replace" in capsys.readouterr().err


def test_many_recordings(clip: Path, tmp_path: Path) -> None:
    write_stream(clip.parent, "dat", EVENTS).rename(clip.parent / "b.dat")
    (clip.parent / "a_flow.h5").write_bytes(b"labels are no recording")
    (clip.parent / "notes.md").write_text("neither are notes")
    out = tmp_path / "out"
    settings = EventsExportSettings(recording=clip.parent, out=out, start_us=50_000)
    settings.validate()
    reports: list[Report] = []
    found = export_events(settings, reports.append, Control())
    assert found.path == out
    assert sorted(path.name for path in out.iterdir()) == ["a.raw", "b.raw"]
    assert [file.count for file in found.files] == [(EVENTS["t"] >= 50_000).sum()] * 2
    assert any(isinstance(report, PartDone) for report in reports)


def test_two_files_never_become_one(clip: Path, tmp_path: Path) -> None:
    write_stream(clip.parent, "dat", EVENTS)
    settings = EventsExportSettings(recording=clip.parent, out=tmp_path / "out")
    with pytest.raises(SettingError, match=r"a\.dat and a\.raw would both become a\.raw"):
        export_events(settings, print, Control())
    assert not (tmp_path / "out").exists()


def test_what_cannot_work_is_told_first(clip: Path, tmp_path: Path) -> None:
    def refused(sentence: str, **values: object) -> None:
        with pytest.raises(SettingError, match=sentence):
            EventsExportSettings(recording=clip, out=tmp_path / "b.raw", **values).validate()  # type: ignore[arg-type]

    refused("end_us is 5 but must be above start_us", start_us=5, end_us=5)
    refused("There is no filter 'blur'", filters="blur")
    refused("left:top:right:bottom", roi="1:2")
    with pytest.raises(SettingError, match=r"b\.xyz stands for no format"):
        EventsExportSettings(recording=clip, out=tmp_path / "b.xyz").validate()
    with pytest.raises(SettingError, match="is the recording itself"):
        export_events(EventsExportSettings(recording=clip, out=clip), print, Control())


def test_hot_pixels_are_listed(clip: Path, tmp_path: Path) -> None:
    events = EVENTS.copy()
    events["x"][::4], events["y"][::4] = 7, 9
    path = write_stream(tmp_path, "evt2", events)
    reports: list[Report] = []
    export_events(
        EventsExportSettings(recording=path, out=tmp_path / "b.csv", filters="hot"), reports.append, Control()
    )
    texts = [report.text for report in reports if isinstance(report, Message)]
    assert "Hot pixels (x, y): (7, 9)." in texts
    assert any(text.startswith("hot=10: 1,500 of 2,000 events are left") for text in texts)


def test_stopped_it_leaves_nothing(clip: Path, tmp_path: Path) -> None:
    control = Control()
    control.discard()
    with pytest.raises(Discarded):
        export_events(EventsExportSettings(recording=clip, out=tmp_path / "b.raw"), print, control)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]
