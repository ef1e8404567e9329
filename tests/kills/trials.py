"""Kills a run at one call of the system after the other, continues it, and compares the end with an undisturbed one.

This is for a process of its own that has loaded everything and starts no thread before it forks: so a trial costs no
more than the run itself.
"""

import csv
import hashlib
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch

from tests.kills.runs import RUNS
from wholefield.runs.control import Control
from wholefield.runs.reports import Failed, ignore
from wholefield.runs.settings import RunSettings
from wholefield.tasks.registry import run_task

CALLS = ("replace", "rename", "fsync", "unlink", "truncate")
KILLED = 137
RUN = "run"


@dataclass(frozen=True)
class Trial:
    """A kill and what came of it.

    Attributes:
        kind: Of run.
        call: The number of the call at which it was killed, and its name.
        fault: What is not as it should be; empty where all is.
    """

    kind: str
    call: str
    fault: str = ""


def trials(kind: str, folder: Path, step: int = 1, first: int = 0) -> Iterator[Trial]:
    """Kill at every `step`-th call from `first` on, before and after; one trial each.

    Args:
        kind: Of run, see `RUNS`.
        folder: An empty folder for data and runs.
        step: How many calls to go on each time.
        first: The first one.
    """
    data = folder / "data"
    data.mkdir()
    settings = in_child(folder, lambda: RUNS[kind](data), settings=True)
    whole = folder / "whole"
    in_child(folder, lambda: do(settings, whole / RUN))
    expected, number = content(whole / RUN), first
    while True:
        parts = folder / f"killed-{number}"
        name = in_child(folder, partial(do, settings, parts / RUN, number))
        if name is None:
            return
        fault = _end_of(settings, folder, parts, expected)
        shutil.rmtree(parts, ignore_errors=True)
        yield Trial(kind, f"{number} {name}", fault)
        number += step


def _end_of(settings: RunSettings, folder: Path, parts: Path, expected: dict[str, str]) -> str:
    """Continue a killed run; what is wrong at its end."""
    said = in_child(folder, lambda: do(settings, parts / RUN))
    if said is not None:
        return f"it does not go on: {said}"
    left = [path.name for path in parts.rglob("*") if re.search(r"\.(part|old)$|pending", path.name)]
    if left:
        return f"left behind: {', '.join(left)}"
    found = content(parts / RUN)
    other = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
    return f"not as undisturbed: {', '.join(other)}" if other else ""


def do(settings: RunSettings, folder: Path, kill_at: int | None = None) -> str | None:
    """Do a run; what went wrong, if anything did. It dies at the call of this number."""
    if kill_at is not None:
        kill_at_call(kill_at)
    end = run_task(settings, folder, ignore, Control())
    return end.message if isinstance(end, Failed) else None


def kill_at_call(number: int) -> None:
    """End this process without a word at the n-th of the calls that change what names mean; say which it was."""
    count = 0

    def deadly(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def replaced(*args: Any, **named: Any) -> Any:
            nonlocal count
            if count == number:
                os.write(1, name.encode())
                os._exit(KILLED)
            count += 1
            return call(*args, **named)

        return replaced

    for name in CALLS:
        setattr(os, name, deadly(name, getattr(os, name)))


def in_child(folder: Path, work: Callable[[], Any], *, settings: bool = False) -> Any:
    """Fork, and do a work there; returns what it says, the call at which it was killed, or None."""
    said = folder / "said"
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            with said.open("wb") as file:
                os.dup2(file.fileno(), 1)
            result = work()
            if settings:
                torch.save(result, said)
            elif result:
                os.write(1, str(result).encode())
            status = 0
        finally:
            sys.stderr.flush()
            os._exit(status)
    _, code = os.waitpid(pid, 0)
    status = os.waitstatus_to_exitcode(code)
    if status not in (0, KILLED):
        raise RuntimeError(f"a trial ended with status {status}: {said.read_text(errors='replace')}")
    if settings:
        return torch.load(said, weights_only=False)
    return said.read_text() or None


def content(folder: Path) -> dict[str, str]:
    """What a run folder holds, but for times: a fingerprint by the name of each file."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != "log.txt" and "tfevents" not in path.name:
            found[str(path.relative_to(folder))] = fingerprint(path)
    return found


def fingerprint(path: Path) -> str:
    """Of what a file says, but for times."""
    if path.suffix == ".ckpt":
        values = torch.load(path, weights_only=True)
        # Lightning counts how often a batch was begun, too: once more where one was begun in vain.
        del values["loops"]
        return hashlib.sha256(plain(values).encode()).hexdigest()
    if path.suffix == ".csv":
        rows = [row[1:] for row in csv.reader(path.read_text(encoding="utf-8").splitlines())]
        return hashlib.sha256(repr(rows).encode()).hexdigest()
    return hashlib.sha256(path.read_bytes()).hexdigest()


def plain(value: Any) -> str:
    """Every bit of what a checkpoint holds, as a text."""
    if isinstance(value, torch.Tensor):
        return f"{value.dtype}{tuple(value.shape)}{value.contiguous().numpy().tobytes().hex()}"
    if isinstance(value, dict):
        return "{" + ",".join(f"{key}:{plain(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(plain, value)) + "]"
    return repr(value)
