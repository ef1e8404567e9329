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
    older.add_metrics(1, 8, {"loss": 0.4, "validation_loss": 0.7, "validation_accuracy": 0.75})
    older.add_metrics(2, 16, {"loss": 0.3, "validation_loss": 0.6, "validation_accuracy": 0.93})
    older.add_metrics(3, 24, {"loss": 0.2, "validation_loss": 0.8, "validation_accuracy": 0.9})
    found = list_models(tmp_path)
    assert [item.path for item in found] == [newer.last, older.best, older.last]
    assert found[0].title.startswith("ResNet-18, last, ")
    assert found[1].title.startswith("Small CNN, best, accuracy 0.93, ")
    assert found[2].title.startswith("Small CNN, last, ")


def test_a_checkpoint_is_the_best_only_after_a_validation(tmp_path: Path) -> None:
    run = make_run(tmp_path, "small_cnn", "best.ckpt")
    run.add_metrics(1, 1, {"loss": 0.4})
    assert [item.title.split(", ")[1] for item in list_models(tmp_path)] == ["not validated"]
    run.add_metrics(1, 2, {"validation_loss": 0.125})
    assert [item.title.split(", ")[1:3] for item in list_models(tmp_path)] == [["best", "loss 0.125"]]


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
