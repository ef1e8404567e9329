"""Noise2Inverse on a phantom with known truth and on the real tooth scan: python -m tests.bench.bench_noise2inverse.

Prints the gain in PSNR against the truth, and the error of the held-out slice's split reconstructions before and after.
"""

import math
import sys
import time
from pathlib import Path

import torch
from torch import Tensor

from tests.bench.random_crops import random_crops
from wholefield.compat.msd_pytorch import MSDRegressionModel
from wholefield.tomography.enums import Strategy
from wholefield.tomography.noise2inverse import (
    SplitPairs,
    denoise,
    split_error,
    split_reconstructions,
)
from wholefield.tomography.phantom import add_noise, draw, project, random_foam
from wholefield.tomography.projections import find_center, read_projections

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
SIZE, ANGLES, PHOTONS, PARTS = 256, 256, 500.0, 4
SECONDS = 120.0


def psnr(image: Tensor, truth: Tensor) -> float:
    """Peak signal-to-noise ratio in dB over the disc that all rays cross."""
    position = torch.arange(len(truth)) - (len(truth) - 1) / 2
    inside = (position[:, None] ** 2 + position**2).sqrt() < len(truth) / 2
    error = (image - truth)[inside].square().mean()
    return float(10 * torch.log10((truth.max() - truth.min()) ** 2 / error))


def train(parts: Tensor, strategy: Strategy, seconds: float) -> MSDRegressionModel:
    """A network trained for some seconds on crops of all splits."""
    torch.manual_seed(0)
    model = MSDRegressionModel(1, 1, 30, 1)
    pairs = list(SplitPairs.of(parts, strategy))
    model.set_normalization(pairs)
    start = time.thread_time()
    for image, target in random_crops(pairs, 128):
        share = (time.thread_time() - start) / seconds
        if share >= 1:
            break
        for group in model.optimizer.param_groups:
            group["lr"] = 3e-3 * max(0.02, 1 - share)
        model.learn(image, target)
    return model


def phantom(seconds: float = SECONDS) -> None:
    """Gain against the truth on slices of a foam."""
    angles = torch.arange(ANGLES, dtype=torch.float64) * math.pi / ANGLES
    foams = [random_foam(60, seed) for seed in range(4)]
    sinograms = torch.stack(
        [add_noise(project(foam, angles, SIZE), PHOTONS, i) for i, foam in enumerate(foams)]
    )
    parts = split_reconstructions(sinograms.float(), angles, PARTS)
    truth = draw(foams[-1], SIZE).float()
    noisy = parts.mean(0)[-1]
    for strategy in Strategy:
        model = train(parts[:, :-1], strategy, seconds)
        result = denoise(model.network, parts[:, -1:], strategy)[0]
        print(
            f"phantom, {strategy.value}: held-out slice {psnr(noisy, truth):.1f} -> {psnr(result, truth):.1f} dB",
            flush=True,
        )


def tooth(seconds: float = SECONDS) -> None:
    """Held-out split error of the real scan: trained on the first detector row, measured on the second."""
    scan = read_projections(DATA / "stacks" / "tooth.h5")
    sinograms = scan.line_integrals()
    center = find_center(sinograms[0], scan.angles)
    parts = split_reconstructions(sinograms, scan.angles, 2, size=512, center=center)
    held_out = parts[:, 1:]
    model = train(parts[:, :1], Strategy.X_TO_1, seconds)
    before, after = (split_error(each, held_out, Strategy.X_TO_1) for each in (None, model.network))
    print(
        f"tooth: split error of the held-out row {before:.3e} -> {after:.3e} ({before / after:.2f} times lower)"
    )


if __name__ == "__main__":
    torch.set_num_threads(1)
    given = [float(each) for each in sys.argv[1:]]
    phantom(*given)
    if (DATA / "stacks" / "tooth.h5").is_file():
        tooth(*given)
