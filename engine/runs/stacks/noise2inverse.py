"""The task noise2inverse: train on a scan's own noise, then denoise all of its slices."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.export.stacks import write_tiff_stack
from engine.msd.choices import Strategy
from engine.msd.msd_model import MSDModel
from engine.msd.msd_regression_model import MSDRegressionModel
from engine.msd.noise2inverse import Parts, SplitPairs, denoise_slice, pair_of, part_outputs
from engine.runs.control import Control
from engine.runs.folder import RunFolder
from engine.runs.reports import PreviewReady, ReportFunction, Started
from engine.runs.stacks.config import DENOISED, RECONSTRUCTION, Noise2InverseConfig
from engine.runs.stacks.counter import PartCounter
from engine.runs.stacks.normalising import measured
from engine.runs.stacks.parts import StackParts, open_parts
from engine.runs.stacks.session import Session
from engine.runs.stacks.spec import StackSpec
from engine.runs.stacks.split import preview_slice, split_slices
from engine.sources.stack import AnyArray, StackGeometry

PARTS = "parts.npy"
WHOLE = slice(None)


def train_noise2inverse(
    config: Noise2InverseConfig, folder: RunFolder, report: ReportFunction, control: Control
) -> None:
    """Run the task; goes on from last.ckpt where the folder has one.

    Raises:
        TesseraError: scan or settings cannot work.
        StopAndKeep: the control asked for it; where training had begun, last.ckpt and best.ckpt are written.
        Abandoned: the control asked for it.
    """
    file = folder.path / PARTS
    with ExitStack() as opened:
        parts = open_parts(config, file, opened, report, control)
        model = _train(config, parts, folder, report, control)
        geometry = parts.stacks[0].geometry if isinstance(parts, StackParts) else StackGeometry()
        write = _Writer(folder, parts, geometry, report, control)
        write(RECONSTRUCTION, "Writing the reconstruction", lambda images: images.mean(0))
        write(DENOISED, "Denoising slices", lambda images: denoise_slice(model, images, config.strategy))
        del parts, write
    # The reconstructions are large, and made again if the run is ever continued.
    file.unlink(missing_ok=True)


def _train(
    config: Noise2InverseConfig, parts: Parts, folder: RunFolder, report: ReportFunction, control: Control
) -> MSDModel:
    split = split_slices(parts.shape[1], config)
    torch.manual_seed(config.seed)
    model = MSDRegressionModel(1, 1, config.depth, config.width, dilations=config.dilation_values)
    session = Session(model, StackSpec(config.task), config, folder, report, control)
    training, validation = (
        SplitPairs(parts, config.strategy, slices) for slices in (split.training, split.validation)
    )
    preview = SplitPreview(model, parts, config.strategy, preview_slice(parts.shape[1], split, config))
    steps = session.settings.steps(len(training)) * config.epochs
    report(Started(config.task, folder.path, steps, config.epochs))
    if not session.continued:
        model.set_normalization(measured(training, report, control))
    session.train(training, validation, preview)
    return model


@dataclass(frozen=True)
class SplitPreview:
    """Previews of a slice whose truth nobody knows.

    Attributes:
        model: the network.
        parts: the reconstructions.
        strategy: what is input and what target.
        at: the slice.
    """

    model: MSDModel
    parts: Parts
    strategy: Strategy
    at: int

    def __call__(self, epoch: int) -> PreviewReady:
        """Compute the preview after so many epochs; its one metric is the error against the split targets."""
        images = self.parts.read(self.at, WHOLE, WHOLE)
        outputs = part_outputs(self.model, images, self.strategy)
        targets = torch.stack([pair_of(images, part, self.strategy)[1] for part in range(len(images))])
        metrics = {"split_error": (outputs - targets).square().mean().item()}
        noisy, denoised = images.mean(0).numpy(), outputs.mean(0).numpy()
        return PreviewReady(epoch, self.at, noisy, None, denoised, metrics)


@dataclass(frozen=True)
class _Writer:
    """Writes a stack that is made of the reconstructions slice by slice.

    Attributes:
        folder: where.
        parts: the reconstructions.
        geometry: where their voxels lie.
        report: told of every slice.
        control: obeyed between slices.
    """

    folder: RunFolder
    parts: Parts
    geometry: StackGeometry
    report: ReportFunction
    control: Control

    def __call__(self, name: str, what: str, make: Callable[[Tensor], Tensor]) -> None:
        """Write a TIFF stack, whole or not at all."""
        shape = self.parts.shape[1:]
        counter = PartCounter(what, shape[0], self.report, self.control)
        planes = self._planes(make)
        write_tiff_stack(
            self.folder.path / name,
            planes,
            shape,
            "float32",
            self.geometry,
            lambda done, _: counter.done(done),
        )

    def _planes(self, make: Callable[[Tensor], Tensor]) -> Iterator[AnyArray]:
        for at in range(self.parts.shape[1]):
            yield make(self.parts.read(at, WHOLE, WHOLE)).numpy()
