"""The two commands train on files, keep the best epoch, go on from it, and tell errors in a sentence."""

from pathlib import Path

import numpy as np
import pytest
import tifffile

from wholefield.compat.msd_pytorch import open_model
from wholefield.compat.msd_pytorch.main import main


@pytest.fixture
def images(tmp_path: Path) -> Path:
    generator = np.random.default_rng(0)
    for number in range(3):
        image = generator.normal(size=(14, 14)).astype(np.float32)
        tifffile.imwrite(tmp_path / f"in{number}.tif", image)
        tifffile.imwrite(tmp_path / f"out{number}.tif", 3 * image + 1)
        tifffile.imwrite(tmp_path / f"label{number}.tif", (image > 0).astype(np.uint8))
    return tmp_path


def arguments(folder: Path, command: str, target: str) -> list[str]:
    paths = {
        name: str(folder / f"{'in' if 'input' in name else target}[01].tif")
        for name in ("train-input", "train-target")
    }
    paths |= {"val-input": str(folder / "in2.tif"), "val-target": str(folder / f"{target}2.tif")}
    options = [word for name, path in paths.items() for word in (f"--{name}", path)]
    return [command, *options, "--weights", str(folder / "net.torch"), "--depth", "3", "--seed", "1"]


def test_regression(images: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*arguments(images, "regression", "out"), "--epochs", "20"]) == 0
    losses = [float(line.split()[-1]) for line in capsys.readouterr().out.splitlines()]
    assert len(losses) == 20
    assert losses[-1] < losses[0]
    model, epoch = open_model(images / "net.torch")
    assert epoch == 1 + losses.index(min(losses))
    assert model.depth == 3
    assert main([*arguments(images, "regression", "out"), "--epochs", "1"]) == 0
    assert f"continuing {images / 'net.torch'} after epoch {epoch}" in capsys.readouterr().out


def test_segmentation(images: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = [
        *arguments(images, "segmentation", "label"),
        "--epochs",
        "2",
        "--dilations",
        "1",
        "2",
        "--batch-size",
        "2",
    ]
    assert main(command) == 0
    model, _ = open_model(images / "net.torch")
    assert (model.task, model.c_out, model.dilations) == ("segmentation", 2, (1, 2, 1))


def test_errors_are_sentences(images: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments(images, "regression", "absent")) == 2
    assert capsys.readouterr().err.startswith("error: No images match")
