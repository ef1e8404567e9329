"""Paths in settings: a run goes on from any working folder."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import pytest

from wholefield.runs.folder import RunFolder
from wholefield.runs.paths import absolute, located
from wholefield.runs.settings import PathKind, RunSettings, Setting, read_settings


@dataclass(frozen=True, kw_only=True)
class Walk(RunSettings):
    """Settings with paths of every kind."""

    task: ClassVar[str] = "walk"

    way: Annotated[Path, Setting("Where to.", path=PathKind.EXISTING)]
    map: Annotated[Path | None, Setting("By what.")] = None
    weights: Annotated[str | None, Setting("A file, or DEFAULT.", path=PathKind.FILE)] = None
    parts: Annotated[str | None, Setting("Files.", path_list=True)] = None
    note: Annotated[str, Setting("A text that happens to be a name.")] = "way"
    steps: Annotated[int, Setting("How many.")] = 3


def test_the_run_folder_keeps_absolute_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("way", "w.ckpt", "DEFAULT.ckpt"):
        (tmp_path / name).touch()
    walk = Walk(way=Path("way"), map=Path("absent/map"), weights="w.ckpt", parts="a.tif; sub/b.tif ;")
    found = absolute(walk)
    assert found == Walk(
        way=tmp_path / "way",
        map=tmp_path / "absent" / "map",
        weights=str(tmp_path / "w.ckpt"),
        parts=f"{tmp_path / 'a.tif'}; {tmp_path / 'sub' / 'b.tif'}",
    )
    assert absolute(found) == found
    assert absolute(Walk(way=Path("way"), weights="DEFAULT")).weights == "DEFAULT"
    run = RunFolder.create(Path("runs"), walk)
    monkeypatch.chdir("/")
    assert Walk.from_json(read_settings(tmp_path / run.settings_file)) == found


def test_relative_paths_of_before_are_found_above_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "way").touch()
    run = tmp_path / "runs" / "today"
    monkeypatch.chdir("/")
    walk = Walk(way=Path("data/way"), map=Path("data/absent"), weights="data/way", parts="data/way")
    found = located(walk, run)
    way = tmp_path / "data" / "way"
    assert found == Walk(way=way, map=Path("data/absent"), weights=str(way), parts=str(way))
    monkeypatch.chdir(tmp_path)
    assert located(walk, Path("/elsewhere/run")).way == way
