"""The task noise2inverse: train on a scan's own noise, then denoise all of its slices."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from math import prod

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wholefield.errors import SettingError
from wholefield.export.stacks import write_tiff_stack
from wholefield.networks.msd.network import MSDNetwork
from wholefield.runs.control import Control
from wholefield.runs.eta import PartCounter
from wholefield.runs.folder import RunFolder
from wholefield.runs.reports import PreviewReady, ReportFunction
from wholefield.sources.stacks.geometry import StackGeometry
from wholefield.tasks.stacks.data.gaps import with_gaps
from wholefield.tasks.stacks.data.reconstructions import StackParts, open_parts
from wholefield.tasks.stacks.data.split import described, long_runs, preview_slice, split_of_run
from wholefield.tasks.stacks.data.split_volumes import SplitVolumePairs, denoise_volume, read_volume
from wholefield.tasks.stacks.inference.scratch import SCRATCH, scratch_volume
from wholefield.tasks.stacks.noise2inverse_settings import DENOISED, RECONSTRUCTION, Noise2InverseSettings
from wholefield.tasks.stacks.preview import slices_around
from wholefield.tasks.stacks.training import (
    StackTrainee,
    arguments_of,
    assess,
    network_of,
    predicted,
    train,
)
from wholefield.tomography.enums import Strategy
from wholefield.tomography.noise2inverse import (
    SplitPairs,
    SplitReconstructions,
    denoise_slice,
    pair_of,
    part_outputs,
)
from wholefield.training.checkpoints import load_into, read_checkpoint
from wholefield.training.devices import resolve
from wholefield.training.model_card import TRAINING, VALIDATION, ModelCard, data_files, versions
from wholefield.training.pairs import Pair, Pairs
from wholefield.training.quality import SPLIT_ERROR

PARTS = "parts.npy"
WHOLE = slice(None)


def train_noise2inverse(
    settings: Noise2InverseSettings, folder: RunFolder, report: ReportFunction, control: Control
) -> None:
    """Run the task; continues from last.ckpt if the folder has one.

    Raises:
        WholefieldError: scan or settings cannot work.
        StopAndKeep: the control asked for it; where training had begun, last.ckpt is written.
        Discarded: the control asked for it.
    """
    file = folder.path / PARTS
    with ExitStack() as opened:
        parts = open_parts(settings, file, opened, report, control)
        model = _train(settings, parts, _gaps(parts, report, control), folder, report, control)
        geometry = parts.stacks[0].geometry if isinstance(parts, StackParts) else StackGeometry()
        write = _Writer(folder, parts.shape[1:], geometry, report, control)
        write(RECONSTRUCTION, "Writing the reconstruction", (images.mean(0) for images in _slices(parts)))
        if settings.ndim == 2:
            denoised = (denoise_slice(model, images, settings.strategy) for images in _slices(parts))
            write(DENOISED, "Denoising slices", denoised)
        else:
            _denoise_volume(settings, model, parts, write)
        del parts
    # The reconstructions are large, and made again if the run is ever continued.
    file.unlink(missing_ok=True)


def _slices(parts: SplitReconstructions) -> Iterator[Tensor]:
    """Every slice in all reconstructions, (K, rows, columns)."""
    for at in range(parts.shape[1]):
        yield parts.read(at, WHOLE, WHOLE)


def _denoise_volume(
    settings: Noise2InverseSettings, model: MSDNetwork, parts: SplitReconstructions, write: "_Writer"
) -> None:
    counter = PartCounter("Denoising the volume", parts.shape[0], write.report, write.control)
    with scratch_volume(write.folder.path / SCRATCH, parts.shape[1:], "float32") as mean:
        denoise_volume(model, parts, settings.strategy, mean, counter)
        planes = with_gaps(mean.planes(), partial(_gaps_at, parts), _nothing)
        write(DENOISED, "Writing slices", map(torch.from_numpy, planes))


def _gaps_at(parts: SplitReconstructions, at: int) -> NDArray[np.bool_]:
    """Which voxels of a slice are not finite in some reconstruction, (rows, columns)."""
    return np.asarray(~parts.read(at, WHOLE, WHOLE).isfinite().all(0).numpy())


def _nothing(count: int) -> None:
    """Gaps were counted before the training."""


def _gaps(parts: SplitReconstructions, report: ReportFunction, control: Control) -> tuple[str, ...]:
    """What to say of voxels that are not finite.

    Raises:
        SettingError: No voxel is finite in all reconstructions.
    """
    counter, gaps = PartCounter("Checking values", parts.shape[1], report, control), 0
    for at in range(parts.shape[1]):
        gaps += int(np.count_nonzero(_gaps_at(parts, at)))
        counter.done(at + 1)
    if gaps == prod(parts.shape[1:]):
        raise SettingError(
            "No voxel of the reconstructions is finite, so there is nothing to learn from; choose others."
        )
    if not gaps:
        return ()
    return (
        f"{gaps:,} voxels of the reconstructions are not finite; they count for nothing, and are not numbers in "
        f"{DENOISED} either.",
    )


def _train(
    settings: Noise2InverseSettings,
    parts: SplitReconstructions,
    gaps: Sequence[str],
    folder: RunFolder,
    report: ReportFunction,
    control: Control,
) -> MSDNetwork:
    split, notes = split_of_run(parts.shape[1], settings, folder)
    network = network_of(settings, 1)
    training, validation = (_pairs(settings, parts, slices) for slices in (split.training, split.validation))
    files = settings.part_paths if settings.projections is None else (settings.projections,)
    data = (
        *data_files(files, TRAINING, described(split.training)),
        *data_files(files if split.validation else (), VALIDATION, described(split.validation)),
    )
    card = ModelCard(settings.task, "msd", arguments_of(network), data=data, versions=versions())
    train(
        SplitTrainee.of(network, card, settings),
        settings,
        split,
        training,
        validation,
        SplitPreview(network, parts, settings.strategy, preview_slice(parts.shape[1], split, settings)),
        SplitPairs(parts, settings.strategy, split.training),
        folder,
        report,
        control,
        (*notes, *gaps),
    )
    # The training ends with the newest network; the best one denoises.
    load_into(network, read_checkpoint(folder.best), folder.best)
    return network.to(resolve(settings.device)).eval()


class SplitTrainee(StackTrainee):
    """Its figure is the error against the other splits: without a clean image nothing else can be measured."""

    @classmethod
    def of(cls, network: MSDNetwork, card: ModelCard, settings: Noise2InverseSettings) -> "SplitTrainee":
        """The training of a network."""
        return cls(network, card, settings, SPLIT_ERROR)

    def judge(self, batch: Sequence[Pair]) -> Mapping[str, float]:
        """The split error of one pair."""
        ((images, targets),) = batch
        figures = assess(self.network, images[0], predicted(self.network, images[0]), targets[0])
        return {name: value for name, value in figures.items() if name == "loss"}


def _pairs(settings: Noise2InverseSettings, parts: SplitReconstructions, slices: Sequence[int]) -> Pairs:
    if settings.ndim == 2:
        return SplitPairs(parts, settings.strategy, slices)
    return SplitVolumePairs(parts, settings.strategy, long_runs(slices, settings))


@dataclass(frozen=True)
class SplitPreview:
    """Previews of a slice whose truth nobody knows.

    Attributes:
        model: the network.
        parts: the reconstructions.
        strategy: what is input and what target.
        at: the slice.
    """

    model: MSDNetwork
    parts: SplitReconstructions
    strategy: Strategy
    at: int

    def __call__(self, epoch: int) -> PreviewReady:
        """Compute the preview after so many epochs; its one metric is the error against the split targets."""
        images = self.parts.read(self.at, WHOLE, WHOLE)
        outputs = self._outputs(images)
        targets = torch.stack([pair_of(images, part, self.strategy)[1] for part in range(len(images))])
        metrics = {"split_error": (outputs - targets).square().nanmean().item()}
        noisy, denoised = images.mean(0).numpy(), outputs.mean(0).numpy()
        return PreviewReady(epoch, self.at, {"input": noisy, "prediction": denoised}, metrics)

    def _outputs(self, images: Tensor) -> Tensor:
        """The network's output for every part: (K, rows, columns)."""
        if self.model.ndim == 2:
            return part_outputs(self.model, images, self.strategy)
        run = slices_around(self.at, self.parts.shape[1], self.model.dilations)
        volumes = part_outputs(self.model, read_volume(self.parts, run), self.strategy)
        return volumes[:, self.at - run.start]


@dataclass(frozen=True)
class _Writer:
    """Writes stacks of the size of the reconstructions slice by slice.

    Attributes:
        folder: where.
        shape: (slices, rows, columns).
        geometry: where their voxels lie.
        report: told of every slice.
        control: obeyed between slices.
    """

    folder: RunFolder
    shape: tuple[int, int, int]
    geometry: StackGeometry
    report: ReportFunction
    control: Control

    def __call__(self, name: str, what: str, slices: Iterable[Tensor]) -> None:
        """Write a TIFF stack, whole or not at all."""
        counter = PartCounter(what, self.shape[0], self.report, self.control)
        planes = (each.numpy() for each in slices)
        path = self.folder.path / name
        write_tiff_stack(
            path, planes, self.shape, "float32", self.geometry, lambda done, _: counter.done(done)
        )
