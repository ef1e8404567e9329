"""The dialogs in which the user chooses recordings, flow files and names of pictures."""

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QInputDialog, QWidget

from wholefield.sources.kinds import Kind
from wholefield_app.document.dialogs import open_filters

FLOW_FILTER = "Flow (*.h5 *.hdf5 *.flo *.png)"
# DSEC gives its flow for 100 ms.
USUAL_MS, SHORTEST_MS, LONGEST_MS = 100.0, 0.001, 1e6


def ask_for_recording(parent: QWidget, start: Path) -> Path | None:
    """A file with a recording, or None."""
    name, _ = QFileDialog.getOpenFileName(
        parent, "Open a recording", str(start), open_filters(Kind.RECORDING)
    )
    return Path(name) if name else None


def ask_for_flow(parent: QWidget, start: Path) -> Path | None:
    """A file with flow, or None."""
    name, _ = QFileDialog.getOpenFileName(
        parent, "Open a flow file", str(start), f"{FLOW_FILTER};;All files (*)"
    )
    return Path(name) if name else None


def ask_for_span_us(parent: QWidget, name: str) -> float | None:
    """In how many us the displacements of a flow file happen, or None."""
    text = f"{name} does not say in how much time its displacements happen. Time in ms:"
    value, good = QInputDialog.getDouble(
        parent, "Time of the flow", text, USUAL_MS, SHORTEST_MS, LONGEST_MS, 3
    )
    return value * 1e3 if good else None


def ask_for_picture(parent: QWidget, suggestion: Path) -> Path | None:
    """Where to write a picture, or None; always with the suffix .png."""
    name, _ = QFileDialog.getSaveFileName(
        parent, "Save the frame as a picture", str(suggestion), "Pictures (*.png)"
    )
    return Path(name).with_suffix(".png") if name else None
