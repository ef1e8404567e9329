"""A scan is denoised by a run, from its projections or from reconstructions of their parts."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import tifffile
import torch

from wholefield.networks.msd.network import MSDNetwork
from wholefield.runs.control import Control
from wholefield.runs.folder import RunFolder
from wholefield.runs.reports import (
    EpochDone,
    Failed,
    Finished,
    Message,
    PartDone,
    PreviewReady,
    Reason,
    Report,
    StepDone,
)
from wholefield.runs.settings import RunSettings
from wholefield.tasks.registry import run_task
from wholefield.tasks.stacks.data.split_volumes import SplitVolumePairs
from wholefield.tasks.stacks.noise2inverse_settings import DENOISED, RECONSTRUCTION, Noise2InverseSettings
from wholefield.tasks.stacks.output_settings import StackPredictSettings
from wholefield.tomography.enums import Strategy
from wholefield.tomography.noise2inverse import SplitPairs, TensorReconstructions, split_reconstructions
from wholefield.tomography.phantom import draw, project, random_foam
from wholefield.tomography.projections import find_center, read_projections
from wholefield.training.checkpoints import card_of

SIZE, SLICES, PHOTONS = 40, 3, 400.0


@pytest.fixture(scope="module")
def scan(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, np.ndarray]:
    """Projections of three foams, and the foams."""
    path = tmp_path_factory.mktemp("scan") / "scan.h5"
    foams = [random_foam(8, seed, density=0.03) for seed in range(SLICES)]
    angles = torch.linspace(0, math.pi, 41, dtype=torch.float64)
    exact = torch.stack([project(foam, angles, SIZE) for foam in foams], 1)
    random = np.random.default_rng(0)
    with h5py.File(path, "w") as file:
        file["data"] = 20 + random.poisson(PHOTONS * np.exp(-exact.numpy()))
        file["flats"] = np.full((2, SLICES, SIZE), 20 + PHOTONS)
        file["darks"] = np.full((2, SLICES, SIZE), 20.0)
        file["angles"] = np.rad2deg(angles.numpy())
    return path, torch.stack([draw(foam, SIZE) for foam in foams]).numpy()


@pytest.fixture
def config(scan: tuple[Path, np.ndarray]) -> Noise2InverseSettings:
    return Noise2InverseSettings(
        projections=scan[0], depth=8, epochs=20, crop_size=32, learning_rate=0.01, dilations="1-4"
    )


def run(
    config: RunSettings, folder: Path, stop_at: int | None = None
) -> tuple[list[Report], Finished | Failed]:
    reports: list[Report] = []
    control = Control()

    def report(item: Report) -> None:
        reports.append(item)
        if isinstance(item, StepDone) and item.step == stop_at:
            control.stop_and_keep()

    return reports, run_task(config, folder, report, control)


def test_a_scan_comes_closer_to_the_truth(
    config: Noise2InverseSettings, scan: tuple[Path, np.ndarray], tmp_path: Path
) -> None:
    reports, end = run(config, tmp_path / "run")
    assert end == Finished(tmp_path / "run", Reason.COMPLETED)
    noisy, denoised = (tifffile.imread(tmp_path / "run" / name) for name in (RECONSTRUCTION, DENOISED))
    errors = [np.square(volume - scan[1])[1].mean() for volume in (noisy, denoised)]
    assert 10 * np.log10(errors[0] / errors[1]) > 3
    previews = [report for report in reports if isinstance(report, PreviewReady)]
    assert len(previews) == 21
    assert previews[0].at == 1
    np.testing.assert_allclose(previews[0].pictures["input"], noisy[1], rtol=1e-5)
    assert previews[-1].metrics["split_error"] < previews[0].metrics["split_error"]
    assert "target" not in previews[0].pictures
    epochs = [report.metrics["validation_loss"] for report in reports if isinstance(report, EpochDone)]
    assert epochs[-1] < epochs[0]
    works = list(dict.fromkeys(report.what for report in reports if isinstance(report, PartDone)))
    assert works == [
        "Reconstructing slices", "Checking values", "Measuring brightness", "Writing the reconstruction",
        "Denoising slices",
    ]  # fmt: skip
    assert not (tmp_path / "run" / "parts.npy").exists()


def test_parts_made_by_others_give_the_same(config: Noise2InverseSettings, tmp_path: Path) -> None:
    short = replace(config, epochs=1, center=19.5, parts=2)
    assert config.projections is not None
    scan = read_projections(config.projections)
    parts = split_reconstructions(scan.line_integrals(), scan.angles, 2, center=19.5)
    for index, part in enumerate(parts):
        tifffile.imwrite(tmp_path / f"{index}.tif", part.numpy(), photometric="minisblack")
    names = f"{tmp_path / '0.tif'}; {tmp_path / '1.tif'}"
    run(short, tmp_path / "scan")
    _, end = run(replace(short, projections=None, reconstructions=names), tmp_path / "parts")
    assert isinstance(end, Finished)
    one, other = (tifffile.imread(tmp_path / name / DENOISED) for name in ("scan", "parts"))
    np.testing.assert_allclose(one, other, atol=1e-6)


def test_a_stopped_run_goes_on(config: Noise2InverseSettings, tmp_path: Path) -> None:
    short = replace(config, epochs=2, rows="1-2")
    run(short, tmp_path / "whole")
    _, end = run(short, tmp_path / "parts", stop_at=6)
    assert end == Finished(tmp_path / "parts", Reason.STOPPED)
    assert not (tmp_path / "parts" / DENOISED).exists()
    reports, _ = run(short, tmp_path / "parts")
    assert not [r for r in reports if isinstance(r, PartDone) and r.what == "Reconstructing slices"]
    one, other = (tifffile.imread(tmp_path / name / DENOISED) for name in ("whole", "parts"))
    assert one.shape == (2, SIZE, SIZE)
    np.testing.assert_array_equal(one, other)


def test_the_network_predicts_other_stacks(config: Noise2InverseSettings, tmp_path: Path) -> None:
    run(replace(config, epochs=1), tmp_path / "run")
    folder = RunFolder(tmp_path / "run")
    prediction = StackPredictSettings(stack=folder.path / RECONSTRUCTION, checkpoint=folder.best)
    _, end = run(prediction, tmp_path / "prediction")
    assert isinstance(end, Finished)
    found = tifffile.imread(prediction.result(tmp_path / "prediction"))
    assert found.shape == (SLICES, SIZE, SIZE)


def test_a_network_over_volumes(
    config: Noise2InverseSettings, scan: tuple[Path, np.ndarray], tmp_path: Path
) -> None:
    volumes = replace(config, ndim=3, dilations="1-2", validation_slices="2", crop_size=24, crops=4, epochs=8)
    reports, end = run(volumes, tmp_path / "run")
    assert end == Finished(tmp_path / "run", Reason.COMPLETED)
    folder = RunFolder(tmp_path / "run")
    assert sorted(path.name for path in folder.path.glob("*.npy")) == []
    noisy, denoised = (tifffile.imread(folder.path / name) for name in (RECONSTRUCTION, DENOISED))
    errors = [np.square(volume - scan[1])[:2].mean() for volume in (noisy, denoised)]
    assert 10 * np.log10(errors[0] / errors[1]) > 2
    (warning,) = [
        report.text for report in reports if isinstance(report, Message) and report.level == "warning"
    ]
    assert "validation slices are too few" in warning
    network = MSDNetwork.from_checkpoint(folder.best)
    epoch = card_of(folder.best).epoch
    preview = [report for report in reports if isinstance(report, PreviewReady)][epoch]
    np.testing.assert_allclose(preview.pictures["prediction"], denoised[preview.at], rtol=1e-4, atol=1e-5)
    assert config.projections is not None
    scanned = read_projections(config.projections)
    center = find_center(scanned.line_integrals()[1:2][0], scanned.angles)
    parts = split_reconstructions(scanned.line_integrals(), scanned.angles, 4, center=center)
    others = [(parts.sum(0) - part) / 3 for part in parts]
    net = network.double()
    with torch.no_grad():
        expected = torch.stack([net(each[None, None].double())[0, 0] for each in others]).mean(0)
    np.testing.assert_allclose(denoised, expected, rtol=1e-4, atol=1e-5)


def test_pairs_of_volumes_are_those_of_slices() -> None:
    parts = TensorReconstructions(torch.randn(3, 7, 9, 11))
    volumes = SplitVolumePairs(parts, Strategy.ONE_TO_X, [range(2), range(4, 7)])
    slices = SplitPairs(parts, Strategy.ONE_TO_X, range(7))
    assert len(volumes) == 6
    assert volumes.spatial(3) == (3, 9, 11)
    for part in range(3):
        image, target = volumes[2 * part + 1]
        wanted = [slices[7 * part + at] for at in (4, 5, 6)]
        torch.testing.assert_close(image, torch.stack([each[0] for each in wanted], 1))
        torch.testing.assert_close(target, torch.stack([each[1] for each in wanted], 1))
        cut = volumes.read(2 * part + 1, (slice(1, 3), slice(2, 5), slice(0, 4)))
        torch.testing.assert_close(cut[0], image[:, 1:3, 2:5, :4])


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"ndim": 3, "dilations": "3"}, "No run of training slices"),
        ({"rows": "0-3"}, "has rows 0 to 2"),
        ({"parts": 42}, "cannot be split into 42 parts"),
        ({"dilations": "32", "size": 16}, "dilation of 32"),
    ],
)
def test_mistakes(
    config: Noise2InverseSettings, tmp_path: Path, change: dict[str, Any], sentence: str
) -> None:
    _, end = run(replace(config, **change), tmp_path / "run")
    assert isinstance(end, Failed)
    assert sentence in end.message
