"""Which part of every recording is trained on and which is kept for validation, and that it stays so."""

from collections.abc import Sequence
from pathlib import Path

from wholefield.errors import SettingError
from wholefield.flow.sequences import BinSource, SpanBins, split_in_time
from wholefield.tasks.events.settings import FlowSettings
from wholefield.training.kept_split import PART, KeptSplit

Sides = tuple[Sequence[BinSource], Sequence[BinSource]]


def divided(source: BinSource, settings: FlowSettings, kept: KeptSplit | None) -> tuple[SpanBins, SpanBins]:
    """The beginning of a recording for training and its end for validation, as in the earlier part of a run.

    Args:
        source: The recording.
        settings: The settings; they count for recordings that are new.
        kept: The split of the earlier part; None for a new run.

    Raises:
        SettingError: The recording has become too short for the split that it had.
    """
    first = None if kept is None else _first_of(kept, source.path)
    if first is None:
        return split_in_time(source, settings.validation_fraction, settings.num_tbins)
    if first > source.bins:
        raise SettingError(
            f"{source.path} has {source.bins} time bins, but the earlier part of the run was trained on {first} of "
            "it; restore the recording, or start a new run."
        )
    return SpanBins(source, 0, first), SpanBins(source, first, source.bins - first)


def kept_of(parts: Sides) -> KeptSplit:
    """A split as a run keeps it: files, with the range of bins where they are divided."""
    sides = (tuple(_name(source) for source in side if source.bins) for side in parts)
    return KeptSplit(*sides)


def demand_apart(parts: Sides, kept: KeptSplit | None) -> None:
    """Refuse to validate with a file that the earlier part of a run was trained on.

    Raises:
        SettingError: There is one.
    """
    if kept is None:
        return
    paths = [str(source.path.resolve()) for source in parts[1]]
    for path, validates in kept.sides(paths).items():
        if not validates:
            raise SettingError(
                f"{path} is in the folder for validation, but the earlier part of the run was trained on it; move it "
                "back, or start a new run."
            )


def _name(source: BinSource) -> str:
    path = str(source.path.resolve())
    return (
        f"{path}{PART}{source.first}-{source.first + source.bins}" if isinstance(source, SpanBins) else path
    )


def _first_of(kept: KeptSplit, path: Path) -> int | None:
    """The first bin that was kept for validation of a recording; None where it is not known.

    A file that was moved is found by its name where that is unmistakable.
    """
    ends = [name.rpartition(PART)[::2] for name in (*kept.training, *kept.validation) if PART in name]
    for same in (
        [range_ for name, range_ in ends if name == str(path.resolve())],
        [range_ for name, range_ in ends if Path(name).name == path.name],
    ):
        firsts = [int(each.split("-")[0]) for each in same]
        if len(firsts) == 2 and min(firsts) == 0:
            return max(firsts)
        if len(firsts) == 1:
            # All of it on one side: nothing was kept of a short recording.
            return int(same[0].split("-")[1]) if firsts[0] == 0 else None
    return None
