"""Batches of consecutive time bins, in an order that can be resumed in the middle of an epoch."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypedDict

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from wholefield.errors import SettingError
from wholefield.flow.losses.contrast import event_list
from wholefield.flow.sequences.bins import Bins, BinSource
from wholefield.flow.sequences.crop import Crop
from wholefield.flow.sequences.windows import Window, lanes, sequences

Labels = tuple[list[Tensor], npt.NDArray[np.bool_]]
LoadLabels = Callable[["FileMetadata", int, int, Tensor], Labels]


class FileMetadata(NamedTuple):
    """What the labels of a sequence are found by.

    Attributes:
        path: The file.
        delta_t: Length of a time bin in us.
        width: Columns in px.
        height: Rows in px.

    Example:
        >>> from wholefield.flow.sequences import FileMetadata
        >>> FileMetadata("car_td.dat", delta_t=10_000, width=640, height=480).path
        'car_td.dat'
    """

    path: str
    delta_t: int
    width: int
    height: int


class Batch(TypedDict):
    """A batch, with the documented keys and two more.

    Attributes:
        inputs: Features, float32 (T, B, C, h, w).
        mask_keep_memory: float32 (B,), 0 where a sequence begins.
        labels: For each of the T bins a flow (B, 2, h, w) in px per bin, NaN where there is none.
        frame_is_labeled: bool (T, B).
        video_infos: (metadata, start in us, duration in us) of each element; None for an element that has run out.
        valid: bool (B,), False for an element that has run out.
        events: float32 (n, 5), the events of all elements: number of the element among the valid ones, x and y in px
            of the features, time in bins from the first on, polarity 0 or 1; None where a source has features only.

    Example:
        >>> from wholefield.flow import SceneSettings
        >>> from wholefield.flow.sequences import Batch, SequenceLoader, open_bins
        >>> from wholefield.flow.simulator import write_simulation
        >>> files = write_simulation("scene.h5", SceneSettings(width=32, height=24, duration_us=30_000))
        >>> with open_bins(files.recording, "event_cube", 10_000) as source:
        ...     batch: Batch = next(iter(SequenceLoader([source], num_tbins=3)))
        >>> batch["inputs"].shape
        torch.Size([3, 1, 6, 24, 32])
    """

    inputs: Tensor
    mask_keep_memory: Tensor
    labels: list[Tensor]
    frame_is_labeled: Tensor
    video_infos: list[tuple[FileMetadata, int, int] | None]
    valid: Tensor
    events: Tensor | None


class SequenceLoader:
    """Gives batches of consecutive time bins; every iteration goes through one epoch from its start.

    The content of an epoch depends only on seed, epoch and position, so a resumed run sees the same batches as an
    uninterrupted one.

    Attributes:
        max_consecutive: Consecutive batches of a sequence; a callback may raise it from epoch to epoch.
        epoch: Current epoch, counted from 0.
        done: Batches of the epoch that are done.

    Args:
        sources: What to read.
        num_tbins: Time bins of a batch.
        batch_size: Sequences side by side.
        max_consecutive: Batches of a sequence; None goes through whole sources.
        crop_size: Side in px of the random square with events that a sequence is cropped to; None takes the whole
            sensor. Sensors of different sizes need one.
        flips: Whether to flip sequences at random.
        rotations: Whether to rotate sequences at random, by quarter turns where they are square, else by half turns.
        repeats: How often an epoch goes through the sources, each time with other random choices.
        seed: Seed of the order and of all random choices; None keeps the order and crops from the middle.
        load_labels: Gives the labels of a window; None for none.

    Raises:
        SettingError: There is nothing to read, or sources do not fit together.

    Example:
        >>> from wholefield.flow import SceneSettings
        >>> from wholefield.flow.sequences import SequenceLoader, open_bins
        >>> from wholefield.flow.simulator import write_simulation
        >>> files = write_simulation("scene.h5", SceneSettings(width=32, height=24, duration_us=60_000))
        >>> with open_bins(files.recording, "event_cube", 10_000) as source:
        ...     [batch["mask_keep_memory"].tolist() for batch in SequenceLoader([source], num_tbins=2)]
        [[0.0], [1.0], [1.0]]
    """

    def __init__(
        self,
        sources: Sequence[BinSource],
        num_tbins: int,
        batch_size: int = 1,
        max_consecutive: int | None = None,
        crop_size: int | None = None,
        flips: bool = False,
        rotations: bool = False,
        repeats: int = 1,
        seed: int | None = None,
        load_labels: LoadLabels | None = None,
    ) -> None:
        self.sources = tuple(sources)
        self.num_tbins = num_tbins
        self.batch_size = batch_size
        self.max_consecutive = max_consecutive
        self.crop_size = crop_size
        self.epoch = 0
        self.done = 0
        self._flips, self._rotations = flips, rotations
        self._repeats = repeats
        self._seed = seed
        self._load_labels = load_labels
        self._restored = False
        demand_alike(self.sources, num_tbins, crop_size)

    def __len__(self) -> int:
        return len(self.batches())

    def begin(self, epoch: int) -> None:
        """Start an epoch, or continue in the middle of it if its state was restored."""
        if epoch != self.epoch:
            self.epoch, self.done, self._restored = epoch, 0, False

    def batches(self) -> list[tuple[Window | None, ...]]:
        """The windows of every batch of the current epoch."""
        random = None if self._seed is None else np.random.default_rng((self._seed, self.epoch))
        counts = [source.bins for source in self.sources]
        windows = self._repeats * sum(count // self.num_tbins for count in counts)
        # Sequences are never so long that an element of the batch stays empty.
        longest = max(windows // self.batch_size, 1)
        longest = min(self.max_consecutive or longest, longest)
        parts = sequences(counts, self.num_tbins, longest, random, self._repeats)
        places = min(self.batch_size, windows) or 1
        batches = lanes(parts, places)
        # Training epochs are equally long, however the sequences were dealt: Lightning counts on it.
        return batches if self._seed is None else batches[: -(-windows // places)]

    def __iter__(self) -> Iterator[Batch]:
        # A batch counts as done when the next one is asked for: a step that was cut short is done again.
        batches = self.batches()
        if self._seed is None or not self._restored:
            self.done = 0
        self._restored = False
        while self.done < len(batches):
            yield self.batch(batches[self.done])
            self.done += 1

    def batch(self, windows: Sequence[Window | None]) -> Batch:
        """Read one batch."""
        crops = [None if window is None else self.crop(window) for window in windows]
        read = [
            None if window is None else self.sources[window.source].read(window.first, self.num_tbins, crop)
            for window, crop in zip(windows, crops, strict=True)
        ]
        shape = next(bins.features.shape for bins in read if bins is not None)
        empty = torch.zeros(shape)
        inputs = [empty if bins is None else torch.from_numpy(bins.features) for bins in read]
        labels, labeled = self._labels(windows, crops, inputs)
        return Batch(
            inputs=torch.stack(inputs, dim=1),
            mask_keep_memory=torch.tensor([0.0 if w is None or w.start else 1.0 for w in windows]),
            labels=labels,
            frame_is_labeled=labeled,
            video_infos=[None if window is None else self.info(window) for window in windows],
            valid=torch.tensor([window is not None for window in windows]),
            events=_events(read, self.sources[0].delta_t),
        )

    def crop(self, window: Window) -> Crop | None:
        """The part of the sensor that the sequence of a window is cropped to; the same for all its windows.

        It holds a random event of the first window, so that no training time goes into empty parts of the sensor.
        """
        source = self.sources[window.source]
        if self._seed is None:
            size = self.crop_size
            return None if size is None else _middle(source, size)
        random = np.random.default_rng((self._seed, self.epoch, 1 + window.sequence))
        around = None if self.crop_size is None else source.place(window.begin, self.num_tbins, random)
        return Crop.random(
            source.width, source.height, self.crop_size, random, around,
            flips=self._flips, rotations=self._rotations,
        )  # fmt: skip

    def info(self, window: Window) -> tuple[FileMetadata, int, int]:
        """The file and the time of a window."""
        source = self.sources[window.source]
        metadata = FileMetadata(str(source.path), source.delta_t, source.width, source.height)
        return metadata, (source.start + window.first) * source.delta_t, self.num_tbins * source.delta_t

    def state_dict(self) -> dict[str, int]:
        """The current epoch and the position in it."""
        return {"epoch": self.epoch, "done": self.done}

    def load_state_dict(self, state: Mapping[str, int]) -> None:
        """Go to a saved position: the next iteration continues there."""
        self.epoch, self.done = state["epoch"], state["done"]
        self._restored = True

    def close(self) -> None:
        """Close the sources."""
        for source in self.sources:
            source.close()

    def _labels(
        self, windows: Sequence[Window | None], crops: Sequence[Crop | None], inputs: Sequence[Tensor]
    ) -> tuple[list[Tensor], Tensor]:
        bins, (height, width) = self.num_tbins, inputs[0].shape[2:]
        flows = torch.full((bins, len(windows), 2, height, width), float("nan"))
        labeled = torch.zeros(bins, len(windows), dtype=torch.bool)
        if self._load_labels is None:
            return [], labeled
        for place, (window, crop) in enumerate(zip(windows, crops, strict=True)):
            if window is not None:
                found, has = self._load_labels(*self.info(window), inputs[place])
                for index in np.flatnonzero(has):
                    flow = found[index].numpy()
                    flows[index, place] = torch.from_numpy(flow if crop is None else crop.flow(flow))
                labeled[:, place] = torch.from_numpy(has)
        return list(flows), labeled


def demand_alike(sources: Sequence[BinSource], num_tbins: int, crop_size: int | None) -> None:
    """Raise unless all sources fit in one batch.

    Raises:
        SettingError: There is nothing to read, or sources differ.
    """
    if not any(source.bins >= num_tbins for source in sources):
        raise SettingError(
            f"No file has {num_tbins} time bins; choose longer recordings, a smaller delta_t or fewer bins."
        )
    first = sources[0]
    for source in sources:
        if (source.channels, source.delta_t, source.factor) != (first.channels, first.delta_t, first.factor):
            raise SettingError(
                f"{source.path.name} and {first.path.name} differ in channels, time bins or downsampling; use files "
                "made with the same settings."
            )
        if crop_size is None and (source.width, source.height) != (first.width, first.height):
            raise SettingError(
                f"{source.path.name} and {first.path.name} differ in size; give the setting crop_size."
            )
        if crop_size is not None and min(source.width, source.height) < crop_size:
            raise SettingError(
                f"{source.path.name} is smaller than crop_size {crop_size}; choose at most "
                f"{min(source.width, source.height)}."
            )


def _middle(source: BinSource, size: int) -> Crop:
    return Crop((source.width - size) // 2, (source.height - size) // 2, size, size)


def _events(read: Sequence[Bins | None], delta_t: int) -> Tensor | None:
    """The events of the valid elements, numbered from 0; None if a source has none to give."""
    tables = []
    for number, bins in enumerate(bins for bins in read if bins is not None):
        if bins.events is None:
            return None
        table = event_list([bins.events], 0, delta_t, bins.factor)
        table[:, 0] = number
        tables.append(table)
    return torch.cat(tables)
