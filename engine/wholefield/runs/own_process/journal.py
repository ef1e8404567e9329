"""The reports of a run as lines of JSON in a file, written by its process and followed by another one.

The pictures of a preview are arrays in files of their own, named behind its line; a run of days would fill the disk
with them, so that only the newest are kept.
"""

import json
import os
import threading
from collections import deque
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from wholefield.runs.lines import line_of, report_of
from wholefield.runs.own_process.channel import ARRAYS, PASSING, REPORTS
from wholefield.runs.own_process.wire import Arrays
from wholefield.runs.reports import PartDone, PreviewReady, Report, Started, TileDone

# A report that the next one makes worthless is not worth a line: a run of days would fill the disk with tiles.
Passing = TileDone | PartDone
NEWEST = 16
# As many pictures as four previews have.
MOST_ARRAYS = 16
# Stands between the line of a preview and the files of its pictures; JSON has it in no text.
BEHIND = "\t"


class Journal:
    """Takes reports in the thread of a run and writes them whenever `flush` is called in another one.

    Args:
        folder: Where the files go.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._arrays = Arrays(folder / ARRAYS, MOST_ARRAYS)
        self._lock, self._writing = threading.Lock(), threading.Lock()
        self._lines: deque[Report] = deque()
        self._passing: deque[Passing] = deque(maxlen=NEWEST)
        self._number = 0

    def __call__(self, report: Report) -> None:
        """Take a report; costs the run next to nothing."""
        with self._lock:
            if isinstance(report, Passing):
                self._passing.append(report)
            else:
                self._lines.append(report)
        if isinstance(report, Started):
            # Whatever happens next, it must be known where the run is; the disk may be full, but is tried again.
            with suppress(OSError):
                self.flush()

    def flush(self) -> None:
        """Write what has come since.

        Raises:
            OSError: The disk is full; nothing is lost, and the next call tries again.
        """
        with self._writing:
            self._flush()

    def _flush(self) -> None:
        with self._lock:
            lines, passing = list(self._lines), list(self._passing)
        if lines:
            self._append("".join(f"{self._line(each)}\n" for each in lines))
        if passing:
            self._replace([line_of(each) for each in passing])
        with self._lock:
            for _ in lines:
                self._lines.popleft()
            if passing and self._passing and self._passing[-1] is passing[-1]:
                self._passing.clear()

    def _line(self, report: Report) -> str:
        line = line_of(report, pictures=False)
        if not isinstance(report, PreviewReady):
            return line
        files = {name: self._arrays.save(picture) for name, picture in report.pictures.items()}
        return line + BEHIND + json.dumps(files)

    def _append(self, text: str) -> None:
        path = self._folder / REPORTS
        with path.open("ab") as file:
            whole = file.tell()
            try:
                file.write(text.encode())
                file.flush()
            except OSError:
                os.truncate(path, whole)
                raise

    def _replace(self, lines: list[str]) -> None:
        temporary = self._folder / f"{PASSING}.part"
        self._number += 1
        temporary.write_text(json.dumps([self._number, lines]), encoding="utf-8")
        os.replace(temporary, self._folder / PASSING)


class JournalReader:
    """Reads what a `Journal` writes, from its beginning.

    Args:
        folder: Where the files are.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._arrays = Arrays(folder / ARRAYS)
        self._place = 0
        self._number = 0

    def read(self) -> list[Report]:
        """The reports since the last call, in order; previews whose pictures are gone are left out."""
        found = [self._report(line) for line in self._new_lines()]
        return [report for report in found if report is not None] + self._new_passing()

    def _new_lines(self) -> list[str]:
        try:
            with (self._folder / REPORTS).open("rb") as file:
                file.seek(self._place)
                new = file.read()
        except FileNotFoundError:
            return []
        whole = new[: new.rfind(b"\n") + 1]
        self._place += len(whole)
        return whole.decode().splitlines()

    def _new_passing(self) -> list[Report]:
        try:
            number, lines = json.loads((self._folder / PASSING).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return []
        if number == self._number:
            return []
        self._number = number
        return [report_of(line) for line in lines]

    def _report(self, line: str) -> Report | None:
        line, _, files = line.partition(BEHIND)
        report = report_of(line)
        if not isinstance(report, PreviewReady):
            return report
        try:
            pictures = {name: self._arrays.load(file) for name, file in json.loads(files).items()}
        except FileNotFoundError:
            return None
        return replace(report, pictures=pictures)
