"""`wholefield inspect`: what streaming a network over an image will do and cost, as a table."""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

from wholefield.cli.options import parse
from wholefield.errors import SettingError
from wholefield.networks.registry import CLASSIFIERS, find_model
from wholefield.numbers import AmbiguousNumberError, real_of
from wholefield.tasks.applying import MAP_MEMORY
from wholefield.tasks.slides.inspected_file import ModelFile
from wholefield.tasks.slides.inspection import (
    NetworkChoice,
    Purpose,
    inspect_network,
    suggest_for,
)
from wholefield.tasks.slides.layer_rows import HEADINGS, LayerChoice
from wholefield.tasks.slides.settings import ClassifySettings, SegmentSettings

TILE_SIZE = 512
TASKS = (ClassifySettings, SegmentSettings)
NETWORK = {
    "width": "Channels of the finest level of the U-Net of the task segment.",
    "depth": "Number of times it halves the image.",
    "classes": "Number of classes.",
    "channels": "Channels of the slides.",
}
UNITS = {prefix: 10**power for prefix, power in (("", 0), ("K", 3), ("M", 6), ("G", 9), ("T", 12))}
UNITS |= {f"{prefix}I": 2**power for prefix, power in (("K", 10), ("M", 20), ("G", 30), ("T", 40))}
# Columns of text stand at the left, columns of numbers at the right.
TEXTS = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    models = ", ".join(entry.name for entry in CLASSIFIERS)
    parser.add_argument(
        "--task",
        choices=[task.task for task in TASKS],
        default=ClassifySettings.task,
        help="Task whose network is inspected. Default: classify.",
    )
    parser.add_argument("--model", help=f"Network of the task classify: {models}.")
    parser.add_argument(
        "--checkpoint", type=Path, metavar="FILE",
        help="Published model, or checkpoint of any training on slides, to inspect instead.",
    )  # fmt: skip
    for name, text in NETWORK.items():
        parser.add_argument(f"--{name}", help=f"{text} Default: {getattr(NetworkChoice, name)}.")
    image = parser.add_mutually_exclusive_group(required=True)
    image.add_argument(
        "--size", metavar="WIDTHxHEIGHT", help="Size of the image in pixels, such as 4096x4096."
    )
    image.add_argument("--slide", type=Path, metavar="FILE", help="Slide whose size is taken.")
    parser.add_argument("--level", default="0", help="Level of the slide; 0 is the largest. Default: 0.")
    parser.add_argument(
        "--tile-size", default=str(TILE_SIZE), help=f"Side of a tile in pixels. Default: {TILE_SIZE}."
    )
    parser.add_argument("--workers", help="Tiles computed at the same time. Default: automatic.")
    parser.add_argument(
        "--map-memory",
        metavar="MIB",
        help="Maps between the stages of a network with statistics of the whole image that are kept in memory, in MiB; "
        f"the rest goes to files. Default: {MAP_MEMORY} with --checkpoint, as in apply, else all.",
    )
    parser.add_argument("--memory", help="Memory to suggest tile size and workers for, such as 4GB or 500MB.")
    parser.add_argument(
        "--for",
        dest="purpose",
        choices=[str(one) for one in Purpose],
        default=Purpose.TRAINING,
        type=str,
        help="Purpose of that memory. Default: training.",
    )
    parser.add_argument(
        "--layers", choices=[str(one) for one in LayerChoice], default=LayerChoice.ALL, type=str,
        help="All operations, those with windows, or the last of each stage. Default: all.",
    )  # fmt: skip


def inspect(arguments: argparse.Namespace) -> int:
    """Print the layers, what the pass costs and, for a memory, the suggested tile size and workers.

    Raises:
        WholefieldError: an option cannot work, or the slide cannot be read.
    """
    level, tile_size = parse("level", arguments.level, int), parse("tile_size", arguments.tile_size, int)
    size = parse_size(arguments.size) if arguments.size is not None else slide_size(arguments.slide, level)
    choice = choice_of(arguments)
    workers = None if arguments.workers is None else parse("workers", arguments.workers, int)
    map_budget = map_budget_of(arguments)
    inspection = inspect_network(choice, size, tile_size, workers, map_budget)
    lines = [*inspection.readouts()]
    if arguments.memory is not None:
        purpose = Purpose(arguments.purpose)
        suggested, side_by_side = suggest_for(
            choice, size, parse_bytes(arguments.memory), purpose, map_budget
        )
        lines.append(
            (
                "Suggested tile size",
                f"{suggested} px, {side_by_side} at the same time, for {purpose} within {arguments.memory}",
            )
        )
    layers = inspection.rows_of(LayerChoice(arguments.layers))
    print(table([HEADINGS, *(row.cells() for row in layers)]), end="\n\n")
    if stages := inspection.stage_table():
        print(table(stages), end="\n\n")
    for name, value in lines:
        print(f"{name + ':':<24} {value}")
    return 0


def choice_of(arguments: argparse.Namespace) -> NetworkChoice | ModelFile:
    """The network that the options describe.

    Raises:
        SettingError: The task classify needs a model, or an option belongs to the other task or to no checkpoint.
    """
    given = {name: getattr(arguments, name) for name in NETWORK if getattr(arguments, name) is not None}
    if arguments.checkpoint is not None:
        if arguments.model is not None or arguments.task == SegmentSettings.task or given:
            raise SettingError(
                "--checkpoint says what network it is; omit --task, --model and their options."
            )
        return ModelFile(arguments.checkpoint)
    if arguments.task == SegmentSettings.task:
        if arguments.model is not None:
            raise SettingError("The task segment has one network, a U-Net; omit --model.")
        numbers = {name: parse(name, text, int) for name, text in given.items()}
        if wrong := [name for name, number in numbers.items() if number < 1]:
            raise SettingError(f"--{wrong[0]} is {numbers[wrong[0]]} but must be at least 1.")
        return NetworkChoice(**numbers)
    if arguments.model is None:
        raise SettingError("Give --model for the task classify, --checkpoint, or --task segment.")
    if given:
        raise SettingError(f"--{next(iter(given))} belongs to the task segment; add --task segment.")
    return NetworkChoice(find_model(arguments.model).name)


def map_budget_of(arguments: argparse.Namespace) -> int | None:
    """Bytes of maps in memory; None for all.

    Raises:
        SettingError: It is not a number, or below 0.
    """
    if arguments.map_memory is None:
        return None if arguments.checkpoint is None else MAP_MEMORY * 2**20
    number = parse("map_memory", arguments.map_memory, int)
    if number < 0:
        raise SettingError(f"--map-memory is {number} but must be at least 0.")
    return number * 2**20


def table(rows: Sequence[tuple[str, ...]]) -> str:
    """Rows as aligned text, with a line under the first, the headings."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    texts = [_line(row, widths) for row in rows]
    return "\n".join([texts[0], "  ".join("-" * width for width in widths), *texts[1:]])


def parse_size(text: str) -> tuple[int, int]:
    """Height and width of a text such as 4096x3000, which names the width first.

    Raises:
        SettingError: it is no such text.
    """
    match = re.fullmatch(r"\s*(\d+)\s*[xX×]\s*(\d+)\s*", text, re.ASCII)
    if match is None:
        raise SettingError(f"--size is {text!r} but must be width and height in pixels, such as 4096x4096.")
    return int(match[2]), int(match[1])


def parse_bytes(text: str) -> int:
    """Bytes of a text such as 4GB, 1.5 GiB or 500MB.

    Raises:
        SettingError: it is no such text.
    """
    match = re.fullmatch(r"\s*([^A-Z]*\d)\s*([KMGT]I?B?|B)\s*", text.upper(), re.ASCII)
    try:
        if match is not None and (number := real_of(match[1])) >= 0:
            return int(number * UNITS[match[2].removesuffix("B")])
    except AmbiguousNumberError as error:
        raise SettingError(f"--memory: {error}") from None
    except ValueError:
        pass
    raise SettingError(f"--memory is {text!r} but must be a number with a unit, such as 4GB or 500MB.")


def slide_size(path: Path, level: int) -> tuple[int, int]:
    """Height and width of a level of a slide in pixels.

    Raises:
        SourceError: the slide cannot be read.
        SettingError: it has no such level.
    """
    from wholefield.sources import open_image

    with open_image(path) as source:
        if not 0 <= level < len(source.levels):
            raise SettingError(
                f"{source.name} has levels 0 to {len(source.levels) - 1}; the setting level cannot be {level}."
            )
        return source.levels[level].height, source.levels[level].width


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    padded = [
        cell.ljust(width) if column < TEXTS else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return "  ".join(padded).rstrip()
