from pathlib import Path

import pytest

from wholefield.errors import SourceError
from wholefield_app.workspaces.slides.project import SlideEntry, SlideProject, find_slides, read_project
from wholefield_app.workspaces.slides.slides_panel import describe


def fill(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).touch()


def test_slides_are_found_by_their_names(tmp_path: Path) -> None:
    fill(tmp_path, "b.SVS", "a.tif", "notes.txt", "labels.csv", ".hidden.tif")
    (tmp_path / "c.zarr").mkdir()
    assert [path.name for path in find_slides(tmp_path)] == ["a.tif", "b.SVS", "c.zarr"]


def test_labels_beside_the_slides(tmp_path: Path) -> None:
    fill(tmp_path, "a.tif", "b.tif", "c.tif")
    (tmp_path / "labels.csv").write_text("file,label\na.tif,x\nb.tif,y\n")
    project = read_project(tmp_path)
    assert project.labels == tmp_path / "labels.csv"
    assert [entry.labels for entry in project.entries] == [("x",), ("y",), ()]
    assert project.runs == tmp_path / "runs"
    assert describe(project) == "3 slides: 1 x, 1 y"


@pytest.mark.parametrize("opened", ["", "slides"])
def test_a_project_with_its_slides_in_a_folder_of_their_own(tmp_path: Path, opened: str) -> None:
    fill(tmp_path / "slides", "a.tif", "b.tif")
    (tmp_path / "labels.csv").write_text("file,label\na.tif,x\nb.tif,y\n")
    project = read_project(tmp_path / opened)
    assert (project.slides, project.labels) == (tmp_path / "slides", tmp_path / "labels.csv")
    assert (project.folder, project.name) == (tmp_path, tmp_path.name)
    assert project.runs == tmp_path / "runs"


def test_regions_of_one_slide_have_their_own_labels(tmp_path: Path) -> None:
    fill(tmp_path, "a.tif")
    rows = "file,label,x,y,width,height\na.tif,x,0,0,8,8\na.tif,y,8,0,8,8\na.tif,x,16,0,8,8\n"
    (tmp_path / "labels.csv").write_text(rows)
    project = read_project(tmp_path)
    assert project.entries == (SlideEntry(tmp_path / "a.tif", ("x", "y")),)
    assert describe(project) == "1 slide with labeled regions: x, y"


def test_a_label_file_that_cannot_be_used_is_told_and_the_slides_are_listed(tmp_path: Path) -> None:
    fill(tmp_path, "a.tif")
    (tmp_path / "labels.csv").write_text("name,class\na.tif,x\n")
    project = read_project(tmp_path)
    assert len(project.entries) == 1
    assert "column file" in project.warning
    assert describe(project).startswith("1 slide; the labels cannot be used")


def test_without_labels_the_list_says_so(tmp_path: Path) -> None:
    fill(tmp_path, "a.tif")
    assert describe(read_project(tmp_path)) == "1 slide, no label file"


def test_a_folder_without_slides_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="holds no slides"):
        read_project(tmp_path)


def test_the_runs_of_a_folder_without_labels_go_into_it(tmp_path: Path) -> None:
    assert SlideProject(tmp_path, None, ()).runs == tmp_path / "runs"
