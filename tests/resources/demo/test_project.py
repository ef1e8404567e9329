from pathlib import Path

import platformdirs
import pytest

from wholefield.errors import SourceError
from wholefield_resources.demo.project import DemoProject, demo_project, ensure_demo_project, is_complete
from wholefield_resources.demo.slides import DemoSettings

TINY = DemoSettings(count=4, sides=(260, 320), spores=(2, 4))


class Stopped(Exception):
    pass


def refuse(done: int, total: int) -> None:
    raise Stopped


def contents(project: DemoProject) -> dict[str, bytes]:
    return {
        str(path.relative_to(project.folder)): path.read_bytes()
        for path in sorted(project.folder.rglob("*"))
        if path.is_file()
    }


def test_lies_in_the_data_folder_of_the_user() -> None:
    project = demo_project()
    assert Path(platformdirs.user_data_dir("Wholefield", appauthor=False)) in project.folder.parents
    assert project.slides.parent == project.labels.parent == project.positions.parent == project.folder


def test_is_made_once(tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    project = ensure_demo_project(
        tmp_path / "a" / "demo", lambda done, total: steps.append((done, total)), TINY
    )
    assert steps == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert is_complete(project, TINY)
    before = contents(project)
    assert ensure_demo_project(tmp_path / "a" / "demo", refuse, TINY) == project
    assert contents(project) == before


def test_two_makings_are_equal(tmp_path: Path) -> None:
    one, other = (ensure_demo_project(tmp_path / name, settings=TINY) for name in "ab")
    assert one.labels.read_bytes() == other.labels.read_bytes()
    assert one.positions.read_bytes() == other.positions.read_bytes()
    for path in one.slides.iterdir():
        assert path.read_bytes() == (other.slides / path.name).read_bytes()


def test_an_interrupted_making_is_taken_up_again(tmp_path: Path) -> None:
    with pytest.raises(Stopped):
        ensure_demo_project(tmp_path, refuse, TINY)
    assert not is_complete(demo_project(tmp_path), TINY)
    assert not [path for path in tmp_path.rglob("*") if path.suffix == ".part"]
    assert is_complete(ensure_demo_project(tmp_path, settings=TINY), TINY)


def test_what_the_user_deleted_comes_back_and_what_they_added_stays(tmp_path: Path) -> None:
    project = ensure_demo_project(tmp_path, settings=TINY)
    run = tmp_path / "runs" / "first.txt"
    run.parent.mkdir()
    run.write_text("mine")
    before = contents(project)
    next(iter(project.slides.iterdir())).unlink()
    project.labels.unlink()
    assert not is_complete(project, TINY)
    ensure_demo_project(tmp_path, settings=TINY)
    assert contents(project) == before


def test_other_settings_make_it_anew(tmp_path: Path) -> None:
    project = ensure_demo_project(tmp_path, settings=TINY)
    other = DemoSettings(count=4, sides=(260, 320), spores=(2, 4), seed=8)
    assert not is_complete(project, other)
    before = contents(project)
    ensure_demo_project(tmp_path, settings=other)
    assert contents(project) != before


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SourceError, match=r"cannot be written to .*make room there, or allow writing"):
        ensure_demo_project(tmp_path / "file" / "demo", settings=TINY)
