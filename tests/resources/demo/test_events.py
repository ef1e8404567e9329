"""The demo recording is made once, holds exact flow that sharpens it, and a broken start is repeated."""

from dataclasses import replace
from pathlib import Path

import pytest

from wholefield.errors import SourceError
from wholefield.export.flow import FlowFile
from wholefield.flow.scores.sharpness import flow_warp_loss
from wholefield.sources.events.opening import open_recording
from wholefield_resources.demo.events import EventDemoSettings, event_demo, is_complete, make_event_demo

SETTINGS = EventDemoSettings(replace(EventDemoSettings().scene, duration_us=150_000))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo-events")
    make_event_demo(folder, settings=SETTINGS)
    return folder


def test_flow_sharpens_the_recording(folder: Path) -> None:
    demo = event_demo(folder)
    with open_recording(demo.recording) as recording, FlowFile(demo.labels) as labels:
        assert (recording.width, recording.height) == labels.shape[:1:-1]
        start = labels.delta_t - recording.start_us
        events = recording.events(start, start + labels.delta_t)
        speed = labels.read(1) / (labels.delta_t * 1e-6)
        assert flow_warp_loss(events, speed, start + labels.delta_t / 2)[0] > 1.3


def test_it_is_made_once(folder: Path) -> None:
    def never(done: int, total: int) -> None:
        raise AssertionError

    assert make_event_demo(folder, never, SETTINGS) == event_demo(folder)
    assert not is_complete(event_demo(folder), EventDemoSettings())


def test_a_start_that_was_interrupted_is_repeated(tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        make_event_demo(tmp_path, stop, SETTINGS)
    assert not is_complete(event_demo(tmp_path), SETTINGS)
    assert make_event_demo(tmp_path, settings=SETTINGS).recording.is_file()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SourceError, match="demo recording cannot be written to"):
        make_event_demo(tmp_path / "file", settings=SETTINGS)
