"""Files that are either whole or absent."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wholefield.files import finish_replacing, replacing, replacing_together, sweep


def test_replaces_on_success(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with replacing(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def fail_halfway(path: Path) -> None:
    with replacing(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError


def test_keeps_the_old_on_an_error(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(RuntimeError):
        fail_halfway(path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


class Killed(BaseException):
    """The process ends here."""


def die_at(number: int, patch: pytest.MonkeyPatch) -> None:
    """Let the n-th call that changes what names mean end the process: neither it nor any later one has an effect."""
    count = 0

    def deadly(call: Callable[..., Any]) -> Callable[..., Any]:
        def replaced(*args: Any, **named: Any) -> Any:
            nonlocal count
            count += 1
            if count > number:
                raise Killed
            return call(*args, **named)

        return replaced

    for name in ("replace", "rename", "fsync", "unlink"):
        patch.setattr(os, name, deadly(getattr(os, name)))


def write_both(folder: Path, text: str, *, best: bool) -> None:
    with replacing_together(folder, "best", "last") as (best_file, last_file):
        last_file.write_text(text)
        if best:
            best_file.write_text(text)


@pytest.mark.parametrize("best", [True, False])
@pytest.mark.parametrize("number", range(12))
def test_files_that_belong_together_become_visible_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, best: bool
) -> None:
    write_both(tmp_path, "old", best=True)
    with monkeypatch.context() as patch:
        die_at(number, patch)
        try:
            write_both(tmp_path, "new", best=best)
            killed = False
        except Killed:
            killed = True
    names = {path.name for path in tmp_path.iterdir() if not path.name.startswith(".")}
    assert names == {"best", "last"}, "there is always one of each"
    finish_replacing(tmp_path)
    monkeypatch.setattr("wholefield.files.psutil.pid_exists", lambda pid: pid != os.getpid())
    sweep(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["best", "last"]
    contents = (tmp_path / "best").read_text(), (tmp_path / "last").read_text()
    new = ("new" if best else "old", "new")
    assert contents in {("old", "old"), new}
    assert killed or contents == new
    assert killed == (number < (10 if best else 8)), "every call was the last one once"


def test_what_a_living_process_writes_is_not_swept(tmp_path: Path) -> None:
    (tmp_path / ".user.part").write_text("a file of the user")
    with replacing(tmp_path / "file") as temporary:
        sweep(tmp_path)
        assert temporary.exists()
        assert (tmp_path / ".user.part").exists()


def test_an_error_while_files_are_written_changes_nothing(tmp_path: Path) -> None:
    write_both(tmp_path, "old", best=True)
    with pytest.raises(TypeError):
        write_both(tmp_path, None, best=True)  # type: ignore[arg-type]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["best", "last"]
    assert (tmp_path / "last").read_text() == "old"
