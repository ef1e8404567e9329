"""`wholefield score`, `export-flow` and `export-events`: evaluate flow, and write it or the events to files."""

import argparse
import json
import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from wholefield.cli import exporting
from wholefield.cli.options import add_settings, settings_from
from wholefield.cli.terminal import reporting
from wholefield.runs.control import Control
from wholefield.tasks.events.events_export_settings import EventsExportSettings
from wholefield.tasks.events.export_settings import FlowExportSettings
from wholefield.tasks.events.score_settings import ScoreSettings

if TYPE_CHECKING:
    from wholefield.flow.scores.scorecard import ScoreCard


def add_score_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `wholefield score`."""
    add_settings(parser, ScoreSettings)
    parser.add_argument("--json", action="store_true", help="Print JSON instead of a table.")


def score(arguments: argparse.Namespace) -> int:
    """Print the score card; progress goes to the error stream.

    Raises:
        WholefieldError: A setting is out of range, something cannot be read, or there is no flow in the window.
    """
    from wholefield.tasks.events.judging import judge

    settings = settings_from(arguments, ScoreSettings)
    settings.validate()
    with reporting(argparse.Namespace()) as report:
        if settings.recording is None:
            from wholefield.tasks.events.benchmark import score_benchmark

            found = score_benchmark(settings, report, Control())
            print(json.dumps(_finite(asdict(found)), indent=2) if arguments.json else found.text())
            return 0
        card = judge(settings, report, Control())
    print(json.dumps(as_json(card), indent=2) if arguments.json else card.text())
    return 0


def as_json(card: "ScoreCard") -> dict[str, Any]:
    """A score card as values that JSON has; what is infinite, such as an error over that of no motion, is null."""
    values = asdict(card) | {"enough_motion": card.enough_motion}
    found: dict[str, Any] = _finite(values)
    return found


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def add_export_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `wholefield export-flow`."""
    exporting.add_export_arguments(parser, FlowExportSettings)


def export(arguments: argparse.Namespace) -> int:
    """Write the flow; if interrupted, complete files are kept.

    Raises:
        WholefieldError: A setting is out of range, or something cannot be read or written.
    """
    from wholefield.tasks.events.export import export_flow

    return exporting.export_by(arguments, FlowExportSettings, export_flow)


def add_events_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `wholefield export-events`."""
    exporting.add_export_arguments(parser, EventsExportSettings)


def export_recording(arguments: argparse.Namespace) -> int:
    """Write the events; if interrupted, the files of a folder that are complete are kept.

    Raises:
        WholefieldError: A setting is out of range, or something cannot be read or written.
    """
    from wholefield.tasks.events.events_export import export_events

    return exporting.export_by(arguments, EventsExportSettings, export_events)
