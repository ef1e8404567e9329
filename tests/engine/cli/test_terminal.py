"""Reports on a terminal, and what Ctrl-C does."""

import io
import os
import signal
from pathlib import Path

import pytest

from wholefield.cli.sentences import sentence
from wholefield.cli.terminal import Terminal, interruptible
from wholefield.runs.control import Control, Discarded, RunState, StopAndKeep
from wholefield.runs.reports import (
    CheckpointSaved,
    Direction,
    EpochDone,
    Failed,
    Finished,
    Level,
    Message,
    PartDone,
    Reason,
    Report,
    Started,
    StepDone,
    TileDone,
)


def printed(*reports: Report, seconds_between: float = 2.0) -> list[str]:
    stream, now = io.StringIO(), [0.0]
    terminal = Terminal(stream, lambda: now[0])
    for report in reports:
        terminal(report)
        now[0] += seconds_between
    return stream.getvalue().splitlines()


def test_sentences() -> None:
    folder = Path("runs/one")
    assert printed(
        Started("classify", folder, 10, 2),
        StepDone(1, 10, 1, 2, 0.693147, None),
        StepDone(2, 10, 1, 2, 0.5, 3725.0),
        TileDone(Direction.REVERSE, (0, 3), (2, 5), ((0, 1), (0, 1)), Path("a.svs")),
        EpochDone(1, {"training_loss": 0.25, "validation_accuracy": 1.0}),
        CheckpointSaved(folder / "last.ckpt", best=False),
        Message(Level.WARNING, "Look out."),
        Finished(folder, Reason.STOPPED),
        Finished(folder, Reason.DISCARDED),
        Failed("It broke."),
    ) == [
        "classify: run folder runs/one",
        "epoch 1/2, step 1/10: loss 0.6931",
        "epoch 1/2, step 2/10: loss 0.5, 1 h 2 min left",
        "reverse sweep, tile (1, 4) of 2 x 5",
        "epoch 1: training_loss 0.25, validation_accuracy 1",
        "warning: Look out.",
        "stopped: runs/one",
        "discarded",
        "error: It broke.",
    ]


def test_steps_at_most_once_a_second() -> None:
    steps = [StepDone(step, 9, 1, 1, 0.5) for step in range(1, 10)]
    lines = printed(*steps, EpochDone(1, {"loss": 1.0}), seconds_between=0.3)
    assert [line.split(":")[0] for line in lines] == [
        "epoch 1/1, step 1/9",
        "epoch 1/1, step 5/9",
        "epoch 1/1, step 9/9",
        "epoch 1",
    ]


def test_sigterm_stops_and_keeps_and_ends_with_its_own_code() -> None:
    control = Control()
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as end, interruptible(control):
        os.kill(os.getpid(), signal.SIGTERM)
    assert control.state is RunState.STOPPING
    assert end.value.code == 143
    assert signal.getsignal(signal.SIGTERM) is before


def test_interrupts_stop_then_discard() -> None:
    control, stream = Control(), io.StringIO()
    before = signal.getsignal(signal.SIGINT)
    with interruptible(control, stream):
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(StopAndKeep):
            control.poll()
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(Discarded):
            control.poll()
    assert signal.getsignal(signal.SIGINT) is before
    assert stream.getvalue().splitlines() == [
        "stopping and keeping the results; press Ctrl-C again to discard them",
        "discarding",
    ]


def test_parts_of_other_work_are_told() -> None:
    assert sentence(PartDone("Predicting slices", 3, 9, 12.2)) == "Predicting slices: 3/9, 12 s left"
    assert sentence(PartDone("Predicting slices", 9, 9, 0.0)) == "Predicting slices: 9/9"
