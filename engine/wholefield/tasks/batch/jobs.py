"""The jobs of a batch: which files, with which settings, into which folders; and what has been done already."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from wholefield.errors import SettingError
from wholefield.files import replacing
from wholefield.runs.folder import CONFIG
from wholefield.runs.paths import absolute
from wholefield.runs.provenance import fingerprint
from wholefield.runs.settings import PathKind, RunSettings, save_settings
from wholefield.sources import Kind, kind_of
from wholefield.sources.formats import all_formats
from wholefield.tasks.registry import Data, Task, find_task, load_settings

OUTCOME = "outcome.json"
DONE, FAILED = "done", "failed"
KINDS = {Data.SLIDES: Kind.IMAGE, Data.STACKS: Kind.STACK, Data.EVENTS: Kind.RECORDING}


@dataclass(frozen=True)
class Job:
    """One file of a batch.

    Attributes:
        file: The file.
        folder: Its run folder.
        settings: The settings of its run.
    """

    file: Path
    folder: Path
    settings: RunSettings

    @property
    def size(self) -> int:
        """Bytes of the file, or of the files in the folder that it is; 0 where there is none."""
        if self.file.is_dir():
            return sum(each.stat().st_size for each in self.file.rglob("*") if each.is_file())
        return self.file.stat().st_size if self.file.exists() else 0


@dataclass(frozen=True)
class Outcome:
    """What came of a job; it stands in its run folder.

    Attributes:
        file: The file.
        status: `done` or `failed`.
        error: Why it failed; otherwise empty.
        seconds: How long it took.
        mark: Fingerprint of the file, by which a later batch knows whether it has changed.
        figures: What was found in a few numbers and words, by name.
    """

    file: str
    status: str
    error: str = ""
    seconds: float = 0.0
    mark: str = ""
    figures: Mapping[str, float | str] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Write it into a run folder."""
        with replacing(folder / OUTCOME) as temporary:
            temporary.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")


def read_outcome(job: Job) -> Outcome | None:
    """What an earlier batch made of a job; None where it has to be done: new, changed, failed, cut short."""
    try:
        found = Outcome(**json.loads((job.folder / OUTCOME).read_text(encoding="utf-8")))
        valid = found.file == str(job.file) and found.mark == fingerprint(job.file)
    except (OSError, ValueError, TypeError):
        return None
    return found if valid and found.status == DONE else None


def input_of(task: Task) -> str:
    """The name of the setting that names the file of a task; empty where it has none of that kind."""
    declared = task.settings.declarations()
    names = [name for name, each in declared.items() if each.setting.positional and each.required]
    return names[0] if len(names) == 1 else ""


def is_batch(task: Task, paths: Sequence[Path]) -> bool:
    """Whether paths stand for several files: they are more than one, or a folder that is no file of the kind itself."""
    return len(paths) > 1 or any(_is_collection(path, KINDS[task.data]) for path in paths)


def jobs_of(settings: RunSettings, paths: Iterable[Path], out: Path) -> list[Job]:
    """The jobs of a batch in the order of the files.

    Folders stand for the files beneath them that a format of the kind claims by name or content; broken ones, too, so
    that they are reported.

    Args:
        settings: Those of the task; the file that they name counts for nothing.
        paths: Files and folders.
        out: Each job gets a folder beneath it, named like its file.

    Raises:
        SettingError: No file is there, or all would write to one.
    """
    task = find_task(settings.task)
    for name, each in settings.declarations().items():
        if each.setting.path is PathKind.NEW and getattr(settings, name) is not None:
            raise SettingError(f"The setting {name} names one file, but there are many; leave it out.")
    out, found = out.absolute(), dict[Path, Path]()
    for path in paths:
        for file, place in _files(path.absolute(), KINDS[task.data], out):
            found.setdefault(file, place)
    if not found:
        raise SettingError(f"There is no {KINDS[task.data]} in {', '.join(map(str, paths))}.")
    taken, jobs = set[Path](), []
    for file, place in found.items():
        number, free = 1, place
        while free in taken:
            number += 1
            free = place.with_name(f"{place.name}_{number}")
        taken.add(free)
        changes: dict[str, Any] = {input_of(task): file}
        jobs.append(Job(file, out / free, absolute(replace(settings, **changes))))
    return jobs


def keep_settings(settings: RunSettings, out: Path) -> None:
    """Write the settings of a batch into its folder, so that results of one folder are of one kind.

    Raises:
        SettingError: The folder holds results of other settings.
    """
    name = input_of(find_task(settings.task))
    changes: dict[str, Any] = {name: Path()}
    common = replace(absolute(settings), **changes)
    out.mkdir(parents=True, exist_ok=True)
    file = out / "batch.json"
    if file.exists():
        if load_settings(file) != common:
            raise SettingError(f"{out} holds results of other settings (see {file}); choose another folder.")
    else:
        save_settings(common, file)


def _is_collection(path: Path, kind: Kind) -> bool:
    return path.is_dir() and kind_of(path) is not kind


def _files(path: Path, kind: Kind, out: Path) -> Iterator[tuple[Path, Path]]:
    """Files, each with the name of its results."""
    if not _is_collection(path, kind):
        yield path, Path(path.name)
        return
    for file in _beneath(path, kind, out):
        yield file, file.relative_to(path)


def _beneath(folder: Path, kind: Kind, out: Path) -> Iterator[Path]:
    suffixes = tuple({suffix for row in all_formats() if row.kind is kind for suffix in row.suffixes})
    for path in sorted(folder.iterdir()):
        # Results of runs are no data.
        if path.name.startswith(".") or path == out or (path / CONFIG).is_file():
            continue
        found = kind_of(path)
        if found is kind or (found is None and path.is_file() and path.name.lower().endswith(suffixes)):
            yield path
        elif path.is_dir() and found is None:
            yield from _beneath(path, kind, out)
