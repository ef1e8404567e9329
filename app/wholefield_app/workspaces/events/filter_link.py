"""What the filters change in the view: frames, rate, flow and the outline of the region."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot

from wholefield.sources.events.recording import Recording
from wholefield_app.viewer.events.event_view import NO_RATE, EventView
from wholefield_app.viewer.events.rate_strip import Rate
from wholefield_app.viewer.events.region_hand import Points
from wholefield_app.workspaces.events.draft import EventsDraft
from wholefield_app.workspaces.events.filtering import Filtering
from wholefield_app.workspaces.events.regions import regions_in_sight, with_region


class FilterLink(QObject):
    """Keeps a view and a draft at what the filters have left.

    Signals:
        changed: The recording is seen through others.
        flow_wanted: The FlowSource of the flow that was shown, to be found anew in what is left.
    """

    changed = Signal()
    flow_wanted = Signal(object)

    def __init__(self, filtering: Filtering, view: EventView, draft: EventsDraft, parent: QObject) -> None:
        super().__init__(parent)
        self._filtering, self._view, self._draft = filtering, view, draft
        self._rate = NO_RATE
        filtering.changed.connect(self._follow)
        filtering.applied.connect(self._show)
        view.canvas.region_hand.drawn.connect(self._keep)
        view.canvas.region_hand.changed.connect(self.changed)

    def begin(self, source: Recording | None) -> None:
        """Another recording is open, or none; it has no filters yet."""
        self._rate = NO_RATE
        self._filtering.show(source)

    def show_rate(self, rate: Rate) -> None:
        """The event rate of the recording as it is in the file has become known."""
        self._rate = rate
        self._show_rates()

    def _show_rates(self) -> None:
        filtered = self._filtering.filtered
        if filtered is None:
            self._view.show_rate(self._rate)
        else:
            self._view.show_rate(filtered.rate, before=self._rate)

    @Slot(object)
    def _show(self, recording: Recording) -> None:
        provider = self._view.flow.provider
        self._view.exchange(recording)
        self._show_rates()
        if provider is not None:
            self.flow_wanted.emit(provider.source)

    @Slot()
    def _follow(self) -> None:
        self._draft.set_filters(self._filtering.setting)
        self._view.canvas.show_regions(regions_in_sight(self._filtering.chain))
        self.changed.emit()

    @Slot(object)
    def _keep(self, points: Points) -> None:
        self._filtering.set_chain(with_region(self._filtering.chain, points))
