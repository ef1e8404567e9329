"""Which slices of a stack are trained on and which are kept for validation."""

from collections.abc import Iterator, Sequence, Sized
from dataclasses import dataclass

from wholefield.errors import SettingError
from wholefield.numbers import whole_numbers
from wholefield.runs.folder import RunFolder
from wholefield.tasks.stacks.settings import StackTrainingSettings
from wholefield.training.kept_split import SPLIT, KeptSplit, kept_split


@dataclass(frozen=True)
class Split:
    """Slices by their use, in ascending order.

    Attributes:
        training: slices to train on.
        validation: slices to measure on; may be empty.
    """

    training: tuple[int, ...]
    validation: tuple[int, ...]


def split_slices(count: int, settings: StackTrainingSettings) -> Split:
    """Split so many slices as the settings ask.

    Without a list a block in the middle is kept: neighbors are so alike that slices picked here and there would
    say nothing about new ones, and the ends of a stack are often empty. For networks over volumes the block is the end
    of the stack, so that one long run is left, and where there is room as long as the largest dilation.

    Raises:
        SettingError: a slice does not exist, or none is left to train on.
    """
    held_out = _listed(count, settings) if settings.validation_slices is not None else _block(count, settings)
    training = tuple(sorted(set(range(count)) - set(held_out)))
    if not training:
        raise SettingError(
            f"All {count} slices are kept for validation; leave some to train on in validation_slices."
        )
    return Split(training, held_out)


def split_of_run(
    count: int, settings: StackTrainingSettings, folder: RunFolder
) -> tuple[Split, tuple[str, ...]]:
    """The split of a run: that of its earlier part where there is one, else what the settings ask for.

    Slices that the stack has got since are trained on: they may lie beside those of the training.

    Returns:
        The split, and what to say of it.

    Raises:
        SettingError: A slice does not exist (any more), or none is left to train on.
    """
    wanted, kept = split_slices(count, settings), kept_split(folder)
    if kept is None:
        return wanted, ()
    training, validation = (
        {at for name in names for at in whole_numbers(SPLIT, name)}
        for names in (kept.training, kept.validation)
    )
    if (missing := max(training | validation)) >= count:
        raise SettingError(
            f"The run in {folder.path} used slice {missing}, but the stack now has slices 0 to {count - 1}; restore "
            "the stack, or start a new run."
        )
    new = sorted(set(range(count)) - training - validation)
    found = Split(tuple(sorted(training | set(new))), tuple(sorted(validation)))
    notes = []
    if new:
        notes.append(f"The stack has {described(new)} more than before; they are trained on.")
    if found.validation != wanted.validation:
        stay = described(found.validation) or "none"
        notes.append(
            f"The validation slices stay those of the earlier part of the run ({stay}), because the network has "
            "been trained on the others; start a new run to choose them anew."
        )
    return found, tuple(notes)


def kept_of(split: Split) -> KeptSplit:
    """A split as a run keeps it: ranges of slices."""
    return KeptSplit(
        *(
            tuple(f"{run[0]}-{run[-1]}" for run in runs_of(part))
            for part in (split.training, split.validation)
        )
    )


def _listed(count: int, settings: StackTrainingSettings) -> tuple[int, ...]:
    assert settings.validation_slices is not None
    listed = tuple(sorted(set(whole_numbers("validation_slices", settings.validation_slices))))
    if listed[-1] >= count:
        raise SettingError(
            f"The setting validation_slices names slice {listed[-1]}, but the stack has slices 0 to {count - 1}."
        )
    return listed


def _block(count: int, settings: StackTrainingSettings) -> tuple[int, ...]:
    wanted = settings.validation_fraction * count
    number = min(max(1, round(wanted)), count - 1) if wanted > 0 else 0
    first = (count - number) // 2
    if settings.ndim == 3 and number:
        least = max(settings.dilation_values)
        number = max(number, least) if count >= 2 * least else number
        first = count - number
    return tuple(range(first, first + number))


def preview_slice(count: int, split: Split, settings: StackTrainingSettings) -> int:
    """The slice to show: the one that the settings name, or the middle one of the validation (else training) slices.

    Raises:
        SettingError: there is no such slice.
    """
    if settings.preview_slice is None:
        slices = split.validation or split.training
        return slices[len(slices) // 2]
    if settings.preview_slice >= count:
        raise SettingError(
            f"The setting preview_slice is {settings.preview_slice}, but the stack has slices 0 to {count - 1}."
        )
    return settings.preview_slice


def runs_of(slices: Sequence[int]) -> Iterator[range]:
    """Ascending slices as ranges without gaps."""
    start = 0
    for index in range(1, len(slices) + 1):
        if index == len(slices) or slices[index] != slices[index - 1] + 1:
            yield range(slices[start], slices[index - 1] + 1)
            start = index


def described(slices: Sequence[int]) -> str:
    """Ascending slices as a text, such as "slices 0-3, 7"."""
    runs = (str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs_of(slices))
    return f"slices {', '.join(runs)}" if slices else ""


def long_runs(slices: Sequence[int], settings: StackTrainingSettings) -> list[range]:
    """Ascending slices as ranges without gaps, those left out that are shorter than a dilation of the network.

    Such a run could not be computed by itself.
    """
    least = max(settings.dilation_values)
    return [run for run in runs_of(slices) if len(run) >= least]


def demand_pairs(
    settings: StackTrainingSettings, split: Split, training: Sized, validation: Sized
) -> str | None:
    """What to warn of where runs of slices are too short for a network over volumes; None where all is well.

    Args:
        settings: the settings.
        split: the slices.
        training: what is left of them to train on.
        validation: what is left of them to measure on.

    Raises:
        SettingError: nothing is left to train on.
    """
    advice = f"the largest dilation is {max(settings.dilation_values)}; use smaller dilations or other slices"
    if not len(training):
        raise SettingError(f"No run of training slices is long enough for a network over volumes: {advice}.")
    if split.validation and not len(validation):
        return (
            f"The validation slices are too few for a network over volumes, so none is validated: {advice}."
        )
    return None
