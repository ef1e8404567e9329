"""From a projections file to a denoised volume: correct, reconstruct in parts, train by Noise2Inverse, denoise."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from wholefield.networks.msd.enums import Schedule
from wholefield.networks.msd.network import MSDNetwork
from wholefield.tomography.enums import Strategy, Window
from wholefield.tomography.noise2inverse import SplitPairs, denoise, split_reconstructions
from wholefield.tomography.projections import find_centre, read_projections
from wholefield.training.crops import Augmentation
from wholefield.training.fit import FitSettings, fit


@dataclass(frozen=True)
class DenoiseSettings:
    """How a scan is denoised.

    Attributes:
        parts: Parts that the projections are split into by angle.
        strategy: What the network sees and what it predicts.
        size: Rows and columns of the reconstruction; as many as detector columns when None.
        centre: Column of the rotation axis in pixels; found from opposite projections when None.
        window: Taper of the ramp filter.
        depth: Hidden layers of the network.
        epochs: Passes over all parts of all slices.
        learning_rate: Step width of Adam at its highest; it falls to zero along a cosine.
        augmentation: Crops, flips and turns.
        seed: Start of the random numbers.
    """

    parts: int = 4
    strategy: Strategy = Strategy.X_TO_1
    size: int | None = None
    centre: float | None = None
    window: Window = Window.RAMP
    depth: int = 30
    epochs: int = 100
    learning_rate: float = 3e-3
    augmentation: Augmentation = field(default_factory=lambda: Augmentation(256, flips=True, turns=True))
    seed: int = 0


@dataclass(frozen=True)
class DenoisedScan:
    """What came of a scan.

    Attributes:
        noisy: (slices, row, column), the reconstruction from all projections.
        denoised: The same, denoised.
        network: The trained network.
    """

    noisy: Tensor
    denoised: Tensor
    network: MSDNetwork


def denoise_scan(
    path: str | Path,
    settings: DenoiseSettings,
    rows: slice = slice(None),
    report: Callable[[int, float], None] = lambda epoch, loss: None,
) -> DenoisedScan:
    """Denoise a scan by itself; no ground truth is needed.

    Args:
        path: HDF5 with data, flats, darks and angles, see read_projections.
        settings: How.
        rows: Detector rows, that is slices, to reconstruct.
        report: Called after every epoch with its number and mean loss; raise in it to stop.

    Raises:
        InputError: The file or a setting cannot be used.
    """
    scan = read_projections(path, rows)
    sinograms = scan.line_integrals()
    centre = (
        find_centre(sinograms[len(sinograms) // 2], scan.angles)
        if settings.centre is None
        else settings.centre
    )
    parts = split_reconstructions(
        sinograms, scan.angles, settings.parts, size=settings.size, centre=centre, window=settings.window
    )
    network = train_on_splits(parts, settings, report)
    return DenoisedScan(parts.mean(0), denoise(network, parts, settings.strategy), network)


def train_on_splits(
    parts: Tensor, settings: DenoiseSettings, report: Callable[[int, float], None]
) -> MSDNetwork:
    """A network trained to predict parts of a reconstruction, (K, slices, row, column), from each other."""
    torch.manual_seed(settings.seed)
    network = MSDNetwork(1, 1, settings.depth)
    pairs = SplitPairs.of(parts, settings.strategy)
    network.set_normalization(pairs)
    fitting = FitSettings(
        settings.epochs,
        learning_rate=settings.learning_rate,
        schedule=Schedule.COSINE,
        augmentation=settings.augmentation,
        seed=settings.seed,
    )
    fit(network, pairs, [], fitting, lambda epoch: report(epoch.number, epoch.training_loss))
    return network
