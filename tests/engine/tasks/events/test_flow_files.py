"""Flow from every kind of file, in px per s."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.app.viewer.events.memory_recording import HEIGHT, WIDTH, make_recording
from wholefield.errors import SettingError, SourceError
from wholefield.export.flow import write_dsec_png, write_flo, write_flow_hdf5
from wholefield.tasks.events.flow_field import FlowField, FlowProvider
from wholefield.tasks.events.provider import FlowSource, needs_span


def fields(count: int, shape: tuple[int, int] = (HEIGHT, WIDTH)) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 3, (count, 2, *shape)).astype(np.float32)


def field_at(flow: FlowProvider, time_us: int) -> FlowField:
    """The flow at a moment that has one."""
    found = flow.flow_at(time_us)
    assert found is not None
    return found


def test_labels_hold_from_row_to_row(tmp_path: Path) -> None:
    path, rows = tmp_path / "a_flow.h5", fields(3)
    write_flow_hdf5(path, rows, (3, HEIGHT, WIDTH), 20_000)
    flow = FlowSource(path).open(make_recording())
    assert flow.name == "a_flow.h5"
    field = field_at(flow, 39_999)
    assert (field.start_us, field.end_us) == (20_000, 40_000)
    np.testing.assert_allclose(field.flow, rows[1] / 0.02, rtol=1e-6)
    assert field_at(flow, 60_000).start_us == 40_000
    assert field_at(flow, 60_000).holds_at(60_000)
    assert flow.flow_at(60_001) is None
    other = flow.source.open(make_recording())
    flow.close()
    flow.close()
    np.testing.assert_array_equal(field_at(other, 39_999).flow, field.flow)
    other.close()


@pytest.mark.parametrize(
    ("name", "write", "apart"), [("a.flo", write_flo, 0), ("a.png", write_dsec_png, 1 / 250)]
)
def test_single_fields_hold_everywhere_with_the_time_that_was_told(
    tmp_path: Path, name: str, write: Callable[[Path, np.ndarray], None], apart: float
) -> None:
    path, field = tmp_path / name, fields(1)[0]
    write(path, field)
    assert needs_span(path)
    recording = make_recording()
    flow = FlowSource(path, 50_000).open(recording)
    np.testing.assert_allclose(field_at(flow, 0).flow, field / 0.05, atol=(apart + 1e-6) / 0.05)
    assert flow.flow_at(recording.duration_us) is flow.flow_at(0)
    flow.close()
    with pytest.raises(SettingError, match=f"{name} does not state the time"):
        FlowSource(path).open(recording)


@pytest.mark.parametrize("name", ["b_flow.h5", "b.flo"])
def test_flow_of_another_sensor_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name.endswith("h5"):
        write_flow_hdf5(path, fields(1, (10, 20)), (1, 10, 20), 1000)
    else:
        write_flo(path, fields(1, (10, 20))[0])
    with pytest.raises(SourceError, match=r"20 x 10 px, but memory\.npz has 64 x 48"):
        FlowSource(path, 1000).open(make_recording())
