"""The commands themselves."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from wholefield.cli import completion, convert, doctor, events, flow, objects, runs, stacks, tissue
from wholefield.cli.batch import add_batch_options, run_many
from wholefield.cli.exit_codes import DISCARDED, FAILED, MISUSED, OK
from wholefield.cli.info import describe_file
from wholefield.cli.inspect import add_arguments, inspect
from wholefield.cli.options import Parser, add_settings, settings_from
from wholefield.cli.running import add_run_options, run, start
from wholefield.cli.terminal import JSON, JsonLines
from wholefield.errors import SettingError, WholefieldError
from wholefield.runs.folder import RunFolder
from wholefield.runs.reports import Failed
from wholefield.tasks.batch.jobs import input_of, is_batch
from wholefield.tasks.reading import HELP
from wholefield.tasks.registry import Task, find_task, load_settings, settings_of, tasks

Action = Callable[[argparse.Namespace], int]


@dataclass(frozen=True)
class Command:
    """One word after `wholefield`.

    Attributes:
        text: what it does, for the help.
        prepare: adds its arguments to its parser.
        act: does it and gives the exit code.
    """

    text: str
    prepare: Callable[[argparse.ArgumentParser], None]
    act: Action


def main(argv: Sequence[str] | None = None, commands: Mapping[str, Command] | None = None) -> int:
    """Run a command; returns one of `wholefield.cli.exit_codes`, after an error told in one sentence.

    Args:
        argv: The words behind `wholefield`; those of the process when None.
        commands: What can be run; `COMMANDS` when None.
    """
    words = sys.argv[1:] if argv is None else argv
    known = COMMANDS if commands is None else commands
    if completion.asked():
        completion.complete(_parser(known, completion.words_before()))
    try:
        arguments = _parser(known, words).parse_args(words)
        return known[arguments.command].act(arguments)
    except WholefieldError as error:
        if any(word.startswith(JSON) for word in words):
            JsonLines(pictures=False)(Failed(str(error)))
        else:
            print(f"error: {error}", file=sys.stderr)
        return MISUSED if isinstance(error, SettingError) else FAILED
    except KeyboardInterrupt:
        return DISCARDED
    except SystemExit as end:
        # argparse leaves this way after printing help.
        return int(end.code or 0)


def _parser(commands: Mapping[str, Command], given: Sequence[str]) -> Parser:
    """Only the command that is given declares its options: for some that imports a lot."""
    parser = Parser(prog="wholefield", description="Exact deep learning on images that do not fit in memory.")
    words = parser.add_subparsers(dest="command", required=True, metavar="command")
    for word, command in commands.items():
        child = words.add_parser(word, help=command.text, description=command.text)
        if word in given[:1]:
            command.prepare(child)
    return parser


def _prepare_train(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config", type=Path, help="Settings as a JSON file instead of a task and its options."
    )
    parser.add_argument(
        "--resume", type=Path, metavar="FOLDER", help="Run folder to continue, with the settings it holds."
    )
    add_run_options(parser)
    words = parser.add_subparsers(dest="task", metavar="task")
    for task in tasks().values():
        if task.trains:
            text = _text_of(task)
            child = words.add_parser(task.name, help=text, description=text)
            add_settings(child, task.settings)
            add_run_options(child)


def _train(arguments: argparse.Namespace) -> int:
    given = [name for name in ("task", "config", "resume") if getattr(arguments, name) is not None]
    if len(given) != 1:
        raise SettingError(
            "Give either a task with its options, or --config, or --resume; see wholefield train --help."
        )
    if arguments.resume is not None:
        return run(settings_of(RunFolder(arguments.resume)), arguments.resume, arguments)
    if arguments.config is not None:
        return start(load_settings(arguments.config), arguments)
    return start(settings_from(arguments, find_task(arguments.task).settings), arguments)


def _text_of(task: Task) -> str:
    return (task.settings.__doc__ or task.title).splitlines()[0]


def _command_of(task: Task) -> Command:
    """The command of a task that trains nothing; it takes one file or many."""
    name = input_of(task)

    def prepare(parser: argparse.ArgumentParser) -> None:
        add_settings(parser, task.settings, many=bool(name))
        add_run_options(parser)
        if name:
            add_batch_options(parser)

    def act(arguments: argparse.Namespace) -> int:
        paths = [Path(text) for text in getattr(arguments, name)] if name else []
        if paths:
            setattr(arguments, name, str(paths[0]))
        settings = settings_from(arguments, task.settings)
        return run_many(settings, paths, arguments) if is_batch(task, paths) else start(settings, arguments)

    return Command(_text_of(task), prepare, act)


def _prepare_info(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", type=Path, nargs="+", help="Slide, picture, stack, recording or checkpoint to describe."
    )
    parser.add_argument("--reading", help=HELP.format(what="each file is"))


def _info(arguments: argparse.Namespace) -> int:
    for file in arguments.file:
        for name, value in describe_file(file, arguments.reading):
            print(f"{name + ':' if name else '':<16} {value}")
    return OK


def _prepare_msd(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "arguments",
        nargs=argparse.REMAINDER,
        metavar="regression|segmentation ...",
        help="What to train, with its options; wholefield msd regression --help lists them.",
    )


def _msd(arguments: argparse.Namespace) -> int:
    # The commands of mixed-scale dense networks parse their own options, so that only they load torch. They are named,
    # not imported: nothing of the program needs the documented names of other packages.
    train_msd: Callable[[Sequence[str]], int] = import_module("wholefield.compat.msd_pytorch.main").main
    return train_msd(arguments.arguments or ["--help"])


COMMANDS: Mapping[str, Command] = {
    "train": Command("Train a model.", _prepare_train, _train),
    **{task.settings.command[0]: _command_of(task) for task in tasks().values() if not task.trains},
    "export-stack": Command(
        "Write a stack as TIFF, NIfTI or OME-Zarr.", stacks.add_export_arguments, stacks.export
    ),
    "objects": Command(
        "Find, measure and write the objects of a map of any size.", objects.add_arguments, objects.objects
    ),
    "score": Command(
        "Compare the flow of a recording with zero flow and the best single translation.",
        flow.add_score_arguments,
        flow.score,
    ),
    "export-flow": Command(
        "Write the flow of a recording to files of any format.",
        flow.add_export_arguments,
        flow.export,
    ),
    "export-events": Command(
        "Cut, filter and convert recordings: write their events in another format.",
        flow.add_events_arguments,
        flow.export_recording,
    ),
    "info": Command("Describe files.", _prepare_info, _info),
    "convert": Command(
        "Write a recording as HDF5 that needs no plugin.", convert.add_arguments, convert.convert
    ),
    "features": Command(
        "Write the features that a network sees of a recording to an HDF5 file.",
        events.add_features_arguments,
        events.features,
    ),
    "simulate": Command(
        "Simulate a recording with exact optical flow.", events.add_simulate_arguments, events.simulate
    ),
    "pretrain-flow": Command(
        "Train flow networks for any recording, on simulated scenes made meanwhile.",
        events.add_pretrain_arguments,
        events.pretrain,
    ),
    "tissue": Command(
        "Write where a slide shows tissue, as a mask or as outlines.", tissue.add_arguments, tissue.tissue
    ),
    "inspect": Command(
        "Show tiles, layers and memory of a network streamed over an image.", add_arguments, inspect
    ),
    "runs": Command("List, compare and export earlier runs.", runs.add_arguments, runs.runs),
    "repeat": Command("Do an earlier run once more.", runs.add_repeat_arguments, runs.repeat),
    "doctor": Command(
        "Show what is installed and what the machine has, and how to get what is missing.",
        doctor.add_arguments,
        doctor.doctor,
    ),
    "completion": Command(
        "Print the script that completes commands and options in a shell.",
        completion.add_arguments,
        completion.completion,
    ),
    "msd": Command("Train mixed-scale dense networks on stacks of images.", _prepare_msd, _msd),
}
