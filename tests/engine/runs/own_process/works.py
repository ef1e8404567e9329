"""Works that tests have done in a process of their own; they stand in a module, where the process finds them."""

import os
import signal
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wholefield.errors import SettingError
from wholefield.runs.control import Control
from wholefield.runs.reports import (
    Level,
    Message,
    PartDone,
    PreviewReady,
    ReportFunction,
    Started,
)


@dataclass(frozen=True, eq=False)
class Found:
    """A result with an array."""

    path: Path
    values: NDArray[Any]


def square(sides: tuple[int, ...], folder: Path, report: ReportFunction, control: Control) -> Found:
    control.poll()
    report(Started("square", folder, classes=("a", "b")))
    report(PreviewReady(1, 2, {"input": np.arange(6.0).reshape(2, 3)}, {"psnr": float("nan")}))
    report(PartDone("Squaring", 1, 2))
    report(Message(Level.WARNING, "Done."))
    return Found(folder, np.square(np.array(sides)))


def endless(report: ReportFunction, control: Control) -> None:
    number, calm = 0, threading.Event()
    while not calm.wait(0.01):
        control.poll()
        number += 1
        report(PartDone("Counting", number, 0))


def meant(report: ReportFunction, control: Control) -> None:
    raise SettingError("The setting epochs is 0 but must be at least 1.")


def unexpected(report: ReportFunction, control: Control) -> None:
    raise ZeroDivisionError("nothing is divided by nothing")


def killed(folder: Path, report: ReportFunction, control: Control) -> None:
    report(Started("killed", folder))
    os.kill(os.getpid(), signal.SIGKILL)


def deaf(report: ReportFunction, control: Control) -> None:
    report(Message(Level.INFO, "deaf"))
    signal.pause()
