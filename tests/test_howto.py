"""Following each page of docs/howto step by step in a copy of the engine ends with what the page promises."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted(path for path in (ROOT / "docs" / "howto").glob("*.md") if path.name != "README.md")
BLOCK = re.compile(r"^```python(?P<info>[^\n]*)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"file=(\S+)")
AFTER = re.compile(r"after=(?P<quote>[\"'])(?P<line>.*)(?P=quote)")


class Step(NamedTuple):
    """A block of code: what it is, and the file and line that it goes into; none for code that is run."""

    code: str
    file: str
    after: str


def steps_of(page: Path) -> Iterator[Step]:
    """The blocks of Python of a page."""
    for block in BLOCK.finditer(page.read_text(encoding="utf-8")):
        file, after = FILE.search(block["info"]), AFTER.search(block["info"])
        yield Step(block["code"], file[1] if file else "", after["line"] if after else "")


def follow(step: Step, root: Path) -> None:
    """Write a new file, or put lines behind a line of an existing one."""
    path = root / step.file
    if not step.after:
        assert not path.exists(), f"{step.file} exists"
        path.write_text(step.code, encoding="utf-8")
        return
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    (place,) = (number for number, line in enumerate(lines) if line.startswith(step.after))
    path.write_text("".join([*lines[: place + 1], step.code, *lines[place + 1 :]]), encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in PAGES])
def test_a_page_keeps_what_it_promises(page: Path, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "engine", tmp_path / "engine", ignore=shutil.ignore_patterns("__pycache__"))
    steps = list(steps_of(page))
    for step in steps[:-1]:
        follow(step, tmp_path)
    assert not steps[-1].file
    done = subprocess.run(
        [sys.executable, "-c", steps[-1].code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "engine")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in PAGES])
def test_a_page_is_one_file_and_one_row(page: Path) -> None:
    steps = list(steps_of(page))
    assert len([step for step in steps if step.file and not step.after]) == 1
    assert len({step.file for step in steps if step.after}) == 1
    assert page.name in (page.parent / "README.md").read_text(encoding="utf-8")
