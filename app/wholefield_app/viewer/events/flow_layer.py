"""Flow over events: how it comes without anybody waiting."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal, Slot

from wholefield.tasks.events.flow_field import FlowField, FlowProvider
from wholefield_app.background import Background
from wholefield_app.calls import ConflatedCall
from wholefield_app.problems import Problem

REMEMBERED = 8


@dataclass(frozen=True, eq=False)
class _Answer:
    provider: FlowProvider
    time_us: int
    field: FlowField | None


def _ask(provider: FlowProvider, time_us: int) -> _Answer:
    return _Answer(provider, time_us, provider.flow_at(time_us))


class FlowLayer(QObject):
    """Keeps the flow coming that is wanted, and remembers the last few fields.

    Signals:
        arrived: The requested flow of a moment has arrived, or it is known that there is none.
        provider_changed: Flow comes from elsewhere now, or from nowhere.
        failed: The Problem of a provider; it is not asked any more.
    """

    arrived = Signal()
    provider_changed = Signal()
    failed = Signal(object)

    def __init__(self, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._provider: FlowProvider | None = None
        self._fields: OrderedDict[tuple[int, int], FlowField] = OrderedDict()
        self._nothing_at: int | None = None
        self._newest: FlowField | None = None
        self._loader = ConflatedCall(background, _ask, self)
        self._loader.answered.connect(self._take)
        self._loader.failed.connect(self._refuse)

    @property
    def provider(self) -> FlowProvider | None:
        """Where flow comes from."""
        return self._provider

    @property
    def busy(self) -> bool:
        """Whether a flow is still to come."""
        return self._loader.busy

    def set_provider(self, provider: FlowProvider | None) -> None:
        """Take flow from another provider; the one before is closed as soon as it is idle."""
        before, self._provider = self._provider, provider
        self._loader.drop()
        self._fields.clear()
        self._newest = self._nothing_at = None
        if before is not None:
            # After whatever it is still working on: the layer's worker does one thing after the other.
            self._background.run(before.close, then=_done, failed=self.failed.emit)
        self.provider_changed.emit()

    def field_for(self, time_us: int, *, overtaken: bool = False) -> FlowField | None:
        """The flow of a moment if it is known; otherwise it is requested, and `arrived` is emitted.

        Args:
            time_us: The moment.
            overtaken: Whether the newest flow there is may stand in until then, as while playing.
        """
        if self._provider is None:
            return None
        for key, field in self._fields.items():
            if field.holds_at(time_us):
                self._fields.move_to_end(key)
                return field
        if self._nothing_at != time_us:
            self._loader.ask(self._provider, time_us)
        return self._newest if overtaken else None

    @Slot(object)
    def _take(self, answer: _Answer) -> None:
        if answer.provider is not self._provider:
            return
        self._nothing_at = answer.time_us if answer.field is None else None
        self._newest = answer.field
        if answer.field is not None:
            self._fields[answer.field.start_us, answer.field.end_us] = answer.field
            while len(self._fields) > REMEMBERED:
                self._fields.popitem(last=False)
        self.arrived.emit()

    @Slot(object)
    def _refuse(self, problem: Problem) -> None:
        self.failed.emit(problem)
        self.set_provider(None)


def _done(result: None) -> None:
    """A provider was closed."""
