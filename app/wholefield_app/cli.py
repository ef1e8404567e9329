"""The command line: what the engine does, and the videos that only the painter of the window can make."""

import argparse
import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from wholefield.cli import COMMANDS as ENGINE_COMMANDS
from wholefield.cli.commands import Command
from wholefield.cli.exit_codes import DISCARDED, OK
from wholefield.cli.options import add_settings, settings_from
from wholefield.cli.terminal import add_report_options, interruptible, reporting, show_result
from wholefield.errors import SettingError
from wholefield.runs.control import Control, RunCancelled

if TYPE_CHECKING:
    from PySide6.QtGui import QGuiApplication


def _prepare_video(parser: argparse.ArgumentParser) -> None:
    from wholefield_app.video.settings import VideoSettings

    add_settings(parser, VideoSettings)
    parser.add_argument("--replace", action="store_true", help="Replace the output if it exists.")
    add_report_options(parser)


def _video(arguments: argparse.Namespace) -> int:
    """Write a video; an interrupted one leaves a playable file of what was made."""
    from wholefield_app.video.settings import VideoSettings
    from wholefield_app.video.write import export_video, target_of

    config = settings_from(arguments, VideoSettings)
    config.validate()
    target = target_of(config)
    if target.exists() and not arguments.replace:
        raise SettingError(f"{target} exists; choose another name or pass --replace.")
    _application = _fonts()
    control = Control()
    try:
        with interruptible(control), reporting(arguments) as report:
            found = export_video(config, report, control)
    except RunCancelled:
        return DISCARDED
    show_result(arguments, found.path)
    return OK


def _fonts() -> "QGuiApplication":
    """The application, without which text cannot be painted; on Linux it needs no display."""
    from PySide6.QtGui import QGuiApplication

    if sys.platform.startswith("linux"):
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    running = QGuiApplication.instance()
    return running if isinstance(running, QGuiApplication) else QGuiApplication(["wholefield"])


COMMANDS: Mapping[str, Command] = {
    **ENGINE_COMMANDS,
    "video": Command("Write a recording, with its flow, as a video.", _prepare_video, _video),
}
