"""The commands as a user gives them: train, go on, predict, describe; one sentence for a mistake."""

import json
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
import tifffile

from wholefield.cli import COMMANDS, command_line, main
from wholefield.export.stacks import write_nifti
from wholefield.runs.folder import RunFolder, past_runs
from wholefield.runs.lines import report_of
from wholefield.runs.reports import Failed, Finished, Reason, Started, StepDone
from wholefield.runs.settings import save_settings
from wholefield.sources import StackGeometry
from wholefield.tasks.registry import settings_of
from wholefield.tasks.slides.results.prediction import SlidePrediction
from wholefield.tasks.slides.settings import ClassifySettings, PredictSettings
from wholefield.tasks.stacks.settings import StackSegmentationSettings


@pytest.fixture(scope="module")
def slides(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight slides of two colours with labels.csv."""
    folder = tmp_path_factory.mktemp("slides")
    random = np.random.default_rng(0)
    rows = ["file,label"]
    for index in range(8):
        image = random.integers(0, 90, (70, 85, 3), dtype=np.uint8)
        image[..., index % 2 * 2] += 150
        tifffile.imwrite(folder / f"{index}.tif", image, photometric="rgb", tile=(64, 64))
        rows.append(f"{index}.tif,{('red', 'blue')[index % 2]}")
    (folder / "labels.csv").write_text("\n".join(rows) + "\n")
    return folder


@pytest.fixture
def config(slides: Path) -> ClassifySettings:
    return ClassifySettings(slides=slides, labels=slides / "labels.csv", tile_size=64, epochs=1)


def words(config: ClassifySettings | PredictSettings) -> list[str]:
    import shlex

    return shlex.split(command_line(config))[1:]


def test_train_then_predict(
    config: ClassifySettings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words(config), "--out", str(tmp_path / "runs")]) == 0
    out, err = capsys.readouterr()
    (run,) = past_runs(tmp_path / "runs")
    assert out == f"{run.path}\n"
    assert "validation_accuracy" in err
    assert settings_of(run) == config

    prediction = PredictSettings(slide=config.slides / "0.tif", checkpoint=run.best, tile_size=64)
    assert main([*words(prediction), f"--out={tmp_path / 'more'}"]) == 0
    out, _ = capsys.readouterr()
    lines = dict(line.split("\t") for line in out.splitlines())
    assert set(lines) == {"blue", "red"}
    assert sum(map(float, lines.values())) == pytest.approx(1, abs=1e-5)
    saved = SlidePrediction.load(past_runs(tmp_path / "more")[0].path / "prediction.npz")
    assert float(lines["blue"]) == pytest.approx(saved.probabilities[0], abs=1e-5)

    assert main(["info", str(run.best)]) == 0
    assert "blue, red" in capsys.readouterr().out


def test_a_network_over_volumes_is_trained_and_predicts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    volume = np.random.default_rng(0).normal(100, 20, (8, 20, 22)).astype(np.float32)
    tifffile.imwrite(tmp_path / "scan.tif", volume, photometric="minisblack")
    labels = np.where(volume > 100, 4, 2).astype(np.uint8)
    labels[:, :5] = 9
    tifffile.imwrite(tmp_path / "labels.tif", labels, photometric="minisblack")
    settings = "--ndim=3 --depth=2 --dilations=1-2 --epochs=2 --crop-size=6 --crops=4 --validation-slices=5-7"
    pair = [f"--stack={tmp_path / 'scan.tif'}", f"--target={tmp_path / 'labels.tif'}"]
    words = ["train", "stack-segmentation", *settings.split(), "--ignore-label=9", *pair]
    assert main([*words, f"--out={tmp_path / 'runs'}"]) == 0
    (run,) = past_runs(tmp_path / "runs")
    settings_found = settings_of(run)
    assert isinstance(settings_found, StackSegmentationSettings)
    assert settings_found.ndim == 3
    capsys.readouterr()
    result = tmp_path / "found.tif"
    words = ["predict-stack", str(tmp_path / "scan.tif"), f"--checkpoint={run.best}", f"--output={result}"]
    assert main([*words, f"--out={tmp_path / 'more'}"]) == 0
    found = tifffile.imread(result)
    assert found.shape == volume.shape
    assert set(np.unique(found)) <= {2, 4}
    assert main([*words, "--dilations=x", f"--out={tmp_path / 'more'}"]) == 2
    assert "dilations is 'x'" in capsys.readouterr().err


def test_train_from_a_file_and_go_on(
    config: ClassifySettings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_settings(config, tmp_path / "run.json")
    assert main(["train", "--config", str(tmp_path / "run.json"), "--out", str(tmp_path / "runs")]) == 0
    (run,) = past_runs(tmp_path / "runs")
    values = json.loads(run.settings_file.read_text())
    run.settings_file.write_text(json.dumps(values | {"epochs": 2}))
    assert main(["train", "--resume", str(run.path)]) == 0
    epochs = {row.epoch for row in RunFolder(run.path).metrics()}
    assert epochs == {1, 2}
    assert "epoch 1:" in capsys.readouterr().err


def test_reports_as_json_lines(
    config: ClassifySettings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words(config), "--json", f"--out={tmp_path}"]) == 0
    out, err = capsys.readouterr()
    reports = [report_of(line) for line in out.splitlines()]
    (run,) = past_runs(tmp_path)
    assert isinstance(reports[0], Started)
    assert reports[-1] == Finished(run.path, Reason.COMPLETED)
    losses = [report.loss for report in reports if isinstance(report, StepDone)]
    assert losses == [row.value for row in run.metrics() if row.metric == "loss"]
    assert err == ""

    # A run that another process has set up, by its folder.
    copy = RunFolder.create(tmp_path / "copy", config)
    assert main(["train", f"--resume={copy.path}", "--json-pictures"]) == 0
    again = [report_of(line) for line in capsys.readouterr().out.splitlines()]
    assert [report.loss for report in again if isinstance(report, StepDone)] == losses


@pytest.mark.parametrize(
    "argv", [["train", "classify", "--slides=absent", "--labels=l", "--json"], ["paint", "--json"]]
)
def test_a_mistake_is_a_json_line(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(argv) == 2
    out, err = capsys.readouterr()
    failed = report_of(out)
    assert isinstance(failed, Failed)
    assert err == f"error: {failed.message}\n"


def test_train_on_a_stack_then_predict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    volume = np.random.default_rng(0).normal(0, 1, (4, 20, 24)).astype(np.float32)
    for name, array in (("in.tif", volume), ("out.tif", 2 * volume)):
        tifffile.imwrite(tmp_path / name, array, photometric="minisblack")
    stacks = [f"--stack={tmp_path / 'in.tif'}", f"--target={tmp_path / 'out.tif'}"]
    network = ["--depth=2", "--crop-size=0", "--epochs=1", f"--out={tmp_path / 'runs'}"]
    assert main(["train", "stack-regression", *stacks, *network]) == 0
    (run,) = past_runs(tmp_path / "runs")
    assert "validation_psnr" in capsys.readouterr().err
    out = tmp_path / "predicted.tif"
    argv = ["predict-stack", str(tmp_path / "in.tif"), f"--checkpoint={run.best}", f"--output={out}"]
    assert main([*argv, f"--out={tmp_path / 'more'}"]) == 0
    printed, err = capsys.readouterr()
    assert printed == f"{out}\n"
    assert "Predicting slices" in err
    assert tifffile.imread(out).shape == volume.shape
    assert main(["info", str(run.best)]) == 0
    assert "stack-regression" in capsys.readouterr().out


def test_info_of_a_slide(slides: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", str(slides / "0.tif")]) == 0
    out = capsys.readouterr().out
    assert "85 x 70 pixels" in out
    assert "level 0:" in out


def test_info_of_a_stack(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    volume = np.zeros((3, 20, 30), np.int16)
    affine = np.diag([0.5, 0.75, 2.0, 1.0])
    write_nifti(
        tmp_path / "a.nii.gz", volume, volume.shape, "i2", StackGeometry((2, 0.75, 0.5), "mm", affine)
    )
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["large"], file["small"] = volume, volume[:2]
        file["lost"] = h5py.SoftLink("/absent")
    assert main(["info", str(tmp_path / "a.nii.gz"), str(tmp_path / "a.h5")]) == 0
    nifti, hdf5 = capsys.readouterr().out.split("file: ")[1:]
    assert "3 x 20 x 30 voxels (z, y, x)" in nifti
    assert "2 x 0.75 x 0.5 mm (z, y, x)" in nifti
    assert "(0.5, 0, 0, 0) (0, 0.75, 0, 0) (0, 0, 2, 0)" in nifti
    assert "dataset" not in nifti
    assert "stack (HDF5 or NeXus)" in hdf5
    assert "dataset=large (large, 3 x 20 x 30 int16)" in hdf5
    assert "dataset=small (small, 2 x 20 x 30 int16)" in hdf5
    assert "warning:         The file has broken links, whose targets are not shown: lost." in hdf5


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        ([], "following arguments are required: command"),
        (["paint"], "Argument command: invalid choice: 'paint'"),
        (["train"], "Give either a task with its options, or --config, or --resume"),
        (["train", "--config", "absent.json"], "absent.json cannot be read"),
        (
            ["train", "classify", "--slides=absent", "--labels=l"],
            "slides names absent, which is not a folder",
        ),
        (["train", "classify", "--slides=a", "--labels=b", "--epochs=x"], "--epochs is 'x'"),
        (["predict", "a.svs", "--checkpoint=absent.ckpt"], "slide names a.svs, which does not exist"),
        (["info", "absent.svs"], "absent.svs does not exist"),
        (["info", "absent.ckpt"], "absent.ckpt does not exist"),
    ],
)
def test_a_mistake_is_one_sentence(
    argv: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    # A file that cannot be read is a failure, all others are wrong use.
    assert main(argv) == (1 if argv[:1] == ["info"] else 2)
    out, err = capsys.readouterr()
    assert out == ""
    assert sentence in err
    assert err.startswith("error: ")
    assert err.count("\n") == 1


def test_a_failed_run_tells_why(
    config: ClassifySettings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = [*words(config), "--level=3", f"--out={tmp_path}"]
    assert main(argv) == 1
    assert "the setting level cannot be 3" in capsys.readouterr().err


@pytest.mark.parametrize("word", COMMANDS)
def test_help(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([word, "--help"]) == 0
    assert COMMANDS[word].text in " ".join(capsys.readouterr().out.split())


def test_the_parser_imports_no_torch() -> None:
    code = (
        "import sys, wholefield.cli; wholefield.cli.main(['train', '--help']); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"
