"""What is known of an open recording, as names and values."""

from wholefield.sources.events.recording import Recording
from wholefield_app.viewer.events.rate_strip import rate_text
from wholefield_app.viewer.events.timeline import SECOND, span_text

COUNTING = "being counted"


def describe_recording(recording: Recording, *, indexed: bool) -> list[tuple[str, str]]:
    """The important properties first, then what else the file tells.

    Args:
        recording: An open recording.
        indexed: Whether its events have been counted: asking before would read the whole file.
    """
    return [("File", str(recording.path)), *_facts(recording, indexed), *sorted(recording.metadata.items())]


def _facts(recording: Recording, indexed: bool) -> list[tuple[str, str]]:
    duration = recording.duration_us
    rate = recording.num_events / max(duration, 1) * SECOND if indexed else 0.0
    rows = [
        ("Format", recording.format_name),
        ("Sensor", f"{recording.width} × {recording.height} px"),
        ("Duration", f"{span_text(duration)} ({duration:,} µs)"),
        ("Events", f"{recording.num_events:,}" if indexed else COUNTING),
        ("Mean rate", rate_text(rate) if indexed else COUNTING),
        ("First event at", f"{recording.start_us:,} µs"),
    ]
    if indexed and recording.triggers.size:
        rows.append(("Triggers", f"{recording.triggers.size:,}"))
    return rows
