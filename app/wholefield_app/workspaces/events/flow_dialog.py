"""Asks for a file of flow, and for the time that its displacements span."""

from pathlib import Path

from PySide6.QtWidgets import QWidget

from wholefield.tasks.events.provider import FlowSource, needs_span
from wholefield_app.document import dialogs
from wholefield_app.widgets.number_boxes import RealBox
from wholefield_app.widgets.number_dialog import ask_for_number

# DSEC gives its flow for 100 ms.
USUAL_MS, SHORTEST_MS, LONGEST_MS = 100.0, 0.001, 1e6
FLOW_FILTER = "Flow (*.h5 *.hdf5 *.flo *.png)"


def ask_for_flow(parent: QWidget, recording: Path) -> FlowSource | None:
    """The file with flow that a user chooses for a recording, or None."""
    filters = f"{FLOW_FILTER};;All files (*)"
    path = dialogs.ask_for_file(parent, "Open a flow file", recording.parent, filters)
    if path is None:
        return None
    span_us = ask_for_span_us(parent, path.name) if needs_span(path) else None
    return FlowSource(path, span_us) if span_us is not None or not needs_span(path) else None


def ask_for_span_us(parent: QWidget, name: str) -> float | None:
    """In how many us the displacements of a flow file happen, or None."""
    text = f"{name} does not state the time that its displacements span. Time:"
    box = RealBox(decimals=3, minimum=SHORTEST_MS, maximum=LONGEST_MS, value=USUAL_MS, suffix=" ms")
    value = ask_for_number(parent, "Time span of the flow", text, box)
    return None if value is None else value * 1e3
