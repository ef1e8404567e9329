"""Simulated recordings and labels as files."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from wholefield.errors import SettingError
from wholefield.export.flow import FlowFile
from wholefield.flow.simulator import SceneSettings, simulate
from wholefield.flow.simulator.files import write_simulation
from wholefield.sources.events.opening import open_recording

SCENE = SceneSettings(width=41, height=29, duration_us=45_000, planes=2, label_delta_us=10_000)


@pytest.mark.parametrize("name", ["scene_td.dat", "scene.h5"])
def test_files_hold_what_is_simulated(tmp_path: Path, name: str) -> None:
    steps: list[tuple[int, int]] = []
    written = write_simulation(tmp_path / name, SCENE, 3, lambda *step: steps.append(step))
    events, labels = simulate(SCENE, 3)
    assert written.labels == tmp_path / "scene_flow.h5"
    assert written.events == len(events)
    assert steps[-1] == (5, 5)
    with open_recording(written.recording) as recording:
        assert (recording.width, recording.height, recording.num_events) == (41, 29, len(events))
        found = recording.events(0, recording.duration_us)
        np.testing.assert_array_equal(found["t"] + recording.start_us, events["t"])
        for field in ("x", "y", "p"):
            np.testing.assert_array_equal(found[field], events[field])
    with FlowFile(written.labels) as file:
        assert file.delta_t == 10_000
        np.testing.assert_array_equal([file.read(k) for k in range(len(file))], labels)


def test_stopping_leaves_no_file(tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        write_simulation(tmp_path / "scene.h5", SCENE, progress=stop)
    assert not list(tmp_path.iterdir())


def test_wrong_names_and_settings_are_refused_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"scene\.raw must end in"):
        write_simulation(tmp_path / "scene.raw", SCENE)
    with pytest.raises(SettingError, match="width is 0"):
        write_simulation(tmp_path / "scene.h5", replace(SCENE, width=0))
    assert not list(tmp_path.iterdir())
