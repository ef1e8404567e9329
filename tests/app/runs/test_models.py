from pathlib import Path

from wholefield.runs.folder import RunFolder
from wholefield.tasks.slides.settings import ClassifySettings, PredictSettings
from wholefield.tasks.stacks.noise2inverse_settings import Noise2InverseSettings
from wholefield_app.runs.models import list_models


def make_run(runs: Path, model: str, *files: str) -> RunFolder:
    folder = RunFolder.create(runs, ClassifySettings(slides=runs, labels=runs / "labels.csv", model=model))
    for name in files:
        (folder.path / name).touch()
    return folder


def test_newest_first_and_the_best_before_the_last(tmp_path: Path) -> None:
    older = make_run(tmp_path, "small_cnn", "best.ckpt", "last.ckpt")
    for epoch, accuracy in enumerate((0.5, 0.875, 0.75), 1):
        older.add_metrics(epoch, 4 * epoch, {"validation_accuracy": accuracy})
    newer = make_run(tmp_path, "resnet18", "last.ckpt")
    found = list_models(tmp_path, "predict")
    assert [item.path for item in found] == [newer.last, older.best, older.last]
    assert found[0].title.startswith("ResNet-18, last, ")
    assert found[1].title.startswith("Small CNN, best, Accuracy 0.875, ")


def test_what_gives_no_prediction_is_left_out(tmp_path: Path) -> None:
    make_run(tmp_path, "small_cnn")
    other = RunFolder.create(tmp_path, PredictSettings(slide=tmp_path, checkpoint=tmp_path / "a.ckpt"))
    (other.path / "best.ckpt").touch()
    damaged = make_run(tmp_path, "small_cnn", "best.ckpt")
    damaged.settings_file.write_text("{")
    unknown = make_run(tmp_path, "a network of the future", "best.ckpt")
    assert unknown.best.exists()
    assert list_models(tmp_path, "predict") == []


def test_no_runs_yet(tmp_path: Path) -> None:
    assert list_models(tmp_path / "runs", "predict") == []


def test_the_best_is_called_so_only_after_a_validation(tmp_path: Path) -> None:
    run = make_run(tmp_path, "small_cnn", "best.ckpt", "last.ckpt")
    run.add_metrics(1, 1, {"loss": 0.5})
    assert list_models(tmp_path, "predict")[0].title.startswith("Small CNN, not validated, ")
    run.add_metrics(1, 4, {"validation_accuracy": 0.5})
    assert list_models(tmp_path, "predict")[0].title.startswith("Small CNN, best, Accuracy 0.5, ")


def test_a_smaller_error_is_the_better_figure(tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path, Noise2InverseSettings(projections=tmp_path / "scan.h5"))
    run.best.touch()
    for epoch, error in enumerate((0.5, 0.25, 0.75), 1):
        run.add_metrics(epoch, epoch, {"validation_loss": error, "validation_psnr": 30.0})
    (only,) = list_models(tmp_path, "stack-predict")
    assert "best, Split error 0.25" in only.title


def test_models_of_other_data_are_left_out(tmp_path: Path) -> None:
    make_run(tmp_path, "small_cnn", "last.ckpt")
    assert list_models(tmp_path, "stack-predict") == []
