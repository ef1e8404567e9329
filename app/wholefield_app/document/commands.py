"""The command lines that do what the window does."""

import shlex
from pathlib import Path

from wholefield.runs.settings import RunSettings
from wholefield.sources.choices import Reading
from wholefield.tasks.slides.inspection import UNET, NetworkChoice
from wholefield.tasks.slides.layer_rows import LayerChoice


def command_of(config: RunSettings) -> str:
    """The command line that runs these settings."""
    from wholefield.cli import command_line

    return command_line(config)


def info_command(path: Path, reading: Reading) -> str:
    """The command line that prints what is known of a file or folder that is read so."""
    return shlex.join(["wholefield", "info", str(path), *([f"--reading={reading}"] if reading else [])])


def inspect_command(
    network: NetworkChoice,
    slide: Path,
    level: int,
    tile_size: int,
    workers: int | None,
    layers: LayerChoice,
) -> str:
    """The command line that prints tiles, layers and memory of a network streamed over a slide."""
    if network.model == UNET:
        described = ["--task=segment", f"--width={network.width}", f"--depth={network.depth}"]
    else:
        described = [f"--model={network.model}"]
    options = [*described, f"--slide={slide}", f"--level={level}", f"--tile-size={tile_size}"]
    options += [f"--workers={workers}"] if workers else []
    return shlex.join(["wholefield", "inspect", *options, f"--layers={layers}"])
