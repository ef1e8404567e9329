"""A file that turns out to be unreadable never replaces what is open: the window says why, and nothing else changes."""

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
import tifffile
from PySide6.QtCore import QSettings
from pytestqt.qtbot import QtBot

from wholefield.errors import SourceError
from wholefield.export.dat import write_dat
from wholefield.progress import ProgressCallback
from wholefield.sources import EVENT_DTYPE
from wholefield.sources.events.recording import Recording
from wholefield_app.document.document import Document
from wholefield_app.document.document_workspace import DocumentWorkspace
from wholefield_app.settings import Settings
from wholefield_app.viewer.events.rate_strip import Rate
from wholefield_app.window.main_window import MainWindow
from wholefield_app.workspaces.events import document as events_document
from wholefield_app.workspaces.events.opening import index_and_rate


def slide(path: Path) -> None:
    """A sound slide with a pyramid of one level."""
    pixels = np.random.default_rng(0).integers(0, 256, (300, 300, 3), np.uint8)
    tifffile.imwrite(path, pixels, tile=(128, 128), photometric="rgb", compression="zlib")


def damaged_slide(path: Path) -> None:
    """A slide that opens, but none of whose tiles can be decoded."""
    slide(path)
    with tifffile.TiffFile(path) as tiff:
        page = tiff.pages.first
        places = list(zip(page.dataoffsets, page.databytecounts, strict=True))
    content = bytearray(path.read_bytes())
    for offset, count in places:
        content[offset : offset + count] = b"\xee" * count
    path.write_bytes(content)


def stack(path: Path) -> None:
    """A sound stack."""
    tifffile.imwrite(path, np.zeros((5, 40, 30), np.uint16), photometric="minisblack")


def damaged_stack(path: Path) -> None:
    """A volume whose header is sound, and whose voxels cannot be inflated."""
    with h5py.File(path, "w") as file:
        voxels = np.random.default_rng(0).integers(0, 99, (8, 64, 64))
        data = file.create_dataset("data", data=voxels, chunks=(1, 64, 64), compression="gzip")
        places = [data.id.get_chunk_info(index) for index in range(data.id.get_num_chunks())]
    content = bytearray(path.read_bytes())
    for place in places:
        content[place.byte_offset : place.byte_offset + place.size] = b"\xee" * place.size
    path.write_bytes(content)


def recording(path: Path) -> None:
    """A sound recording."""
    events = np.zeros(500, EVENT_DTYPE)
    events["t"], events["x"], events["p"] = np.arange(500) * 100, np.arange(500) % 40, np.arange(500) % 2
    write_dat(path, [events], 40, 30)


def damaged_recording(path: Path) -> None:
    """A recording that ends after its header."""
    recording(path)
    path.write_bytes(b"% Data file containing CD events\n% Version 2\n\x00\x08")


def leica(path: Path) -> None:
    """A file of a format that is known and not read."""
    path.write_bytes(b"\x70\0\0\0\x10\0\0\0\x2a")


def empty(path: Path) -> None:
    """A file without content."""
    path.touch()


def cut_off(path: Path) -> None:
    """Half of a slide."""
    slide(path)
    path.write_bytes(path.read_bytes()[:1000])


def words(path: Path) -> None:
    """A file of no format."""
    path.write_text("nothing of all this")


Write = Callable[[Path], None]
SOUND: dict[str, tuple[str, Write]] = {
    "slides": ("sound.tif", slide),
    "stacks": ("sound_stack.tif", stack),
    "events": ("sound.dat", recording),
}
BAD: dict[str, Write] = {
    "bad.svs": damaged_slide,
    "bad.h5": damaged_stack,
    "bad.dat": damaged_recording,
    "bad.lif": leica,
    "empty.tif": empty,
    "cut.tif": cut_off,
    "words.bin": words,
}


def document(window: MainWindow) -> Document[object]:
    """What is open in the workspace in sight."""
    assert isinstance(window.workspace, DocumentWorkspace)
    return window.workspace.document


def open_sound(window: MainWindow, qtbot: QtBot, name: str, folder: Path) -> Path:
    """Open the sound file of a workspace."""
    file, write = SOUND[name]
    write(folder / file)
    window.open(folder / file)
    qtbot.waitUntil(lambda: window.is_in(name) and document(window).path == folder / file)
    qtbot.waitUntil(lambda: window.workspace.quiet)
    return folder / file


@pytest.mark.parametrize("name", SOUND)
def test_the_file_of_before_stays_open(
    window: MainWindow, qtbot: QtBot, store: QSettings, tmp_path: Path, name: str
) -> None:
    path, settings = open_sound(window, qtbot, name, tmp_path), Settings(store)
    for bad, write in BAD.items():
        write(tmp_path / bad)
        window.banner.hide()
        window.open(tmp_path / bad)
        qtbot.waitUntil(window.banner.isVisible)
        qtbot.waitUntil(lambda: window.workspace.quiet)
        assert bad in window.banner.sentence.text()
        assert document(window).path in (path, None), bad
        window.go_to(name)
        assert document(window).path == path
        assert settings.recent == (path,)
        assert settings.workspace_of(tmp_path / bad) == ""


def test_a_recording_that_cannot_be_indexed_gives_way_to_that_of_before(
    window: MainWindow, qtbot: QtBot, store: QSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = open_sound(window, qtbot, "events", tmp_path)

    def refuse(source: Recording, progress: ProgressCallback) -> Rate:
        if source.name == "late.dat":
            raise SourceError(f"{source.name} is damaged; copy it again.")
        return index_and_rate(source, progress)

    monkeypatch.setattr(events_document, "index_and_rate", refuse)
    recording(tmp_path / "late.dat")
    window.open(tmp_path / "late.dat")
    qtbot.waitUntil(window.banner.isVisible)
    qtbot.waitUntil(lambda: window.workspace.quiet and document(window).path == path)
    assert "late.dat is damaged" in window.banner.sentence.text()
    assert Settings(store).recent == (path,)
