"""From the values in masks and label stacks to classes, the same for slides and stacks. Imports no torch.

Which values are classes, which count for nothing and which cannot be labels is decided here and nowhere else: counting
what occurs (`LabelCounts`), the set of classes that follows from it and from the settings (`label_set`), and the class
of every pixel (`LabelSet.classes`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wholefield.errors import SettingError
from wholefield.numbers import whole_numbers
from wholefield.runs.reports import Level, Message

AnyArray = NDArray[Any]
Classes = NDArray[np.int64]

MOST_LABELS = 255
"""A class map is written in bytes, one value of which stands for what is ignored."""
MOST_UNLISTED = 32
"""More classes than this want to be listed: that many values are as likely intensities, or numbered objects."""
LARGEST_LABEL = 2**53
# Traces of lossy compression or smoothing: rare, and this close to one of two values, far apart, that fill the mask.
TRACE_DISTANCE, TRACE_SHARE, FEWEST_TRACES, MAIN_DISTANCE = 24, 0.02, 3, 128
MOST_SHOWN = 6


@dataclass(frozen=True)
class LabelOptions:
    """What the settings say of label values.

    Attributes:
        values: The values that are classes; None for all that occur and are not ignored.
        ignored: The values that count for nothing.
        binarize: Whether all values above 0 are one class, as in masks that number objects.

    Example:
        >>> from wholefield.training.label_values import LabelOptions
        >>> LabelOptions.parse("0,255", "128").ignored
        frozenset({128})
    """

    values: frozenset[int] | None = None
    ignored: frozenset[int] = frozenset()
    binarize: bool = False

    @classmethod
    def parse(
        cls, label_values: str | None, ignore_label: str | None, *, binarize: bool = False
    ) -> "LabelOptions":
        """The options that settings stand for.

        Args:
            label_values: List of the values that are classes; None for all.
            ignore_label: List of the values that count for nothing; None for none.
            binarize: Whether all values above 0 are one class.

        Raises:
            SettingError: A list cannot be read, names a single class, or both name one value.
        """
        values = None if label_values is None else frozenset(_values("label_values", label_values))
        ignored = frozenset() if ignore_label is None else frozenset(_values("ignore_label", ignore_label))
        if values is not None and len(values) < 2:
            raise SettingError(
                f"The setting label_values is {label_values!r} but must name at least two labels."
            )
        if values is not None and binarize:
            raise SettingError(
                "The settings label_values and binarize_labels exclude each other; keep one of them."
            )
        if both := ignored.intersection(values or ()):
            raise SettingError(
                f"The label {min(both)} stands in label_values and in ignore_label; remove it from one of them."
            )
        return cls(values, ignored, binarize)


@dataclass
class LabelCounts:
    """How often every value occurs in masks, counted array by array.

    Attributes:
        name: What is counted, for the errors.
        options: What the settings say.
        counts: Pixels of every value.
        unlabeled: Pixels whose value is not a number, as floating-point masks mark what has no label.
    """

    name: str
    options: LabelOptions = field(default_factory=LabelOptions)
    counts: dict[int, int] = field(default_factory=dict)
    unlabeled: int = 0

    def add(self, array: AnyArray, place: str) -> None:
        """Count the values of an array.

        Args:
            array: Values of any shape and type.
            place: Where they stand, such as "in slice 3", for the errors.

        Raises:
            SettingError: They are not whole numbers, or too many to be labels.
        """
        values, times = values_of(array)
        if values.dtype.kind == "f":
            finite = np.isfinite(values)
            self.unlabeled += int(times[~finite].sum())
            values, times = values[finite], times[finite]
            if (strange := values[(values != np.round(values)) | (abs(values) > LARGEST_LABEL)]).size:
                raise SettingError(
                    f"{self.name} holds {strange[0]:g} {place}, but labels are whole numbers; choose masks or a stack "
                    "of labels as target, or train for regression."
                )
        for value, count in zip(values.tolist(), times.tolist(), strict=True):
            key = int(int(value) > 0) if self._binarized(int(value)) else int(value)
            self.counts[key] = self.counts.get(key, 0) + count
        if len(self.counts) > MOST_LABELS:
            raise SettingError(
                f"{self.name} holds more than {MOST_LABELS} values, which look like intensities, or like the numbers "
                "of single objects; choose labels, or set binarize_labels to take all values above 0 as one class."
            )

    def _binarized(self, value: int) -> bool:
        return self.options.binarize and value >= 0 and value not in self.options.ignored


@dataclass(frozen=True)
class LabelSet:
    """The labels that a network tells apart.

    Attributes:
        values: Their values in the files, ascending; the class is the place in this list.
        ignored: The values that count for nothing.
        binarize: Whether every value above 0 is the class 1.

    Example:
        >>> import numpy as np
        >>> from wholefield.training.label_values import LabelSet
        >>> LabelSet((0, 255)).classes(np.array([0, 255, 255], np.uint8), "The mask").tolist()
        [0, 1, 1]
    """

    values: tuple[int, ...]
    ignored: tuple[int, ...] = ()
    binarize: bool = False

    @property
    def ignored_class(self) -> int:
        """The class of what is ignored, and of what has no label because its value is not a number."""
        return len(self.values)

    def classes(self, array: AnyArray, place: str) -> Classes:
        """The class of every pixel, `ignored_class` where it counts for nothing.

        Args:
            array: Values of any shape and type.
            place: Where they stand, for the errors.

        Raises:
            SettingError: A value is not a label.
        """
        known = np.array(self.values)
        unlabeled = ~np.isfinite(array) if array.dtype.kind == "f" else np.zeros(array.shape, bool)
        ignored = unlabeled | np.isin(array, self.ignored)
        values = np.where(unlabeled, 0, array) if unlabeled.any() else array
        if self.binarize:
            values = np.where(values > 0, 1, values)
        found: Classes = np.searchsorted(known, values).clip(max=len(known) - 1).astype(np.int64)
        strange = (known[found] != values) & ~ignored
        if strange.any():
            raise SettingError(
                f"{place} holds {array[strange].flat[0]}, which is none of the labels "
                f"{_listed(self.values)}; correct label_values or set ignore_label."
            )
        found[ignored] = self.ignored_class
        return found

    def in_file(self, classes: NDArray[np.unsignedinteger[Any]]) -> AnyArray:
        """Classes as the values that the files had, in the smallest type that holds them all.

        What is ignored gets the first of the ignored values; where none is set, what has no label gets the first label.
        """
        values = np.array([*self.values, *(self.ignored or self.values)[:1]])
        types = (np.uint8, np.uint16, np.uint32) if values.min() >= 0 else (np.int16, np.int32)
        kind = next((each for each in types if values.max() <= np.iinfo(each).max), np.int64)
        return values.astype(kind)[classes]


def label_set(counts: LabelCounts) -> LabelSet:
    """The labels that the settings ask for, or all that occur and are not ignored.

    Args:
        counts: What occurs, and what the settings say.

    Raises:
        SettingError: There are not at least two, a value occurs that is neither a class nor ignored, or values occur
            that may be classes or not.
    """
    options, name = counts.options, counts.name
    occurring = set(counts.counts) - options.ignored
    values = {0, 1} if options.binarize else occurring if options.values is None else options.values
    if negative := sorted(value for value in occurring if value < 0 and (options.values is None)):
        raise SettingError(
            f"{name} holds negative labels ({_listed(negative)}), which may be classes or mark what has no label; "
            f"set ignore_label to {_listed(negative)}, or list all classes in label_values."
        )
    if others := sorted(occurring - values):
        raise SettingError(
            f"{name} holds {_listed(others)} besides the labels {_listed(sorted(values))}; "
            "add what is missing to label_values or to ignore_label."
        )
    if len(occurring) < 2 and options.values is None:
        word = f"the single label {next(iter(occurring))}" if occurring else "no label"
        raise SettingError(
            f"{name} holds {word} besides the ignored ones; a network can distinguish 2 to {MOST_LABELS}. Check the "
            "files, and the settings label_values, ignore_label and binarize_labels."
        )
    if len(values) > MOST_LABELS:
        raise SettingError(f"{name}: {len(values)} labels; a network can distinguish 2 to {MOST_LABELS}.")
    if options.values is None and not options.binarize:
        _demand_likely(counts, sorted(values))
    return LabelSet(tuple(sorted(values)), tuple(sorted(options.ignored)), options.binarize)


def notes_on_labels(labels: LabelSet, counts: LabelCounts) -> tuple[Message, ...]:
    """What to say of how values became classes; nothing where they are 0, 1, 2 ... as they stand."""
    notes = []
    if labels.values != tuple(range(len(labels.values))):
        pairs = ", ".join(
            f"{value} is class {place}" for place, value in list(enumerate(labels.values))[:MOST_SHOWN]
        )
        more = ", ..." if len(labels.values) > MOST_SHOWN else ""
        text = f"Label values become classes in ascending order: {pairs}{more}."
        notes.append(Message(Level.INFO, text))
    if (
        counts.options.values is None
        and len(labels.values) > 2
        and 255 in labels.values
        and 254 not in labels.values
    ):
        text = (
            f"{counts.name} holds 255 beside {_listed(labels.values[:-1])}; it is a class of its own now. If it marks "
            "what has no label, set ignore_label to 255."
        )
        notes.append(Message(Level.WARNING, text))
    if counts.unlabeled:
        text = f"{counts.name}: {counts.unlabeled:,} labels are not numbers and count for nothing."
        notes.append(Message(Level.WARNING, text))
    return tuple(notes)


def values_of(array: AnyArray) -> tuple[AnyArray, AnyArray]:
    """The values that occur in an array, ascending, and how often each does."""
    if array.dtype in (np.uint8, np.uint16):
        # Many times faster than sorting.
        times = np.bincount(array.ravel())
        values = np.flatnonzero(times)
        return values, times[values]
    return np.unique(array, return_counts=True)


def _demand_likely(counts: LabelCounts, values: Sequence[int]) -> None:
    """Refuse values that are no classes at second sight, unless the settings list them.

    Raises:
        SettingError: They look like intensities, or like traces of lossy compression.
    """
    traces, main = _traces(counts.counts, values)
    if len(traces) >= FEWEST_TRACES:
        raise SettingError(
            f"Nearly all labels of {counts.name} are {_listed(main)}, but a few are {_listed(traces)}, which look like "
            "traces of JPEG compression or smoothing; save the masks without loss, or list all classes in label_values."
        )
    if len(values) > MOST_UNLISTED:
        raise SettingError(
            f"{counts.name} holds {len(values)} values ({_listed(values)}), as many as intensities or numbered objects "
            "would; list them in label_values if all are classes, or set binarize_labels to take all values above 0 as "
            "one class."
        )


def _traces(counts: Mapping[int, int], values: Sequence[int]) -> tuple[list[int], list[int]]:
    """Rare values close to two frequent ones far apart, or many, and those two; as in a drawing of black on white."""
    total = sum(counts.get(value, 0) for value in values)
    main = [value for value in values if counts.get(value, 0) > TRACE_SHARE * total]
    rare = [value for value in values if value not in main]
    near = all(any(abs(value - each) <= TRACE_DISTANCE for each in main) for value in rare)
    drawing = len(main) == 2 and main[1] - main[0] >= MAIN_DISTANCE
    return (rare, main) if drawing and (near or len(values) > MOST_UNLISTED) else ([], main)


def _listed(values: Sequence[int]) -> str:
    shown = ", ".join(map(str, values[:MOST_SHOWN]))
    return f"{shown}, ..." if len(values) > MOST_SHOWN else shown


def _values(name: str, text: str) -> tuple[int, ...]:
    return whole_numbers(name, text, negative=True)
