"""The one description of a trained network that every checkpoint holds. Imports no torch."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from importlib.metadata import PackageNotFoundError, version as version_of
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self, TypeVar

from wholefield.errors import SettingError

VERSION = 1
"""Of the layout of a card in a checkpoint; those of before had none, and another layout for every kind of data."""
NOTHING: Mapping[str, Any] = MappingProxyType({})
TRAINING, VALIDATION = "training", "validation"

Part = TypeVar("Part")


@dataclass(frozen=True)
class ClassCard:
    """A class that the network tells apart.

    Attributes:
        name: Its name.
        color: Red, green and blue from 0 to 255; None where none was chosen.
        value: Its value in files of labels; None where only its place counts.
    """

    name: str
    color: tuple[int, int, int] | None = None
    value: int | None = None


@dataclass(frozen=True)
class InputCard:
    """What the network expects to be given.

    Attributes:
        channels: Values per pixel, voxel, or pixel of a time bin.
        level: Pyramid level of the slides.
        spacing: Distance between pixels (y, x) or voxels (z, y, x) in training, where known.
        unit: Its unit.
        mean: Per channel, what was subtracted; on the scale 0..1 for slides.
        std: Per channel, what was divided by.
        slices: Neighboring slices that make an input.
        representation: How events become features.
        arguments: Arguments of the representation.
        time_bin_us: Length of a time bin in us.
        any_time_bin: Whether the bins may have another length, chosen by the motion of a recording.
        downsampling: How often the sensor is halved.
    """

    channels: int = 1
    level: int | None = None
    spacing: tuple[float, ...] | None = None
    unit: str = ""
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    slices: int = 1
    representation: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    time_bin_us: int | None = None
    any_time_bin: bool = False
    downsampling: int = 0


@dataclass(frozen=True)
class DataFile:
    """A file that a network was trained or validated with.

    Attributes:
        name: Its name, without the folder.
        size: Bytes; of a folder those of its files.
        use: `training` or `validation`.
        part: Which part of it, such as "slices 0-3"; empty for all of it.
    """

    name: str
    size: int
    use: str
    part: str = ""


@dataclass(frozen=True)
class ModelCard:
    """What must be known, beside the weights, to use a network and to judge it.

    Attributes:
        task: The task that trained it.
        architecture: Name of the network.
        arguments: What it is built with.
        classes: What it tells apart, in the order of its outputs.
        input: What it expects.
        data: What it was trained and validated with.
        epoch: Epochs trained.
        metrics: Of the last whole epoch, by name.
        versions: Of the programs that trained it.
        license: Under which terms it may be used.
    """

    task: str
    architecture: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    classes: tuple[ClassCard, ...] = ()
    input: InputCard = InputCard()
    data: tuple[DataFile, ...] = ()
    epoch: int = 0
    metrics: Mapping[str, float] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    license: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the classes."""
        return tuple(each.name for each in self.classes)

    @property
    def values(self) -> tuple[int, ...]:
        """The label values of the classes, where they have some."""
        return tuple(each.value for each in self.classes if each.value is not None)

    def after(self, epoch: int, metrics: Mapping[str, float]) -> Self:
        """The card after so many epochs."""
        return replace(self, epoch=epoch, metrics=dict(metrics))

    def to_plain(self) -> dict[str, Any]:
        """As plain values, for a checkpoint."""
        return asdict(self) | {"version": VERSION}

    @classmethod
    def from_plain(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `to_plain`; reads the layouts of before, too.

        Raises:
            KeyError, TypeError, ValueError: Values are missing or odd, or of a newer layout.
        """
        if "version" not in values:
            return cls._from_former(values)
        if values["version"] > VERSION:
            raise ValueError(f"its card has version {values['version']}, this program knows {VERSION}")
        known = {name: value for name, value in values.items() if name in {each.name for each in fields(cls)}}
        return cls(
            **known
            | {
                "classes": tuple(_part(ClassCard, each) for each in values["classes"]),
                "input": _part(InputCard, values["input"]),
                "data": tuple(_part(DataFile, each) for each in values["data"]),
            }
        )

    @classmethod
    def _from_former(cls, values: Mapping[str, Any]) -> Self:
        """A card from a description that a checkpoint of one kind of data had before there were cards."""
        if "slab" in values:
            return cls(
                values["task"], "msd", classes=label_classes(values["labels"]),
                input=InputCard(
                    values["channels"], spacing=_tuple(values["spacing"]), unit=values["unit"], slices=values["slab"]
                ),
            )  # fmt: skip
        if "preprocess" in values:
            return cls(
                values["task"], values["network"],
                {name: values[name] for name in ("base", "scales", "rnn_cell")},
                input=InputCard(
                    values["channels"], representation=values["preprocess"], time_bin_us=values["delta_t"],
                    arguments=values.get("arguments", {}), downsampling=values.get("downsampling", 0),
                ),
            )  # fmt: skip
        segmenter = "width" in values
        names = ("width", "depth") if segmenter else ("head",)
        return cls(
            values["task"], "unet" if segmenter else values["model"],
            {name: values[name] for name in names},
            tuple(map(ClassCard, values["classes"])),
            InputCard(
                len(values["mean"]), values["level"], _tuple(values["spacing"]), "um",
                tuple(values["mean"]), tuple(values["std"]),
            ),
        )  # fmt: skip

    def lines(self) -> list[tuple[str, str]]:
        """Name and value of everything that is known, for reading."""
        given = {
            name: value for name, value in vars(self.input).items() if value not in (None, "", (), {}, False)
        }
        return [
            ("task", self.task),
            ("network", self.architecture),
            *((name.replace("_", " "), _text(value)) for name, value in self.arguments.items()),
            *([("classes", ", ".join(map(_class_text, self.classes)))] if self.classes else []),
            *((f"input {name.replace('_', ' ')}", _text(value)) for name, value in given.items()),
            *((f"{each.use} data", _file_text(each)) for each in self.data),
            ("trained epochs", str(self.epoch)),
            *((name.replace("_", " "), f"{value:.6g}") for name, value in self.metrics.items()),
            *((f"{name} version", value) for name, value in self.versions.items()),
            ("license", self.license or "not stated"),
        ]


def demand_same(found: ModelCard, wanted: ModelCard, folder: Path) -> None:
    """Refuse to continue a run with another network, other classes or another input.

    Raises:
        SettingError: They differ; what was measured, such as mean and spacing, may.
    """
    earlier, now = _decisive(found), _decisive(wanted)
    for name, value in now.items():
        if name in earlier and earlier[name] != value:
            raise SettingError(
                f"The run in {folder} was started with another {name} ({earlier[name]}); "
                "start a new run instead of continuing it."
            )


def _decisive(card: ModelCard) -> dict[str, Any]:
    given = {name: getattr(card.input, name) for name in ("channels", "level", "slices", "representation")}
    later = {name: getattr(card.input, name) for name in ("time_bin_us", "downsampling")}
    values = {"values": card.values} if card.values else {}
    arguments = {name: _plain(value) for name, value in card.arguments.items()}
    return (
        {"task": card.task, "model": card.architecture, **arguments, "classes": card.names}
        | values
        | given
        | later
    )


def versions() -> dict[str, str]:
    """The versions of the programs that train."""
    found = {}
    for name in ("wholefield", "torch"):
        try:
            found[name] = version_of(name)
        except PackageNotFoundError:
            found[name] = "unknown"
    return found


def label_classes(values: Iterable[int]) -> tuple[ClassCard, ...]:
    """Classes that are called by their values."""
    return tuple(ClassCard(str(value), value=value) for value in values)


def data_files(paths: Iterable[Path], use: str, part: str = "") -> tuple[DataFile, ...]:
    """Names and sizes of files, each once, in their order."""
    return tuple(DataFile(path.name, _size(path), use, part) for path in dict.fromkeys(paths))


def _size(path: Path) -> int:
    files = path.iterdir() if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


def _part(kind: type[Part], values: Mapping[str, Any]) -> Part:
    return kind(**{name: _plain(value) for name, value in values.items()})


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _tuple(values: Iterable[float] | None) -> tuple[float, ...] | None:
    return None if values is None else tuple(values)


def _class_text(each: ClassCard) -> str:
    return each.name if each.value is None or each.name == str(each.value) else f"{each.name} ({each.value})"


def _file_text(file: DataFile) -> str:
    return f"{file.name}{f', {file.part}' if file.part else ''} ({file.size:,} bytes)"


def _text(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_text(each)}" for name, each in value.items())
    if isinstance(value, tuple | list):
        return ", ".join(map(_text, value))
    return f"{value:.6g}" if isinstance(value, float) else str(value)
