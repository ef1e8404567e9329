"""Event files are what TensorBoard itself reads, also after a run was resumed."""

import math
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from wholefield.runs.folder import RunFolder
from wholefield.runs.tensorboard import PREFIX, EventFiles, header, record, scalars

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def read(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """All scalars by name as TensorBoard reads them: step and value."""
    found = EventAccumulator(str(folder), size_guidance={"scalars": 0})
    found.Reload()
    return {
        name: [(each.step, each.value) for each in found.Scalars(name)] for name in found.Tags()["scalars"]
    }


def test_metrics_of_a_run_are_read_by_tensorboard(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    for step in range(1, 201):
        run.add_metrics(1, step, {"loss": 1 / step})
    run.add_metrics(1, 200, {"validation_accuracy": 0.75, "Schärfe": math.inf})
    found = read(tmp_path)
    assert found["loss"] == [(step, float(np.float32(1 / step))) for step in range(1, 201)]
    assert found["validation_accuracy"] == [(200, 0.75)]
    assert found["Schärfe"] == [(200, math.inf)]


def test_what_a_resumed_run_measures_again_counts(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    for step in (1, 2, 3):
        run.add_metrics(1, step, {"loss": 10.0 + step})
    watched = EventAccumulator(str(tmp_path), size_guidance={"scalars": 0})
    watched.Reload()
    run.rewind(1, 1)
    run.add_metrics(1, 2, {"loss": 2.0})
    assert read(tmp_path) == {"loss": [(1, 11.0), (2, 2.0)]}
    assert sum(path.stat().st_size > 0 for path in tmp_path.glob(f"{PREFIX}*")) == 1
    # One that is open all the time sees the same.
    watched.Reload()
    assert [(each.step, each.value) for each in watched.Scalars("loss")] == [(1, 11.0), (2, 2.0)]


def test_a_run_without_metrics_is_rewound(tmp_path: Path) -> None:
    EventFiles(tmp_path).replace([])
    assert read(tmp_path) == {}


@settings(max_examples=30)
@given(
    step=st.integers(0, 2**62),
    time=st.floats(0, 1e10),
    values=st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.floats(), max_size=3
    ),
)
def test_every_value_is_what_protocol_buffers_read(step: int, time: float, values: dict[str, float]) -> None:
    from tensorboard.compat.proto.event_pb2 import Event

    data = scalars(time, step, values)
    event = Event.FromString(data[12:-4])
    assert (event.step, event.wall_time) == (step, time)
    found = {each.tag: each.simple_value for each in event.summary.value}
    assert set(found) == set(values)
    with np.errstate(over="ignore"):
        for name, value in values.items():
            np.testing.assert_equal(found[name], float(np.float32(value)))


def test_the_length_of_a_record_is_checked_by_castagnolis_polynomial() -> None:
    # The known check value of CRC-32C: that of "123456789" is 0xE3069283.
    crc = 0xE3069283
    masked = ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
    assert record(b"123456789")[-4:] == struct.pack("<I", masked)
    assert header(0.0)[:8] == struct.pack("<Q", 24)
