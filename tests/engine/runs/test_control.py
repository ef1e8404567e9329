"""The control: what each request does in each state, and that waiting is waiting."""

import threading

import pytest

from wholefield.runs.control import Control, Discarded, RunCancelled, RunState, StopAndKeep


class Worker:
    """Polls once in a thread of its own and remembers how that went."""

    def __init__(self, control: Control) -> None:
        self.outcome: type[RunCancelled] | None = None
        self.entered = threading.Event()
        self.thread = threading.Thread(target=self._run, args=(control,))
        self.thread.start()

    def _run(self, control: Control) -> None:
        self.entered.set()
        try:
            control.poll()
        except RunCancelled as cancelled:
            self.outcome = type(cancelled)

    def join(self) -> type[RunCancelled] | None:
        """Wait for the end; the way in which poll was left."""
        self.thread.join(300)
        assert not self.thread.is_alive()
        return self.outcome


def test_poll_of_a_running_run_returns() -> None:
    Control().poll()


@pytest.mark.parametrize(
    ("requests", "state"),
    [
        ([], RunState.RUNNING),
        (["pause"], RunState.PAUSED),
        (["pause", "pause"], RunState.PAUSED),
        (["pause", "resume"], RunState.RUNNING),
        (["resume"], RunState.RUNNING),
        (["stop_and_keep"], RunState.STOPPING),
        (["pause", "stop_and_keep"], RunState.STOPPING),
        (["stop_and_keep", "pause"], RunState.STOPPING),
        (["stop_and_keep", "resume"], RunState.STOPPING),
        (["stop_and_keep", "discard"], RunState.DISCARDING),
        (["pause", "discard", "stop_and_keep"], RunState.DISCARDING),
        (["discard", "resume"], RunState.DISCARDING),
    ],
)
def test_requests_lead_to_states(requests: list[str], state: RunState) -> None:
    control = Control()
    for request in requests:
        getattr(control, request)()
    assert control.state is state


def test_stop_and_discard_are_told_apart() -> None:
    control = Control()
    control.stop_and_keep()
    with pytest.raises(StopAndKeep):
        control.poll()
    control.discard()
    with pytest.raises(Discarded):
        control.poll()


@pytest.mark.parametrize(
    ("request_name", "outcome"), [("resume", None), ("stop_and_keep", StopAndKeep), ("discard", Discarded)]
)
def test_a_paused_poll_waits_for_the_request(request_name: str, outcome: type[RunCancelled] | None) -> None:
    control = Control()
    control.pause()
    worker = Worker(control)
    assert worker.entered.wait(300)
    worker.thread.join(0.05)
    assert worker.thread.is_alive()
    getattr(control, request_name)()
    assert worker.join() is outcome


def test_all_waiting_threads_are_woken() -> None:
    control = Control()
    control.pause()
    workers = [Worker(control) for _ in range(3)]
    control.stop_and_keep()
    assert [worker.join() for worker in workers] == [StopAndKeep] * 3


def test_a_request_made_while_the_same_thread_polls_does_not_block() -> None:
    """A signal handler interrupts the very thread that holds the lock of the control."""
    control = Control()
    with control._changed:
        control.discard()
    assert control.state is RunState.DISCARDING
