"""What a file is, line by line: a slide, a picture, a stack, a recording, a checkpoint or another model."""

from collections.abc import Sequence
from pathlib import Path

from wholefield.sources import (
    ImageSource,
    Kind,
    Question,
    Recording,
    StackSource,
    UnclearFileError,
    format_of,
    kind_of,
    open_source,
    questions_of,
)

Lines = list[tuple[str, str]]


def describe_file(path: Path, reading: str | None = None) -> Lines:
    """Name and value of what is known of a file; of one that leaves something open, what has to be answered.

    Args:
        path: The file or folder.
        reading: Answers to what it leaves open.

    Raises:
        SourceError: it cannot be opened.
        SettingError: The reading is not written as name=value.
    """
    if path.suffix == ".ckpt":
        return _checkpoint(path)
    if kind_of(path) is Kind.MODEL:
        return _model(path)
    try:
        with open_source(path, reading=reading) as source:
            match source:
                case StackSource():
                    lines = _stack(source)
                case Recording():
                    lines = _recording(source)
                case _:
                    lines = _image(source)
    except UnclearFileError as error:
        return [("file", str(path)), *_kind(path), ("unclear", str(error)), *_questions(error.questions)]
    first = lines[:1] + _kind(path) + lines[1:]
    return first + _questions(questions_of(path, reading))


def _kind(path: Path) -> Lines:
    row = format_of(path)
    return [] if row is None else [("kind", f"{row.kind} ({row.name})")]


def _questions(questions: Sequence[Question]) -> Lines:
    """What can be chosen by `--reading`, with every answer."""
    lines: Lines = []
    for question in questions:
        lines.append(
            ("can be chosen", " ".join(filter(None, (f"{question.name}: {question.label}.", question.help))))
        )
        for answer in question.answers:
            label = f" ({answer.label})" if answer.label not in ("", answer.value) else ""
            lines.append(("", f"{question.name}={answer.value}{label}"))
    return lines


def _recording(source: Recording) -> Lines:
    source.index()
    seconds = source.duration_us / 1e6
    return [
        ("file", str(source.path)),
        ("format", source.format_name),
        ("size", f"{source.width} x {source.height} pixels"),
        ("events", f"{source.num_events} ({source.num_events / seconds:.4g} per second)"),
        ("duration", f"{seconds:.6f} s"),
        ("starts at", f"{source.start_us} us on the camera's clock"),
        ("triggers", str(len(source.triggers))),
        *(("warning", warning) for warning in source.warnings),
        *source.metadata.items(),
    ]


def _stack(source: StackSource) -> Lines:
    depth, height, width = source.shape
    geometry = source.geometry
    lines = [
        ("file", str(source.path)),
        ("format", source.format_name),
        ("size", f"{depth} x {height} x {width} voxels (z, y, x)"),
        *([("times", str(source.times))] if source.times > 1 else []),
        ("channels", f"{source.channels} ({source.dtype})"),
        ("voxel spacing", _spacing(geometry.spacing, geometry.unit)),
    ]
    if geometry.affine is not None:
        rows = ("(" + ", ".join(f"{value:.6g}" for value in row) + ")" for row in geometry.affine[:3])
        lines.append(("affine", " ".join(rows)))
    if source.window is not None:
        lines.append(("window", "{:g} to {:g}".format(*source.window)))
    lines += [("warning", warning) for warning in source.warnings]
    return lines + [(name, value) for name, value in source.metadata.items()]


def _spacing(spacing: tuple[float, float, float] | None, unit: str) -> str:
    if spacing is None:
        return "unknown"
    lengths = " x ".join(f"{length:.4g}" for length in spacing)
    return f"{lengths} {unit or 'of an unknown unit'} (z, y, x)"


def _image(source: ImageSource) -> Lines:
    spacing = "unknown" if source.spacing is None else "{:.4g} x {:.4g} um (y, x)".format(*source.spacing)
    lines = [
        ("file", str(source.path)),
        ("format", source.format_name),
        ("size", f"{source.width} x {source.height} pixels"),
        ("channels", f"{source.channels} ({source.dtype})"),
        ("pixel spacing", spacing),
    ]
    lines += [
        (f"level {index}", f"{level.width} x {level.height} (1/{level.downsample:g})")
        for index, level in enumerate(source.levels)
    ]
    return lines + [(name, value) for name, value in source.metadata.items()]


def _model(path: Path) -> Lines:
    from wholefield.networks.opening import open_model

    return [("file", str(path)), *_kind(path), *open_model(path).card.lines()]


def _checkpoint(path: Path) -> Lines:
    from wholefield.training.checkpoints import card_in, read_checkpoint

    content = read_checkpoint(path)
    return [
        ("file", str(path)),
        ("format", "checkpoint of a training run"),
        *card_in(content, path).lines(),
        ("trained steps", str(content.get("global_step", "unknown"))),
    ]
