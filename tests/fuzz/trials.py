"""Mutated files, one after the other, and what became of each."""

import contextlib
import json
import os
import queue
import random
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from tests.fuzz.mutations import mutated

LIMIT_BYTES = 2**30
# A file has 10 s of a quiet machine.
LIMIT_S = 10.0
PATIENCE = 6.0


@dataclass(frozen=True)
class Trial:
    """What became of one mutated file.

    Attributes:
        seed: Names the mutated file: the same seed makes the same file again.
        name: Of the sound file that was mutated.
        outcome: "read", "sentence", "fault" (an error without a sentence), "signal", "hang" or "memory".
        text: The sentence or traceback.
    """

    seed: int
    name: str
    outcome: str
    text: str

    @property
    def good(self) -> bool:
        """Whether it was read or refused with a sentence."""
        return self.outcome in ("read", "sentence")


class Reader:
    """A process that opens files; started again when a file kills it.

    Attributes:
        limit_s: Seconds that a file may take.
    """

    def __init__(self, patience: float = PATIENCE, module: str = "tests.fuzz.child") -> None:
        self.limit_s = LIMIT_S * patience
        self._module = module
        self._process: subprocess.Popen[str] | None = None
        self._answers: queue.Queue[str] = queue.Queue()
        self._forwarding: threading.Thread | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def open(self, path: Path) -> tuple[str, str]:
        """The outcome for a file, and its text."""
        process = self._running()
        assert process.stdin is not None
        process.stdin.write(f"{path}\n")
        process.stdin.flush()
        try:
            answer = self._answers.get(timeout=self.limit_s)
        except queue.Empty:
            self._stop()
            return "hang", f"no answer within {self.limit_s:g} s"
        if not answer:
            code = self._stop()
            return "signal", signal.Signals(-code).name if code < 0 else f"exit status {code}"
        told = json.loads(answer)
        if told["peak"] > LIMIT_BYTES:
            return "memory", f"{told['peak'] / 2**20:.0f} MB; {told['text']}"
        return str(told["outcome"]), str(told["text"])

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None:
            environment = os.environ | {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
            self._answers = queue.Queue()
            self._process = subprocess.Popen(
                [sys.executable, "-m", self._module],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                env=environment,
            )
            assert self._process.stdout is not None
            self._forwarding = threading.Thread(
                target=_forward, args=(self._process.stdout, self._answers), daemon=True
            )
            self._forwarding.start()
            if self._answers.get() != "ready":
                raise RuntimeError("the process that opens files did not start")
        return self._process

    def _stop(self) -> int:
        """End the process, if there is one; its exit status."""
        process, self._process = self._process, None
        if process is None:
            return 0
        if self._forwarding is not None and self._forwarding.is_alive():
            process.kill()
            self._forwarding.join()
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        return process.wait()


def _forward(lines: IO[str], answers: "queue.Queue[str]") -> None:
    """Hand on line by line, and an empty text at the end."""
    with lines:
        for line in lines:
            answers.put(line.rstrip("\n"))
    answers.put("")


def trials(
    files: list[Path], seeds: Iterator[int], folder: Path, patience: float = PATIENCE
) -> Iterator[Trial]:
    """Mutate a file for every seed and open it.

    Args:
        files: Sound files and folders, one or more of every format.
        seeds: Each decides which file is mutated, and how.
        folder: Where mutated files are put; each is deleted when it has been tried.
        patience: How many times slower than a quiet machine this one may be.
    """
    with Reader(patience) as reader:
        for seed in seeds:
            chance = random.Random(seed)
            sound = files[chance.randrange(len(files))]
            path = broken_copy(sound, folder / f"{seed}", chance)
            yield Trial(seed, sound.name, *reader.open(path))
            shutil.rmtree(folder / f"{seed}")


def broken_copy(sound: Path, folder: Path, chance: random.Random) -> Path:
    """A copy of a file, with the files beside it that belong to it, in which one file is mutated."""
    # Every sound file has a folder of its own: a header and its voxels are copied together.
    shutil.copytree(sound.parent, folder)
    path = folder / sound.name
    inside = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
    others = [each for each in sorted(folder.iterdir()) if each.is_file() and each != path]
    victim = chance.choice(inside + others)
    victim.write_bytes(mutated(chance, victim.read_bytes()))
    return path
