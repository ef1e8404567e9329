"""Earlier runs: listed, compared, exported, and done again with the same bits by `repeat` and by their command."""

import csv
import json
import shlex
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch

from wholefield.cli import main
from wholefield.runs.folder import RunFolder, past_runs
from wholefield.runs.provenance import Provenance
from wholefield.tasks.history import differing_settings, read_run
from wholefield.tasks.stacks.settings import StackRegressionSettings


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the stacks, and in `runs` one small training on them."""
    folder = tmp_path_factory.mktemp("trained")
    volume = np.random.default_rng(0).normal(0, 1, (6, 24, 26)).astype(np.float32)
    for name, array in (("in.tif", volume), ("out.tif", 2 * volume)):
        tifffile.imwrite(folder / name, array, photometric="minisblack")
    stacks = [f"--stack={folder / 'in.tif'}", f"--target={folder / 'out.tif'}"]
    words = [
        "--depth=2",
        "--crop-size=16",
        "--epochs=2",
        "--learning-rate=0.0123",
        f"--out={folder / 'runs'}",
    ]
    assert main(["train", "stack-regression", *stacks, *words]) == 0
    return folder


def the_run(parent: Path) -> RunFolder:
    (run,) = past_runs(parent)
    return run


def bits(run: RunFolder) -> tuple[dict[str, bytes], list[tuple[int, int, str, float]]]:
    """The weights of both checkpoints, and all metrics without their times."""
    weights: dict[str, bytes] = {}
    for path in (run.best, run.last):
        state = torch.load(path, weights_only=True)["state_dict"]
        weights |= {f"{path.name} {name}": value.numpy().tobytes() for name, value in state.items()}
    return weights, [(row.epoch, row.step, row.metric, row.value) for row in run.metrics()]


def test_repeat_and_the_command_give_the_same_bits(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = the_run(trained / "runs")
    capsys.readouterr()
    assert main(["repeat", str(run.path), f"--out={tmp_path / 'again'}"]) == 0
    assert "warning" not in capsys.readouterr().err
    assert main(["runs", "command", str(run.path)]) == 0
    command = capsys.readouterr().out
    assert main([*shlex.split(command)[1:], f"--out={tmp_path / 'command'}"]) == 0
    expected = bits(run)
    assert bits(the_run(tmp_path / "again")) == expected
    assert bits(the_run(tmp_path / "command")) == expected


def test_a_run_holds_what_it_was_made_with(trained: Path) -> None:
    run = the_run(trained / "runs")
    found = Provenance.read(run.provenance_file)
    assert set(found.data) == {str(trained / "in.tif"), str(trained / "out.tif")}
    assert found.versions["torch"] == torch.__version__


def test_data_that_changed_are_refused_unless_allowed(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = the_run(trained / "runs")
    found = Provenance.read(run.provenance_file)
    other = dict(found.data) | {str(trained / "in.tif"): "0" * 32}
    copy = RunFolder.create(tmp_path / "copy", read_run(run.path).settings)
    Provenance(found.versions, "0123", found.system, found.cores + 1, other).write(copy.provenance_file)
    assert main(["repeat", str(copy.path), f"--out={tmp_path / 'a'}"]) == 2
    err = capsys.readouterr().err
    assert f"have changed since: {trained / 'in.tif'}. Restore them, or pass --other-data" in err
    assert not (tmp_path / "a").exists()
    assert main(["repeat", str(copy.path), "--other-data", f"--out={tmp_path / 'a'}"]) == 0
    assert f"cores {found.cores + 1} (now {found.cores})" in capsys.readouterr().err


def test_list(trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = the_run(trained / "runs")
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "config.json").write_text("{")
    capsys.readouterr()
    assert main(["runs", "list", str(trained / "runs"), str(tmp_path)]) == 0
    out, err = capsys.readouterr()
    heading, line = out.splitlines()
    assert heading.split()[:3] == ["run", "task", "ended"]
    assert line.startswith(str(run.path))
    assert "completed" in line
    assert "validation_psnr" in line
    assert err.startswith("warning: ")
    assert str(broken) in err
    assert main(["runs", "list", str(broken)]) == 0
    assert "There are no runs" in capsys.readouterr().out


def test_compare_shows_what_differs(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = read_run(the_run(trained / "runs").path)
    assert isinstance(run.settings, StackRegressionSettings)
    other = RunFolder.create(tmp_path, replace(run.settings, epochs=7))
    other.add_metrics(1, 4, {"training_loss": 0.5, "validation_psnr": 10.0, "validation_loss": 1.0})
    other.add_metrics(2, 8, {"training_loss": 0.2, "validation_psnr": 30.5, "validation_loss": 0.1})
    other.add_metrics(3, 12, {"training_loss": 0.1, "validation_psnr": 20.0, "validation_loss": 0.4})
    found = read_run(other.path)
    assert (found.epochs, found.best_epoch, found.figure, found.ended) == (3, 2, 30.5, "unfinished")
    assert differing_settings([run, found]) == {"epochs": [2, 7]}
    capsys.readouterr()
    assert main(["runs", "compare", str(run.folder.path), str(other.path)]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == [run.name, found.name]
    assert ["epochs", "2", "7"] in lines
    assert ["best", "epoch", str(run.best_epoch), "2"] in lines
    assert any(line[0] == "validation_psnr" and line[-1] == "30.5" for line in lines)
    assert main(["runs", "compare", str(tmp_path)]) == 2


@pytest.mark.parametrize("suffix", ["csv", "json"])
def test_export(suffix: str, trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, out = read_run(the_run(trained / "runs").path), tmp_path / f"runs.{suffix}"
    words = ["runs", "export", str(run.folder.path), "-o", str(out)]
    assert main(words) == 0
    if suffix == "json":
        (row,) = json.loads(out.read_text())
        assert row["setting.epochs"] == 2
    else:
        with out.open(newline="") as file:
            (row,) = csv.DictReader(file)
        assert row["setting.epochs"] == "2"
    assert float(row["metric.validation_psnr"]) == run.figure
    assert main(words) == 2
    assert main([*words, "--replace"]) == 0
    assert main(["runs", "export", str(run.folder.path), "-o", str(tmp_path / "a.txt")]) == 2
