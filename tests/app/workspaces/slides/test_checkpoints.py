from pathlib import Path

from wholefield.runs.folder import RunFolder
from wholefield.tasks.slides.settings import ClassifySettings, PredictSettings
from wholefield_app.workspaces.slides.checkpoints import list_models


def make_run(runs: Path, model: str, *files: str) -> RunFolder:
    folder = RunFolder.create(runs, ClassifySettings(slides=runs, labels=runs / "labels.csv", model=model))
    for name in files:
        (folder.path / name).touch()
    return folder


def test_newest_first_and_the_best_before_the_last(tmp_path: Path) -> None:
    older = make_run(tmp_path, "small_cnn", "best.ckpt", "last.ckpt")
    newer = make_run(tmp_path, "resnet18", "last.ckpt")
    found = list_models(tmp_path)
    assert [item.path for item in found] == [newer.last, older.best, older.last]
    assert found[0].title.startswith("ResNet-18, last, ")
    assert found[1].title.startswith("Small CNN, best, ")


def test_what_gives_no_prediction_is_left_out(tmp_path: Path) -> None:
    make_run(tmp_path, "small_cnn")
    other = RunFolder.create(tmp_path, PredictSettings(slide=tmp_path, checkpoint=tmp_path / "a.ckpt"))
    (other.path / "best.ckpt").touch()
    damaged = make_run(tmp_path, "small_cnn", "best.ckpt")
    damaged.settings_file.write_text("{")
    unknown = make_run(tmp_path, "a network of the future", "best.ckpt")
    assert unknown.best.exists()
    assert list_models(tmp_path) == []


def test_no_runs_yet(tmp_path: Path) -> None:
    assert list_models(tmp_path / "runs") == []
