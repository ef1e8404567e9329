"""The folder through which a run in a process of its own and the window talk: whole files, no open connection.

A window that starts later finds the run by it, and reads what was reported from the beginning.
"""

import json
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import psutil

from wholefield.files import replacing
from wholefield.runs.control import RunState
from wholefield.runs.own_process.identity import ProcessIdentity
from wholefield.runs.own_process.wire import Arrays, decode, encode, found, name_of

JOB, RESULT, REQUEST = "job.json", "result.json", "request"
REPORTS, PASSING, ARRAYS = "reports.jsonl", "passing.json", "arrays"
PROCESS, OWNER, OUTPUT = "process.json", "owner.json", "output.txt"


@dataclass(frozen=True)
class Job:
    """What a process is to do.

    Attributes:
        work: A `partial` of a function of a module, called with the report function and the control.
        title: What kind of run it is, such as `Training`.
        place: Where the window shows it, such as the name of a workspace.
        opened: The file that was open when it began, where there was one.
    """

    work: Callable[..., object]
    title: str = "Run"
    place: str = ""
    opened: Path | None = None


@dataclass(frozen=True)
class Channel:
    """The files of one run.

    Attributes:
        folder: Where they lie; nobody but the user may look into it.
    """

    folder: Path

    @classmethod
    def create(cls, parent: Path, job: Job) -> Self:
        """Make a new one under `parent` with what is to be done.

        Raises:
            TypeError: The work, or something it is given, cannot be handed to another process.
            OSError: The folder cannot be written to.
        """
        work = job.work if isinstance(job.work, partial) else partial(job.work)
        channel = cls(parent / uuid4().hex)
        values = {
            "work": name_of(work.func),
            "arguments": encode(list(work.args), channel.arrays),
            "keywords": encode(work.keywords, channel.arrays),
            "title": job.title,
            "place": job.place,
            "opened": encode(job.opened, channel.arrays),
        }
        channel.folder.mkdir(parents=True, mode=0o700)
        channel.own()
        channel._write(JOB, values)
        return channel

    @classmethod
    def orphans(cls, parent: Path) -> list[Self]:
        """Those under `parent` that no living window follows, oldest first."""
        if not parent.is_dir():
            return []
        known = [cls(path) for path in parent.iterdir() if (path / JOB).is_file()]
        left = [each for each in known if (owner := each.owner) is None or not owner.alive]
        return sorted(left, key=lambda each: (each.folder / JOB).stat().st_mtime_ns)

    @property
    def job(self) -> Job:
        """What is to be done.

        Raises:
            OSError, ValueError, TypeError, AttributeError, ImportError: Another version of the program wrote it.
        """
        values = self._read(JOB)
        arguments, keywords = (
            decode(values["arguments"], self.arrays),
            decode(values["keywords"], self.arrays),
        )
        work = partial(found(values["work"]), *arguments, **keywords)
        return Job(work, values["title"], values["place"], decode(values["opened"], self.arrays))

    @property
    def arrays(self) -> Arrays:
        """The arrays of job and result."""
        return Arrays(self.folder / ARRAYS)

    @property
    def process(self) -> ProcessIdentity | None:
        """The process that does it; None before it has started."""
        return ProcessIdentity.read(self.folder / PROCESS)

    @property
    def begun(self) -> bool:
        """Whether a process was started for it."""
        return (self.folder / OUTPUT).exists()

    @property
    def owner(self) -> ProcessIdentity | None:
        """The process that follows it."""
        return ProcessIdentity.read(self.folder / OWNER)

    @property
    def output(self) -> Path:
        """What the process prints, such as its last words in a crash."""
        return self.folder / OUTPUT

    @property
    def request(self) -> RunState:
        """What was asked of the run last."""
        try:
            return RunState((self.folder / REQUEST).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return RunState.RUNNING

    def ask(self, state: RunState) -> None:
        """Ask the run to pause, to go on or to end."""
        with replacing(self.folder / REQUEST) as temporary:
            temporary.write_text(state.value, encoding="utf-8")

    def own(self) -> None:
        """Follow it from this process on."""
        ProcessIdentity.own().write(self.folder / OWNER)

    def begin(self, pid: int) -> None:
        """Note which process does it."""
        with suppress(psutil.Error):  # it has ended by now
            ProcessIdentity.of(pid).write(self.folder / PROCESS)

    def finish(self, **outcome: Any) -> None:
        """Write what came of it."""
        self._write(RESULT, encode(outcome, self.arrays))

    @property
    def outcome(self) -> dict[str, Any] | None:
        """What came of it; None while it goes on, and where the process ended without a word."""
        if not (self.folder / RESULT).exists():
            return None
        result: dict[str, Any] = decode(self._read(RESULT), self.arrays)
        return result

    def remove(self) -> None:
        """Remove the folder with everything in it."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _write(self, name: str, value: Any) -> None:
        with replacing(self.folder / name) as temporary:
            temporary.write_text(json.dumps(value), encoding="utf-8")

    def _read(self, name: str) -> Any:
        return json.loads((self.folder / name).read_text(encoding="utf-8"))
