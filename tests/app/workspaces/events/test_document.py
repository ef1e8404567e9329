"""What is said about a recording."""

from tests.app.viewer.events.memory_recording import make_recording
from wholefield_app.workspaces.events.document import COUNTING, describe_recording


def test_counts_are_told_once_they_are_known() -> None:
    recording = make_recording(4000, 100_000)
    known = dict(describe_recording(recording, indexed=True))
    assert known["Sensor"] == "64 × 48 px"
    assert known["Duration"] == "100 ms (100,000 µs)"
    assert known["Events"] == "4,000"
    assert known["Mean rate"] == "40 thousand events/s"
    assert "Triggers" not in known
    unknown = dict(describe_recording(recording, indexed=False))
    assert (unknown["Events"], unknown["Mean rate"]) == (COUNTING, COUNTING)
