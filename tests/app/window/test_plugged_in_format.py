"""A package that is installed beside ours adds a format by an entry point: scripts, command line and window open it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

READER = '''
"""VOL volumes: a line with the shape, then bytes."""

import numpy as np

from wholefield.errors import SourceError
from wholefield.sources import Answer, Format, Kind, Question
from wholefield.sources.signatures import begins
from wholefield.sources.stacks.axes import AxisOrder
from wholefield.sources.stacks.raw_volume import Part, RawLayout, RawVolume
from wholefield.sources.stacks.stack import StackDescription


def open_vol(path, reading):
    reading.only(path, "half")
    line = path.read_bytes().splitlines(keepends=True)[0]
    shape = tuple(int(word) for word in line.split()[1:])
    if reading.get("half") == "second":
        raise SourceError(f"{path} has no second half.")
    layout = RawLayout((Part(path, len(line)),), AxisOrder("zyx", shape), np.dtype(np.uint8))
    return RawVolume(path, StackDescription("VOL", shape, 1, np.dtype(np.uint8)), layout)


def ask(path, reading):
    return (Question("half", "Half of the volume", (Answer("first"), Answer("second"))),)


VOL = Format(
    "VOL", Kind.STACK, (".vol",), begins(b"VOL "), "foreign_package.vol:open_vol", "foreign_package.vol:ask"
)
'''
SCRIPT = """
import sys
from pathlib import Path
from PySide6.QtCore import QSettings
from wholefield.cli import main
from wholefield.errors import SourceError
from wholefield.sources import Kind, dialog_filter, kind_of, open_source
from wholefield_app.launch import make_application, make_window

path, broken, store = map(Path, sys.argv[1:])
assert kind_of(path) is Kind.STACK
assert "*.vol" in dialog_filter(Kind.STACK)
with open_source(path) as source:
    assert source.read().sum() == sum(range(24))
assert main(["info", str(path)]) == 0
assert main(["info", str(path), "--reading", "half=second"]) == 1
try:
    open_source(broken)
except SourceError as error:
    print(error)
application = make_application()
window = make_window(application, None, QSettings(str(store), QSettings.Format.IniFormat))
window.show()
window.open(path)
while not (window.is_in("stacks") and window.workspace.document.path == path and window.workspace.quiet):
    application.processEvents()
print("in the window:", window.workspace.title)
window.close()
"""


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder of installed packages with the one that adds the format."""
    package, metadata = (
        tmp_path / "site" / "foreign_package",
        tmp_path / "site" / "foreign_package-1.0.dist-info",
    )
    package.mkdir(parents=True)
    metadata.mkdir()
    (package / "__init__.py").touch()
    (package / "vol.py").write_text(READER)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: foreign-package\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(
        "[wholefield.formats]\nvol = foreign_package.vol:VOL\nlost = foreign_package.vol:LOST\n"
    )
    return tmp_path / "site"


def test_scripts_command_line_and_window_open_it(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "scan.vol").write_bytes(b"VOL 2 3 4\n" + bytes(range(24)))
    (tmp_path / "broken.vol").write_bytes(b"VOL two\n")
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            SCRIPT,
            *(str(tmp_path / name) for name in ("scan.vol", "broken.vol", "a.ini")),
        ],
        env={**os.environ, "PYTHONPATH": f"{installed}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "stack (VOL)" in done.stdout
    assert "half=second" in done.stdout
    assert "scan.vol has no second half" in done.stderr
    assert "the reader of VOL failed, which another package adds (ValueError: " in done.stdout
    assert "in the window: scan.vol" in done.stdout
    assert "The formats of foreign_package.vol:LOST cannot be loaded" in done.stderr
