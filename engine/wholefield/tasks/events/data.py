"""The files of a flow run: what is trained on, and what is kept for validation."""

from collections.abc import Sequence
from pathlib import Path

from wholefield.errors import SettingError
from wholefield.export.flow import labels_path
from wholefield.flow.labels import load_labels_flow
from wholefield.flow.sequences import BinSource, SequenceLoader, SpanBins, open_bins
from wholefield.flow.sequences.bins import event_files
from wholefield.flow.sequences.windows import max_consecutive_batches
from wholefield.progress import ProgressCallback
from wholefield.sources.events.filters.chain import FilterChain
from wholefield.tasks.events.settings import FlowSettings, Teacher
from wholefield.tasks.events.split import demand_apart, divided, kept_of
from wholefield.training.kept_split import KeptSplit
from wholefield.training.model_card import TRAINING, VALIDATION, DataFile, data_files

PARTS = ("train", "val")


def recording_files(path: Path) -> list[Path]:
    """The file itself, or the recordings and feature files of a folder in order of their names.

    Raises:
        SettingError: the folder has none.
    """
    if path.is_file():
        return [path]
    files = event_files(path)
    if not files:
        raise SettingError(
            f"The folder {path} has no recordings or feature files; choose another for the setting recordings."
        )
    return files


class CurriculumLoader(SequenceLoader):
    """Lengthens its sequences from epoch to epoch.

    Attributes:
        growth: Growth per epoch of the batches that follow each other.
    """

    growth: float = 1.0

    def begin(self, epoch: int) -> None:
        """Start an epoch, with sequences as long as it may have."""
        self.max_consecutive = max_consecutive_batches(self.growth, epoch + 1)
        super().begin(epoch)


class FlowData:
    """The open files of a run and the batches of them.

    Attributes:
        sources: the whole files to train on.
        training: batches to train on.
        validation: batches to validate with; None where no file is long enough to keep any.
        preview: begins with the batch to show while training, whose last bin holds the moment of the settings.

    Args:
        settings: The settings.
        kept: The split of the earlier part of the run; None for a new one.
        progress: Called while a large recording is read for its index; see `open_indexed`.

    Raises:
        SourceError: a file cannot be read.
        SettingError: there is no file, or files do not fit each other or the settings.
    """

    def __init__(
        self, settings: FlowSettings, kept: KeptSplit | None = None, progress: ProgressCallback | None = None
    ) -> None:
        self._config, self._earlier, self._progress = settings, kept, progress
        self._open: list[BinSource] = []
        try:
            self.training, self.validation = self._loaders()
            self.preview = self._preview_loader()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the files."""
        while self._open:
            self._open.pop().close()

    @property
    def files(self) -> tuple[DataFile, ...]:
        """What the files are called in a card."""
        training, validation = ([source.path for source in part] for part in self._parts)
        return (*data_files(training, TRAINING), *data_files(validation, VALIDATION))

    @property
    def split(self) -> KeptSplit:
        """The split as the run keeps it."""
        return kept_of(self._parts)

    def _loaders(self) -> tuple[SequenceLoader, SequenceLoader | None]:
        settings = self._config
        if all((settings.recordings / part).is_dir() for part in PARTS):
            training, validation = (self._sources(settings.recordings / part) for part in PARTS)
            demand_apart((training, validation), self._earlier)
        else:
            parts = [
                divided(source, settings, self._earlier) for source in self._sources(settings.recordings)
            ]
            training, validation = [first for first, _ in parts], [second for _, second in parts]
        self._parts = training, validation
        return self._training_loader(training), self._validation_loader(validation)

    def _preview_loader(self) -> SequenceLoader:
        moment, count = self._config.preview_us, self._config.num_tbins
        if moment is None:
            return self.validation or self.training
        source = self._open[0]
        last = min(moment // source.delta_t, source.bins - 1)
        return SequenceLoader([SpanBins(source, max(last + 1 - count, 0), count)], count)

    def _sources(self, path: Path) -> list[BinSource]:
        settings, found = self._config, []
        for file in recording_files(path):
            found.append(
                open_bins(
                    file,
                    settings.preprocess,
                    settings.delta_t,
                    downsampling_factor=settings.downsampling,
                    reading=settings.reading,
                    progress=self._progress,
                    filters=settings.filters,
                )
            )
            self._open.append(found[-1])
        if settings.teacher is not Teacher.FRAMES:
            _demand_known(found, settings)
        return found

    def _training_loader(self, sources: Sequence[BinSource]) -> SequenceLoader:
        settings = self._config
        loader = CurriculumLoader(
            sources,
            settings.num_tbins,
            settings.batch_size,
            max_consecutive=1,
            crop_size=settings.crop_size or None,
            flips=settings.augmentation.flips,
            rotations=settings.augmentation.rotations,
            repeats=settings.crops,
            seed=settings.seed,
            load_labels=load_labels_flow if settings.teacher is Teacher.LABELS else None,
        )
        loader.growth = settings.curriculum
        return loader

    def _validation_loader(self, sources: Sequence[BinSource]) -> SequenceLoader | None:
        settings = self._config
        long_enough = [source for source in sources if source.bins >= settings.num_tbins]
        if not long_enough:
            return None
        alike = len({(source.width, source.height) for source in long_enough}) == 1
        moved = FilterChain.parse(settings.filters).moves
        labeled = not moved and all(labels_path(source.path).exists() for source in long_enough)
        return SequenceLoader(
            long_enough,
            settings.num_tbins,
            crop_size=None if alike else settings.crop_size or None,
            load_labels=load_labels_flow if labeled else None,
        )


def _demand_known(sources: Sequence[BinSource], settings: FlowSettings) -> None:
    teacher = settings.teacher
    if teacher is Teacher.LABELS and FilterChain.parse(settings.filters).moves:
        raise SettingError(
            f"The filters {settings.filters} move the events away from their labels; leave out flip, rotate and "
            "downsample, or choose another teacher."
        )
    for source in sources:
        if teacher is Teacher.LABELS and not labels_path(source.path).exists():
            raise SettingError(
                f"{source.path.name} has no labels {labels_path(source.path).name} next to it; "
                "choose another teacher, or create them."
            )
        if teacher is Teacher.CONTRAST and not source.has_events:
            raise SettingError(
                f"{source.path.name} has features but no events; train on recordings, or with the teacher frames."
            )
