"""A scan in a file becomes a volume that is closer to the truth than its reconstruction."""

import math
from pathlib import Path

import h5py
import numpy as np
import torch

from wholefield.tomography.denoise_scan import DenoiseSettings, denoise_scan
from wholefield.tomography.phantom import draw, project, random_foam
from wholefield.training.crops import Augmentation


def test_counts_become_a_denoised_volume(tmp_path: Path) -> None:
    size, photons = 48, 400.0
    foams = [random_foam(8, seed, density=0.03) for seed in range(2)]
    angles = torch.linspace(0, math.pi, 49, dtype=torch.float64)
    exact = torch.stack([project(foam, angles, size) for foam in foams], 1)
    generator = np.random.default_rng(0)
    with h5py.File(tmp_path / "scan.h5", "w") as file:
        file["data"] = 20 + generator.poisson(photons * np.exp(-exact.numpy()))
        file["flats"] = np.full((2, 2, size), 20 + photons)
        file["darks"] = np.full((2, 2, size), 20.0)
        file["angles"] = np.rad2deg(angles.numpy())
    settings = DenoiseSettings(
        depth=10, epochs=25, learning_rate=0.01, augmentation=Augmentation(32, True, True)
    )
    losses: list[float] = []
    result = denoise_scan(tmp_path / "scan.h5", settings, report=lambda epoch, loss: losses.append(loss))
    truth = torch.stack([draw(foam, size) for foam in foams]).float()
    noisy, denoised = ((each - truth).square().mean() for each in (result.noisy, result.denoised))
    assert 10 * torch.log10(noisy / denoised) > 3
    assert len(losses) == 25
    assert losses[-1] < losses[0]
    one = denoise_scan(tmp_path / "scan.h5", DenoiseSettings(epochs=1, depth=1), slice(1, 2))
    torch.testing.assert_close(one.noisy[0], result.noisy[1], rtol=1e-4, atol=1e-4)
