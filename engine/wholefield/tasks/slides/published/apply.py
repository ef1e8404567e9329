"""The task apply: a published network streamed over a slide or picture, its result written as a pyramid."""

from __future__ import annotations

from math import ceil, lcm
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from wholefield.errors import SettingError
from wholefield.networks.classifier import Classifier
from wholefield.networks.opening import Activation, Gives, PublishedModel, open_model
from wholefield.progress import ProgressCallback
from wholefield.runs.control import Control
from wholefield.runs.eta import PartCounter
from wholefield.runs.folder import RunFolder
from wholefield.runs.reports import Level, Message, ReportFunction, Started
from wholefield.sources import ImageSource, open_image
from wholefield.sources.rect import Rect
from wholefield.streaming import Skip, Spill, Statistics, Streamed, TileVisit
from wholefield.tasks.applying import StreamingProgress, Wanted, activated
from wholefield.tasks.slides.data.slide_input import tissue_of
from wholefield.tasks.slides.models.classifier import StreamedClassifier
from wholefield.tasks.slides.models.footprint import local_output, map_box
from wholefield.tasks.slides.published.network_input import NetworkInput, measured_intensity, plain_image
from wholefield.tasks.slides.published.result import AppliedSlide, Cropped, Recorder
from wholefield.tasks.slides.published.settings import ApplySettings, PictureFormat
from wholefield.tasks.slides.results.class_export import write_class_image
from wholefield.tasks.slides.results.class_map import ClassMap, SegmentedSlide
from wholefield.tasks.slides.results.prediction import PREDICTION, SlidePrediction
from wholefield.tasks.slides.training import tile_reporter
from wholefield.training.devices import resolve

Result = AppliedSlide | SegmentedSlide | SlidePrediction
# Beyond this ratio of the pixel sizes, structures no longer look as they did in training.
TOLERATED_RATIO = 1.25
PER_MICROMETER = {"um": 1.0, "mm": 1000.0}


def apply_into(settings: ApplySettings, folder: RunFolder, report: ReportFunction, control: Control) -> None:
    """Run the task and write the result; see `apply_to_slide`."""
    report(Started(settings.task, folder.path))
    save_result(apply_to_slide(settings, report, control), settings, folder.path, report, control)


def save_result(
    found: Result, settings: ApplySettings, folder: Path, report: ReportFunction, control: Control
) -> None:
    """Write what a network gave: a pyramid, or the prediction of the slide as a whole in the run folder.

    Raises:
        SettingError: The disk is full or may not be written to.
    """
    if isinstance(found, SlidePrediction):
        found.save(folder / PREDICTION)
        return
    path, progress = settings.result(folder), _percent("Writing the result", report, control)
    try:
        if isinstance(found, AppliedSlide):
            found.write(path, settings.format, progress)
        elif settings.format is PictureFormat.OME_ZARR:
            labels = found.labels.in_file(found.map.levels[0])[..., None]
            AppliedSlide(found.slide, (), labels, found.size, found.spacing, False).write(
                path, settings.format, progress
            )
        else:
            write_class_image(path, found, progress)
    except OSError as error:
        raise SettingError(
            f"{path} cannot be written ({error.strerror or error}); choose another folder or free disk space."
        ) from error
    report(Message(Level.INFO, f"The result was written to {path}."))


def apply_to_slide(settings: ApplySettings, report: ReportFunction, control: Control) -> Result:
    """Stream a slide through a published network; no more than a tile of it is in memory, the result is on disk.

    Raises:
        WholefieldError: Slide, model or settings cannot work.
        StopAndKeep, Discarded: The control asked for it, between two tiles.
    """
    model = open_model(settings.checkpoint)
    model.demand_streaming()
    if model.card.axes != 2:
        raise SettingError(f"{settings.checkpoint.name} takes volumes; open a stack and use it there.")
    model.network.to(resolve(settings.device))
    with open_image(settings.slide) as source:
        for text in _other_spacing(source, settings.level, model):
            report(Message(Level.WARNING, text))
        for text in model.card.notes:
            report(Message(Level.INFO, text))
        plain = plain_image(source, settings.level, model.card)
        measured = measured_intensity(plain, model.card, _percent("Measuring intensities", report, control))
        like = next(model.network.parameters(), torch.empty(0))
        image = NetworkInput(plain, model.card, measured, like)
        run = _Run(model, settings, source, image)
        if settings.skip_background:
            run.skip = image.background(tissue_of(source, report))
        shown = tile_reporter(lambda: plain, control.poll, report)
        progress = StreamingProgress("Streaming", report, control)

        def on_tile(visit: TileVisit) -> None:
            shown(visit)
            progress(visit)

        run.on_tile, run.poll = on_tile, control.poll
        return run.result()


class _Run:
    """A network over a slide."""

    def __init__(
        self, model: PublishedModel, settings: ApplySettings, source: ImageSource, image: NetworkInput
    ) -> None:
        self.model, self.settings, self.source, self.image = model, settings, source, image
        self.on_tile: Any = None
        self.poll: Any = None
        self.skip: Skip | None = None

    def result(self) -> Result:
        """What the network gives, as it is wanted."""
        if self.model.card.gives is Gives.VECTOR:
            return self._whole()
        streamed = self._streamed()
        output = local_output(self.model.streamed, self.image)
        kept = self._kept(output.shape)
        wanted = self._wanted()
        if wanted is Wanted.CLASSES:
            return self._classes(streamed, output.shape, kept)
        activation = self.model.card.activation if wanted is Wanted.PROBABILITIES else Activation.NONE
        image = self.model.card.gives is Gives.IMAGE
        whole = image and self.model.card.unit_scale and self.source.dtype.kind == "u"
        recorder = Recorder(kept, self.source.dtype if whole else np.float32, activation)
        streamed.write(self.image, Cropped(output.shape, recorder))
        size = self.source.width, self.source.height
        names = () if image else self.model.card.names
        return AppliedSlide(self.settings.slide, names, recorder.pixels, size, self._spacing(kept), image)

    def _wanted(self) -> Wanted:
        card, wanted = self.model.card, self.settings.wanted
        if wanted is Wanted.AUTO:
            return Wanted.CLASSES if card.gives is Gives.CLASSES else Wanted.VALUES
        if wanted is Wanted.CLASSES and card.outputs < 2:
            raise SettingError(f"{self.settings.checkpoint.name} gives one value per pixel, not classes.")
        if (
            wanted is Wanted.PROBABILITIES
            and card.activation is Activation.NONE
            and card.gives is not Gives.CLASSES
        ):
            raise SettingError(
                f"{self.settings.checkpoint.name} does not say how its output becomes probabilities; write the values."
            )
        return wanted

    def _streamed(self) -> Streamed:
        settings = self.settings
        streamed = Streamed(
            self.model.streamed, settings.tile_size, on_tile=self.on_tile, poll=self.poll, workers=settings.workers,
            exact_kernels=settings.exact_kernels, spill=Spill(settings.map_folder, settings.map_memory * 2**20),
            skip=self.skip,
        )  # fmt: skip
        if regions := settings.regions():
            streamed.statistics = Statistics.FROZEN
            streamed.measure_statistics([self._pixels(region) for region in regions])
        return streamed.eval()

    def _pixels(self, region: Rect[int]) -> Tensor:
        """A region as the network is given it; its sides rounded down to what that takes.

        Raises:
            SettingError: It leaves the level, or nothing of it is left.
        """
        level, multiple = (
            self.source.levels[self.settings.level],
            lcm(*(self.model.card.streaming.multiple or (1,))),
        )
        width, height = region.width - region.width % multiple, region.height - region.height % multiple
        if region.right > level.width or region.bottom > level.height or min(width, height) < 1:
            raise SettingError(
                f"The setting statistics is '{self.settings.statistics}', but regions must lie in the {level.width} x "
                f"{level.height} px of level {self.settings.level} and have sides of at least {multiple}."
            )
        return self.image.read(((region.y, region.y + height), (region.x, region.x + width)))

    def _kept(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of the output without what the image was filled up with."""
        scale = self.model.card.streaming.scale
        sides = (
            min(whole, ceil(side * each))
            for whole, side, each in zip(shape[2:], self.image.size, scale, strict=True)
        )
        return (*shape[:2], *sides)

    def _spacing(self, kept: tuple[int, ...]) -> tuple[float, float] | None:
        """um per pixel of the result."""
        if self.source.spacing is None:
            return None
        downsample = self.source.levels[self.settings.level].downsample
        y, x = (
            spacing * downsample / float(scale)
            for spacing, scale in zip(self.source.spacing, self.model.card.streaming.scale, strict=True)
        )
        return y, x

    def _classes(self, streamed: Streamed, shape: tuple[int, ...], kept: tuple[int, ...]) -> SegmentedSlide:
        found = ClassMap(kept)
        streamed.write(self.image, Cropped(shape, found))
        found.finish()
        card, size = self.model.card, (self.source.width, self.source.height)
        values = card.values if len(card.values) == card.outputs else ()
        return SegmentedSlide(self.settings.slide, card.names, found, size, self._spacing(kept), values)

    def _whole(self) -> SlidePrediction:
        """The answer of a network for the slide as a whole, with a map of the evidence where its head gives one."""
        card = self.model.card
        box = (0.0, 0.0, float(self.source.width), float(self.source.height))
        if isinstance(self.model.network, Classifier):
            classifier = StreamedClassifier(self.model.network, self.settings.tile_size)
            classifier.compute_with(self.settings.workers, self.settings.exact_kernels)
            classifier.skip(self.skip)
            classifier.watch(self.on_tile, self.poll)
            classifier.train(False)
            logits, evidence = classifier.evidence(self.image)
            maps = evidence.softmax(1)[0].float().cpu().numpy()
            plain = self.image.image
            backbone, cells = classifier.streamed.network, (maps.shape[1], maps.shape[2])
            box = map_box(backbone, self.image, cells, plain.origin, plain.downsample)
        else:
            with torch.no_grad():
                logits = self._streamed()(self.image).flatten(1)
            maps = np.full((card.outputs, 1, 1), np.nan, np.float32)
        values = logits[0].double().cpu().numpy()
        if not np.isfinite(values).all():
            raise SettingError(f"The model {self.settings.checkpoint.name} gives values that are not finite.")
        shares = activated(values, card.activation).astype(np.float32)
        return SlidePrediction(self.settings.slide, card.names, shares, maps, box)


def _other_spacing(source: ImageSource, level: int, model: PublishedModel) -> list[str]:
    """What to say of pixels of another size than in training."""
    there, factor = model.card.spacing, PER_MICROMETER.get(model.card.unit)
    if source.spacing is None or there is None or factor is None or level >= len(source.levels):
        return []
    here = np.array(source.spacing) * source.levels[level].downsample
    ratio = here / (np.array(there[-2:]) * factor)
    if max(ratio.max(), (1 / ratio).max()) <= TOLERATED_RATIO:
        return []
    return [
        f"{source.name} has {here[0]:.3g} um per pixel at level {level}, but the model was trained at "
        f"{there[-2] * factor:.3g} um; choose the level that comes closest."
    ]


def _percent(what: str, report: ReportFunction, control: Control) -> ProgressCallback:
    counter = PartCounter(what, 100, report, control)

    def progress(done: int, total: int) -> None:
        counter.done(round(100 * done / max(total, 1)))

    return progress
