"""The open stacks: how they are opened, whether they fit each other, and what is known of them."""

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from wholefield.sources.choices import Reading
from wholefield.sources.stacks.geometry import StackGeometry
from wholefield.sources.stacks.stack import StackSource, times_told
from wholefield_app.document.document import Document, Role
from wholefield_app.problems import Problem
from wholefield_app.services import Services
from wholefield_app.workspaces.stacks.opening import OpenStack, open_path, size_text, sizes_differ

log = logging.getLogger(__name__)


class StackDocument(Document[OpenStack]):
    """Holds the input stack, and a target and a prediction of the same size.

    Signals:
        time_changed: The stacks of another time are there.

    Attributes:
        predicted_at: The time of the input that the prediction was made of; None where it has just one.
    """

    time_changed = Signal()

    def __init__(self, services: Services, parent: QObject | None = None) -> None:
        super().__init__(services, parent)
        self._pair_next: tuple[Path, Path, Role] | None = None
        self.predicted_at: int | None = None

    @property
    def path(self) -> Path | None:
        """The file or folder of the input."""
        return self.input.source.path if self.input is not None else None

    @property
    def name(self) -> str:
        """The name of the input."""
        return self.input.source.name if self.input is not None else ""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is unusual about the input."""
        return warnings_of(self.input.source) if self.input is not None else ()

    def properties(self) -> list[tuple[str, str]]:
        """Format, size, spacing and values of the input, and other metadata of the file."""
        return describe_stack(self.input) if self.input is not None else []

    @property
    def times(self) -> int:
        """How many volumes of the input follow each other in time."""
        return self.input.source.times if self.input is not None else 1

    @property
    def time(self) -> int:
        """Which of them is shown, counted from 0."""
        return self.input.source.time if self.input is not None else 0

    @property
    def reading(self) -> Reading:
        """How the input is read, at the time that is shown."""
        return self.input.reading_now if self.input is not None else Reading()

    @property
    def typed_spacing(self) -> str | None:
        """What was typed, where the file has no spacing in a unit of length."""
        if self.input is None:
            return None
        geometry, typed = self.input.source.geometry, self.input.reading.get("spacing", "")
        return typed if typed or geometry.spacing is None or not geometry.unit else None

    def set_time(self, time: int) -> None:
        """Show another time of the input, and of every stack that has as many; one outside goes to the nearest."""
        time, times = min(max(time, 0), self.times - 1), self.times
        if time == self.time:
            return
        for role, stack in self.things.items():
            if stack.source.times == times:
                self.things[role] = stack.at(time)
        self.time_changed.emit()

    def open_pair(self, stack: Path, other: Path, role: Role = Role.TARGET) -> None:
        """Open an input stack and, once it has loaded, its target (or prediction)."""
        self._pair_next = stack, other, role
        self.open(stack)

    def reader(self, role: Role, reading: Reading | None) -> Callable[[Path], Any]:
        """Opens a stack, or one of the volumes of a file."""
        del role
        return partial(open_path, reading=reading)

    def release(self, found: Any) -> None:
        """Close a stack."""
        found.close()

    def take(self, role: Role, found: Any, named: Path | None) -> None:
        """Take in a stack; what does not fit the input is refused."""
        if role is Role.INPUT:
            self._take_input(found, named)
        elif self.input is None:
            self.release(found)
        elif sentence := sizes_differ(self.input.source, found.source):
            self.release(found)
            self._services.report(Problem(sentence))
        else:
            super().take(role, found, named)

    def put(self, role: Role, thing: OpenStack | None) -> None:
        """Show another stack for a role, or none."""
        if thing is not None:
            source = thing.source
            log.info("Opened %s (%s, %s voxels)", source.path, source.format_name, source.shape)
        super().put(role, thing)

    def _take_input(self, found: OpenStack, named: Path | None) -> None:
        if not self._is_input_again(found):
            for role in (Role.TARGET, Role.PREDICTION):
                self.remove(role)
        super().take(Role.INPUT, found, named)
        pair, self._pair_next = self._pair_next, None
        if pair is not None and pair[0] == found.source.path:
            self.open(pair[1], pair[2])

    def _is_input_again(self, found: OpenStack) -> bool:
        """Whether a stack is the input, read in another way that leaves its voxels where they are."""
        before = self.input.source if self.input is not None else None
        now = found.source
        return before is not None and (before.path, before.dataset, before.shape) == (
            now.path,
            now.dataset,
            now.shape,
        )


def describe_stack(stack: OpenStack) -> list[tuple[str, str]]:
    """Names and values of all properties, the important ones first."""
    source, facts = stack.source, stack.facts
    rows = [("File", str(source.path)), ("Format", source.format_name)]
    if source.dataset is not None:
        rows.append(("Volume", source.dataset))
    rows += [
        ("Slices × rows × columns", size_text(source.shape)),
        ("Channels", f"{source.channels} × {source.dtype}"),
        *([("Time", f"{source.time} of 0 to {source.times - 1}")] if source.times > 1 else []),
        ("Voxel (z × y × x)", spacing_text(source.geometry)),
        ("Values (sampled)", f"{facts.lowest:.6g} to {facts.highest:.6g}"),
    ]
    rows += [("Warning", warning) for warning in warnings_of(source)]
    return rows + sorted(source.metadata.items())


def warnings_of(source: StackSource) -> tuple[str, ...]:
    """What is unusual about a stack; that it has several times is seen from the slider."""
    return tuple(warning for warning in source.warnings if warning not in times_told(source.times))


def spacing_text(geometry: StackGeometry) -> str:
    """The size of a voxel."""
    if geometry.spacing is None:
        return "not in the file"
    sizes = " × ".join(f"{size:.4g}" for size in geometry.spacing)
    unit = {"um": "µm"}.get(geometry.unit, geometry.unit or "(no unit)")
    return f"{sizes} {unit}"
