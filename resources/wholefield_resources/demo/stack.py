"""The demo stack: a noisy micro-CT scan of a made-up rock, its reconstruction, and the truth to learn from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from wholefield.files import replacing
from wholefield.progress import ProgressCallback
from wholefield.sources.stacks.geometry import StackGeometry
from wholefield_resources.demo.once import Once, user_folder
from wholefield_resources.demo.phantom import Ellipsoid, make_bodies, slice_ellipses, slice_labels

if TYPE_CHECKING:
    from torch import Tensor

FOLDER_NAME = "demo-stack"
PROJECTIONS_NAME = "projections.h5"
NOISY_NAME = "noisy.tif"
CLEAN_NAME = "clean.tif"
LABELS_NAME = "labels.tif"
# Counts up when the same settings come to mean another scan.
VERSION = 1
FIELDS = 32
SLICES_AT_ONCE = 8
# Points a pixel of the clean stack is averaged over, along each axis.
SAMPLES = 3
DARK_COUNTS = 100.0
# Sensitivity from one detector pixel to the next, and the beam's fall towards the edges.
UNEVEN = 0.03
FALL = 0.25

Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class StackDemoSettings:
    """What the scan is like.

    Attributes:
        slices: Detector rows, and planes of the stack.
        size: Detector columns, and rows and columns of a plane.
        angles: Projections over half a turn.
        photons: Counts a detector pixel in the open beam; fewer is noisier.
        bodies: Pores and grains.
        spacing: Side of a voxel in um.
        seed: The same seed gives the same scan.
    """

    slices: int = 24
    size: int = 192
    angles: int = 192
    photons: float = 1200.0
    bodies: int = 90
    spacing: float = 6.5
    seed: int = 11


@dataclass(frozen=True)
class StackDemo:
    """Where the files of the demo stack lie.

    Attributes:
        folder: All of them.
        projections: HDF5 with data, flats, darks and angles.
        noisy: Reconstruction, float32 attenuation per voxel.
        clean: The truth, float32 attenuation per voxel.
        labels: The truth, uint8: 0 air, 1 rock, 2 pore, 3 grain.
    """

    folder: Path
    projections: Path
    noisy: Path
    clean: Path
    labels: Path

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file of the demo."""
        return self.projections, self.noisy, self.clean, self.labels


def stack_demo(folder: Path | None = None) -> StackDemo:
    """The places of the demo stack, whether it has been made or not; by default in the user's data folder."""
    folder = folder or user_folder(FOLDER_NAME)
    return StackDemo(
        folder, folder / PROJECTIONS_NAME, folder / NOISY_NAME, folder / CLEAN_NAME, folder / LABELS_NAME
    )


def make_stack_demo(
    folder: Path | None = None,
    progress: ProgressCallback | None = None,
    settings: StackDemoSettings | None = None,
) -> StackDemo:
    """Make the demo stack unless it is complete already; a start that was interrupted is repeated.

    Args:
        folder: Where it goes; by default in the user's data folder.
        progress: Called with the steps done and the steps in all; an error that it raises stops the work.
        settings: What to make.

    Raises:
        SourceError: The folder cannot be written to.
    """
    settings = settings or StackDemoSettings()
    demo = stack_demo(folder)
    _once(demo, settings).ensure(lambda: _make(demo, settings, progress or (lambda done, total: None)))
    return demo


def is_complete(demo: StackDemo, settings: StackDemoSettings) -> bool:
    """Whether every file of the demo is there and was made with these settings."""
    return _once(demo, settings).is_complete


def _once(demo: StackDemo, settings: StackDemoSettings) -> Once:
    return Once("demo stack", demo.folder, demo.files, VERSION, settings)


def heights(settings: StackDemoSettings) -> list[float]:
    """Where the slices lie, as shares of half the width of a slice; the voxels are cubes."""
    return [(index - (settings.slices - 1) / 2) * 2 / settings.size for index in range(settings.slices)]


def _make(demo: StackDemo, settings: StackDemoSettings, progress: ProgressCallback) -> None:
    """Scan first, then a step for every plane of the truth and of the reconstruction."""
    from wholefield.export.stacks import write_tiff_stack

    bodies = make_bodies(settings.bodies, settings.slices / settings.size, settings.seed)
    total = 3 * settings.slices
    _write_projections(demo.projections, bodies, settings, lambda done: progress(done, total))
    shape = (settings.slices, settings.size, settings.size)
    geometry = StackGeometry((settings.spacing,) * 3, "um")
    labels = (slice_labels(bodies, z, settings.size) for z in heights(settings))
    write_tiff_stack(demo.labels, labels, shape, np.uint8, geometry)
    for index, (path, planes) in enumerate(
        (
            (demo.clean, _clean_planes(bodies, settings)),
            (demo.noisy, _noisy_planes(demo.projections, settings)),
        )
    ):
        before = (index + 1) * settings.slices

        def step(done: int, _: int, before: int = before) -> None:
            progress(before + done, total)

        write_tiff_stack(path, planes, shape, np.float32, geometry, step)


def _clean_planes(bodies: list[Ellipsoid], settings: StackDemoSettings) -> Iterator[Array]:
    from wholefield.tomography.phantom import draw

    for z in heights(settings):
        yield draw(slice_ellipses(bodies, z), settings.size, SAMPLES).float().numpy()


def _noisy_planes(path: Path, settings: StackDemoSettings) -> Iterator[Array]:
    """Filtered back-projection of what the file holds, as a user's own reconstruction would be."""
    from wholefield.tomography.backprojection import reconstruct
    from wholefield.tomography.projections import read_projections

    scan = read_projections(path)
    sinograms = scan.line_integrals()
    for first in range(0, settings.slices, SLICES_AT_ONCE):
        yield from reconstruct(sinograms[first : first + SLICES_AT_ONCE], scan.angles).float().numpy()


def _write_projections(
    path: Path, bodies: list[Ellipsoid], settings: StackDemoSettings, progress: Callable[[int], None]
) -> None:
    import h5py
    import torch

    random = np.random.default_rng(settings.seed)
    angles = torch.arange(settings.angles, dtype=torch.float64) * (torch.pi / settings.angles)
    beam = _beam(settings, random)
    shape = (settings.slices, settings.size)
    with replacing(path) as temporary, h5py.File(temporary, "w") as file:
        chunk = (settings.angles, 1, settings.size)
        data = file.create_dataset(
            "data", (settings.angles, *shape), np.uint16, chunks=chunk, compression="gzip", shuffle=True
        )
        for row, z in enumerate(heights(settings)):
            through = np.exp(-_line_integrals(bodies, z, angles, settings.size))
            data[:, row] = _counts(through * beam[row], random)
            progress(row + 1)
        file["flats"] = _counts(np.broadcast_to(beam, (FIELDS, *shape)), random)
        file["darks"] = _counts(np.zeros((FIELDS, *shape)), random)
        file["angles"] = np.degrees(angles.numpy())
        file["angles"].attrs["units"] = "degrees"


def _line_integrals(bodies: list[Ellipsoid], z: float, angles: Tensor, size: int) -> npt.NDArray[np.float64]:
    from wholefield.tomography.phantom import project

    integrals: npt.NDArray[np.float64] = project(slice_ellipses(bodies, z), angles, size).numpy()
    return integrals


def _beam(settings: StackDemoSettings, random: np.random.Generator) -> npt.NDArray[np.float64]:
    """Counts of the open beam, (rows, columns): weaker towards the edges, and uneven from pixel to pixel."""
    across = np.linspace(-1, 1, settings.size)
    pixels = 1 + UNEVEN * random.standard_normal((settings.slices, settings.size))
    return settings.photons * (1 - FALL * across**2) * pixels


def _counts(expected: npt.NDArray[np.float64], random: np.random.Generator) -> npt.NDArray[np.uint16]:
    """What the detector counts: photons as they come (Poisson), and its own dark counts."""
    return np.minimum(random.poisson(expected + DARK_COUNTS), 2**16 - 1).astype(np.uint16)
