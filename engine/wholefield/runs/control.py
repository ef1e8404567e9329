"""The control of a run: pause, resume, stop and keep, discard; the run polls it between tiles and batches."""

import threading
from enum import StrEnum


class RunState(StrEnum):
    """What the owner of a control has asked for."""

    RUNNING = "running"
    PAUSED = "paused"
    STOPPING = "stopping"
    DISCARDING = "discarding"


class RunCancelled(Exception):
    """Base of the two ways in which a poll ends a run; no failure, so not an error a user meets."""


class StopAndKeep(RunCancelled):
    """End the run now and keep what it has learned."""


class Discarded(RunCancelled):
    """End the run now and throw its results away."""


class Control:
    """Steers a run from another thread.

    Every request returns at once; the run obeys at its next `poll`. A stop can still become a discard, and
    neither can be taken back.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._state = RunState.RUNNING

    @property
    def state(self) -> RunState:
        """What was asked for last."""
        with self._changed:
            return self._state

    def pause(self) -> None:
        """Ask a running run to wait at its next poll."""
        self._change({RunState.RUNNING: RunState.PAUSED})

    def resume(self) -> None:
        """Let a paused run go on."""
        self._change({RunState.PAUSED: RunState.RUNNING})

    def stop_and_keep(self) -> None:
        """Ask the run to end at its next poll and to keep its model."""
        self._change({RunState.RUNNING: RunState.STOPPING, RunState.PAUSED: RunState.STOPPING})

    def discard(self) -> None:
        """Ask the run to end at its next poll and to remove its results."""
        self._change(dict.fromkeys(RunState, RunState.DISCARDING))

    def poll(self) -> None:
        """Block while paused.

        Raises:
            StopAndKeep: the run was asked to stop and keep its results.
            Discarded: the run was asked to end without results.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._state is not RunState.PAUSED)
            state = self._state
        if state is RunState.STOPPING:
            raise StopAndKeep
        if state is RunState.DISCARDING:
            raise Discarded

    def _change(self, successors: dict[RunState, RunState]) -> None:
        with self._changed:
            self._state = successors.get(self._state, self._state)
            self._changed.notify_all()
