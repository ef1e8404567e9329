"""What a file is, line by line: a slide, a picture, a stack, a recording or a checkpoint."""

from pathlib import Path

from wholefield.sources import ImageSource, Recording, StackSource, list_datasets, open_source

Lines = list[tuple[str, str]]


def describe_file(path: Path) -> Lines:
    """Name and value of what is known of a file.

    Raises:
        SourceError: it cannot be opened.
    """
    if path.suffix == ".ckpt":
        return _checkpoint(path)
    with open_source(path) as source:
        match source:
            case StackSource():
                return _stack(source)
            case Recording():
                return _recording(source)
            case _:
                return _image(source)


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
        ("channels", f"{source.channels} ({source.dtype})"),
        ("voxel spacing", _spacing(geometry.spacing, geometry.unit)),
    ]
    if geometry.affine is not None:
        rows = ("(" + ", ".join(f"{value:.6g}" for value in row) + ")" for row in geometry.affine[:3])
        lines.append(("affine", " ".join(rows)))
    if source.window is not None:
        lines.append(("window", "{:g} to {:g}".format(*source.window)))
    lines += [("warning", warning) for warning in source.warnings]
    lines += [
        ("dataset", f"{info.name} {' x '.join(map(str, info.shape))} ({info.dtype})")
        for info in list_datasets(source.path)
    ]
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


def _checkpoint(path: Path) -> Lines:
    from wholefield.training.checkpoints import card_in, read_checkpoint

    content = read_checkpoint(path)
    return [
        ("file", str(path)),
        ("format", "checkpoint of a training run"),
        *card_in(content, path).lines(),
        ("trained steps", str(content.get("global_step", "unknown"))),
    ]
