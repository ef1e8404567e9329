"""`wholefield export-stack` as a user gives it."""

from pathlib import Path

import numpy as np
import pytest
import tifffile

from wholefield.cli import command_line, main
from wholefield.sources import open_stack
from wholefield.tasks.stacks.output_settings import StackExportSettings


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    voxels = np.random.default_rng(0).integers(0, 4, (3, 20, 22), np.uint8)
    tifffile.imwrite(tmp_path / "a b.tif", voxels, photometric="minisblack")
    return tmp_path / "a b.tif"


def test_a_stack_is_exported(stack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = tmp_path / "out.ome.zarr"
    words = ["export-stack", str(stack), "-o", str(result), "--labels"]
    assert main(words) == 0
    assert capsys.readouterr().out == f"{result}\n"
    with open_stack(result) as found:
        np.testing.assert_array_equal(found.read(), tifffile.imread(stack))
    assert main(words) == 2
    assert "exists; choose another name or pass --replace" in capsys.readouterr().err
    assert main([*words, "--replace"]) == 0


def test_the_command_of_the_window_is_the_same(stack: Path) -> None:
    config = StackExportSettings(stack=stack, out=Path("b.nii.gz"), labels=True)
    assert command_line(config) == f"wholefield export-stack --out=b.nii.gz --labels '{stack}'"


def test_a_mistake_is_one_sentence(stack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export-stack", str(stack), "-o", "a.png"]) == 2
    assert "a.png does not end in .tif" in capsys.readouterr().err
