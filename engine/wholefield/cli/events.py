"""`wholefield features` and `wholefield simulate`: what networks of flow are trained on, as files."""

import argparse
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

from wholefield.cli.exit_codes import OK
from wholefield.cli.options import number_option
from wholefield.cli.terminal import add_report_options, parts, reporting, show_result
from wholefield.errors import SettingError, SourceError
from wholefield.numbers import AmbiguousNumberError, real_of
from wholefield.tasks.reading import HELP


def add_features_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `wholefield features`."""
    parser.add_argument("recording", type=Path, help="Recording of an event camera.")
    parser.add_argument("out", type=Path, help="HDF5 file to write.")
    parser.add_argument("--reading", help=HELP.format(what="the recording is"))
    parser.add_argument("--preprocess", default="event_cube", help="Representation. Default: event_cube.")
    parser.add_argument(
        "--delta-t",
        type=number_option(int),
        default=50_000,
        help="Length of a time bin in us. Default: 50000.",
    )
    parser.add_argument(
        "--downsampling-factor",
        type=number_option(int),
        default=0,
        help="Squares of 2 ** factor px become one. Default: 0.",
    )
    parser.add_argument(
        "--argument",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="Argument of the representation, such as num_utbins=5; may be repeated.",
    )
    parser.add_argument("--uint8", action="store_true", help="Store values from 0 to 1 in steps of 1/255.")
    parser.add_argument("--replace", action="store_true", help="Replace the output if it exists.")
    add_report_options(parser)


def features(arguments: argparse.Namespace) -> int:
    """Write the feature file of a recording; progress goes to the error stream.

    Raises:
        SettingError: A setting is out of range, or the output exists.
        SourceError: The recording cannot be read, or the output not be written.
    """
    from wholefield.flow.features import write_features
    from wholefield.sources import open_indexed

    given = _values(arguments.argument)
    with (
        reporting(arguments) as report,
        open_indexed(
            arguments.recording, reading=arguments.reading, progress=parts(report, "Reading")
        ) as recording,
        _writing(arguments.out, arguments.replace),
    ):
        bins = write_features(
            arguments.out,
            recording,
            arguments.preprocess,
            arguments.delta_t,
            arguments.downsampling_factor,
            arguments.uint8,
            parts(report, "Writing time bins"),
            **given,
        )
    show_result(arguments, arguments.out, f"{arguments.out}: {bins} time bins")
    return OK


def add_simulate_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `wholefield simulate`: one for every setting of a scene."""
    from wholefield.flow.simulator.scene import SceneSettings

    parser.add_argument(
        "out", type=Path, help="Recording to write: NAME_td.dat or NAME.h5; labels go to NAME_flow.h5."
    )
    parser.add_argument(
        "--seed", type=number_option(int), default=0, help="Seed of the random numbers. Default: 0."
    )
    parser.add_argument(
        "--varied",
        action="store_true",
        help="Draw everything but the duration at random: sensor, scene, motion, contrast, noise.",
    )
    about = _abouts(SceneSettings.__doc__ or "")
    for field in fields(SceneSettings):
        parser.add_argument(
            f"--{field.name.replace('_', '-')}",
            type=number_option(type(field.default)),
            default=field.default,
            help=f"{about[field.name]} Default: {field.default}.",
        )
    parser.add_argument("--replace", action="store_true", help="Replace the output if it exists.")
    add_report_options(parser)


def simulate(arguments: argparse.Namespace) -> int:
    """Simulate a recording with exact flow; progress goes to the error stream.

    Raises:
        SettingError: A setting is out of range, or the output exists.
        SourceError: The output cannot be written.
    """
    from wholefield.flow.simulator import SceneSettings, varied_scene
    from wholefield.flow.simulator.files import write_simulation
    from wholefield.flow.simulator.variety import BIN_US

    settings = SceneSettings(
        **{field.name: getattr(arguments, field.name) for field in fields(SceneSettings)}
    )
    planes = None
    if arguments.varied:
        settings, planes = varied_scene(arguments.seed, max(settings.duration_us // BIN_US, 1))
    with reporting(arguments) as report, _writing(arguments.out, arguments.replace):
        written = write_simulation(
            arguments.out, settings, arguments.seed, parts(report, "Simulating"), planes
        )
    text = f"{written.recording}: {written.events} events; exact flow in {written.labels}"
    show_result(arguments, written.recording, text)
    return OK


def add_pretrain_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `wholefield pretrain-flow`."""
    from wholefield.tasks.events.pretraining.names import NETWORKS

    parser.add_argument("folder", type=Path, help="Folder of the checkpoints; those in it are continued.")
    parser.add_argument(
        "--network",
        action="append",
        choices=list(NETWORKS),
        help="Network to train; may be repeated, they share the scenes. Default: fast.",
    )
    parser.add_argument(
        "--minutes", type=number_option(float), default=60.0, help="How long to train. Default: 60."
    )
    parser.add_argument(
        "--seed", type=number_option(int), default=0, help="Seed of the scenes and first weights. Default: 0."
    )


def pretrain(arguments: argparse.Namespace) -> int:
    """Train flow networks on simulated scenes that are made meanwhile; a line of JSON tells of every checkpoint.

    Raises:
        SettingError: A checkpoint in the folder is of another network.
        SourceError: A checkpoint cannot be written.
    """
    from wholefield.tasks.events.pretraining.train import pretrain

    try:
        pretrain(arguments.folder, tuple(arguments.network or ("fast",)), arguments.minutes, arguments.seed)
    except OSError as error:
        raise SourceError(f"{arguments.folder} cannot be written: {error}.") from error
    return OK


def _values(pairs: Sequence[str]) -> dict[str, Any]:
    """NAME=VALUE as keyword arguments; values are JSON."""
    values = {}
    for pair in pairs:
        name, _, text = pair.partition("=")
        try:
            values[name] = _value(text)
        except AmbiguousNumberError as error:
            raise SettingError(f"--argument {name}: {error}") from None
        except ValueError:
            raise SettingError(
                f"--argument is {pair!r} but must be NAME=VALUE, such as num_utbins=5."
            ) from None
    return values


def _value(text: str) -> Any:
    """A value as JSON has it, or a number as people type it."""
    try:
        return json.loads(text)
    except ValueError:
        return real_of(text)


def _abouts(text: str) -> dict[str, str]:
    """The sentence about every attribute from the docstring of a class, for the help."""
    lines = [line.strip() for line in text.split("Attributes:")[-1].splitlines() if line.strip()]
    return {name: about.replace("%", "%%") for name, _, about in (line.partition(": ") for line in lines)}


@contextmanager
def _writing(out: Path, replace: bool) -> Iterator[None]:
    """Guard an output that exists, and tell in a sentence why it cannot be written."""
    if out.exists() and not replace:
        raise SettingError(f"{out} exists; choose another name or pass --replace.")
    try:
        yield
    except OSError as error:
        raise SourceError(f"{out} cannot be written ({error}); choose another folder.") from error
