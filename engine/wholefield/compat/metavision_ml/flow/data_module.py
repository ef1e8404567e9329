"""metavision_ml.flow.data_module: folders of feature files or recordings, with labels for the test if there are any."""

import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from lightning.pytorch import LightningDataModule

from wholefield.errors import SettingError, SourceError
from wholefield.export.flow import labels_path
from wholefield.flow.labels import load_labels_flow
from wholefield.flow.sequences import SequenceLoader
from wholefield.flow.sequences.bins import Bins, BinSource, event_files, open_bins
from wholefield.flow.sequences.crop import Crop

__all__ = ["FlowDataModule", "load_labels_flow"]

TEST_SUFFIX = "_td.dat"


class FlowDataModule(LightningDataModule):
    """Batches of consecutive time bins from the files in the folders train and val of a folder.

    A file is a feature file (HDF5) or a recording of any known format, whose features are computed during training.
    Besides those of the `FlowModel` (delta_t, preprocess, array_dim) these hyperparameters are known: batch_size (1),
    crop_size (None, side in px of random squares to train on), repeats (1, passes over the files in an epoch), seed
    (0) and preprocess_kwargs ({}, further arguments of the representation).

    Files are closed after fit and test; loaders stay usable, and open a file again when they read from it.

    Args:
        hparams: Hyperparameters of the model, a mapping or an object with attributes.
        data_dir: Folder with the folders train and val.
        test_data_dir: Folder of recordings named `*_td.dat` with their flow in `*_flow.h5`, or empty.

    Example:
        >>> from pathlib import Path
        >>> from wholefield.compat.metavision_ml.flow import FlowDataModule, FlowModel
        >>> from wholefield.flow import SceneSettings
        >>> from wholefield.flow.simulator import write_simulation
        >>> for folder in (Path("train"), Path("val")):
        ...     folder.mkdir()
        ...     _ = write_simulation(folder / "a_td.dat", SceneSettings(width=32, height=24, duration_us=60_000))
        >>> model = FlowModel(delta_t=10_000, array_dim=(2, 6, 24, 32), network_kwargs={"base": 4})
        >>> data = FlowDataModule(model.hparams, ".")
        >>> data.setup()
        >>> [tuple(batch["inputs"].shape) for batch in data.val_dataloader()]
        [(2, 1, 6, 24, 32), (2, 1, 6, 24, 32), (2, 1, 6, 24, 32)]
        >>> data.teardown()
    """

    def __init__(self, hparams: Any, data_dir: str = "", test_data_dir: str = "") -> None:
        super().__init__()
        self._settings = dict(hparams) if isinstance(hparams, Mapping) else dict(vars(hparams))
        self.data_dir = Path(data_dir)
        self.test_data_dir = Path(test_data_dir) if test_data_dir else None
        self._sources: list[BinSource] = []
        weakref.finalize(self, _close, self._sources)
        self._training: SequenceLoader | None = None
        self._validation: SequenceLoader | None = None
        self._test: SequenceLoader | None = None

    def setup(self, stage: str | None = None) -> None:
        """Open the files.

        Raises:
            SourceError: A folder or a file cannot be read.
            SettingError: A folder has no such file, or files do not fit each other or the settings.
        """
        if stage in (None, "fit", "validate") and self._validation is None:
            self._training = self._loader(self._files("train"), **self._training_options())
            self._validation = self._loader(self._files("val"))
        if stage in (None, "test") and self.test_data_dir is not None and self._test is None:
            found = sorted(self.test_data_dir.glob(f"*{TEST_SUFFIX}"))
            files = _demand(found, self.test_data_dir, f"*{TEST_SUFFIX}")
            labeled = all(labels_path(path).exists() for path in files)
            self._test = self._loader(files, load_labels=load_labels_flow if labeled else None)

    def begin_epoch(self, epoch: int, max_consecutive: int) -> None:
        """Start an epoch, counted from 0, whose sequences have at most that many batches."""
        loader = self.train_dataloader()
        loader.max_consecutive = max_consecutive
        loader.begin(epoch)

    def train_dataloader(self) -> SequenceLoader:
        """Batches of the folder train."""
        return _ready(self._training)

    def val_dataloader(self) -> SequenceLoader:
        """Batches of the folder val, whole sequences in order."""
        return _ready(self._validation)

    def test_dataloader(self) -> SequenceLoader:
        """Batches of the test folder, with labels."""
        return _ready(self._test)

    def teardown(self, stage: str | None = None) -> None:
        """Close the files; loaders stay usable and open a file again when they read from it."""
        _close(self._sources)

    def _loader(self, files: Sequence[Path], **options: Any) -> SequenceLoader:
        get: Callable[..., Any] = self._settings.get
        bins, _, height, width = get("array_dim", (1, 6, 240, 320))
        settings = get("preprocess", "event_cube"), get("delta_t", 50000), get("preprocess_kwargs")
        sources = []
        for file in files:
            sources.append(ReopenedBins(partial(open_bins, file, *settings, (height, width))))
            self._sources.append(sources[-1])
        return SequenceLoader(sources, int(bins), get("batch_size", 1), **options)

    def _training_options(self) -> dict[str, Any]:
        get: Callable[..., Any] = self._settings.get
        return {
            "max_consecutive": 1,
            "crop_size": get("crop_size"),
            "flips": True,
            "rotations": True,
            "repeats": get("repeats", 1),
            "seed": get("seed", 0),
        }

    def _files(self, part: str) -> list[Path]:
        folder = self.data_dir / part
        if not folder.is_dir():
            raise SourceError(
                f"{self.data_dir} has no folder {part}; make one with feature files or recordings."
            )
        return _demand(event_files(folder), folder, "feature files or recordings")


class ReopenedBins(BinSource):
    """Bins whose file is opened again when they are read after they were closed.

    Args:
        open_source: Opens the file.
    """

    def __init__(self, open_source: Callable[[], BinSource]) -> None:
        self._open_source = open_source
        self._source: BinSource | None = open_source()
        self.look_like(self._source)

    def read(self, first: int, count: int, crop: Crop | None = None) -> Bins:
        """See `BinSource.read`."""
        return self._opened().read(first, count, crop)

    def place(self, first: int, count: int, random: np.random.Generator) -> tuple[int, int] | None:
        """See `BinSource.place`."""
        return self._opened().place(first, count, random)

    def close(self) -> None:
        """Close the file until it is read again."""
        if self._source is not None:
            self._source.close()
        self._source = None

    def _opened(self) -> BinSource:
        if self._source is None:
            self._source = self._open_source()
        return self._source


def _close(sources: Iterable[BinSource]) -> None:
    for source in sources:
        source.close()


def _demand(files: list[Path], folder: Path, what: str) -> list[Path]:
    if not files:
        raise SettingError(f"The folder {folder} has no {what}; put some there, or choose another folder.")
    return files


def _ready(loader: SequenceLoader | None) -> SequenceLoader:
    if loader is None:
        raise SettingError("The data are not set up, or there is no such folder; call setup() first.")
    return loader
