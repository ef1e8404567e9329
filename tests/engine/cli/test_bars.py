"""Bars on a terminal: what they show while work is in progress, and what stays when it ends."""

import io
import re
from pathlib import Path

import pytest

from wholefield.cli.bars import Bars, RateColumn
from wholefield.runs.reports import (
    CheckpointSaved,
    Direction,
    EpochDone,
    Failed,
    Level,
    Message,
    PartDone,
    Report,
    Started,
    StepDone,
    TileDone,
)

CODES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


class Console(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("TERM", "xterm")
    for name in ("NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)


def shown(*reports: Report) -> tuple[str, str]:
    """The bars after the last of the reports, and all that was printed in the end."""
    stream = Console()
    with Bars(stream) as bars:
        for report in reports:
            bars(report)
        before = len(stream.getvalue())
        bars._progress.refresh()
        now = CODES.sub("", stream.getvalue()[before:])
    return now, CODES.sub("", stream.getvalue())


def test_steps_and_tiles_have_a_bar_each() -> None:
    tile = TileDone(Direction.REVERSE, (1, 2), (3, 4), ((0, 1), (0, 1)), Path("a/one.svs"))
    now, _ = shown(StepDone(3, 40, 1, 10, 0.6931, 125.0), tile)
    steps, tiles = [line for line in now.splitlines() if line.strip()]
    assert steps.startswith("epoch 1/10, loss 0.6931")
    assert " 3/40 " in steps
    assert "2 min 5 s left" in steps
    assert tiles.startswith("reverse sweep, one.svs")
    assert " 7/12" in tiles


def test_parts_go_when_they_are_done() -> None:
    now, _ = shown(PartDone("Reading", 3, 9, 12.2), PartDone("Writing", 9, 9))
    assert "Reading" in now
    assert "3/9" in now
    assert "12 s left" in now
    assert "Writing" not in now


def test_a_sweep_that_begins_again_starts_its_bar_again() -> None:
    tiles = [TileDone(Direction.FORWARD, (0, i), (1, 3), ((0, 1), (0, 1)), Path("a")) for i in (0, 1, 2, 0)]
    now, _ = shown(*tiles)
    assert "1/3" in now


def test_lines_stay() -> None:
    _, printed = shown(
        Started("classify", Path("runs/[one]"), 10, 2),
        StepDone(1, 10, 1, 2, 0.5),
        EpochDone(1, {"validation_accuracy": 1.0}),
        CheckpointSaved(Path("last.ckpt"), best=False),
        Message(Level.WARNING, "Look [out]."),
        Failed("It broke."),
    )
    lines = [line.strip() for line in re.split("[\r\n]+", printed)]
    for line in (
        "classify: run folder runs/[one]",
        "epoch 1: validation_accuracy 1",
        "warning: Look [out].",
        "error: It broke.",
    ):
        assert line in lines


@pytest.mark.parametrize(("speed", "text"), [(None, ""), (12.34, "12.3/s"), (0.25, "4 s each")])
def test_the_rate_in_words(speed: float | None, text: str) -> None:
    task = type("Task", (), {"speed": speed})
    assert RateColumn().render(task).plain == text  # type: ignore[arg-type]
