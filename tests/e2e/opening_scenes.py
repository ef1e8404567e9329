"""Scenes of opening files: each dialog that asks how a file is read, properties, warnings, and times."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import h5py
import numpy as np
import tifffile
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian
from PySide6.QtWidgets import QComboBox, QLineEdit, QWidget

from tests.e2e.light import Wait
from tests.there import a, there
from wholefield_app.opening.dialog import ReadingDialog
from wholefield_app.panels.properties import Properties
from wholefield_app.window.main_window import MainWindow

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
SLIDE = DATA / "slides" / "CMU-1-Small-Region.svs"
TILTED = DATA / "stacks" / "dicom_head_ge"
TIMES, DEPTH, SIDE = 8, 24, 160

Scene = Callable[[MainWindow, Wait], QWidget | None]
"""Brings a window to the point of a picture; returns the dialog over it, or None."""
D = TypeVar("D", bound=QWidget)


def text_of_events(window: MainWindow, wait: Wait) -> QWidget:
    """A text whose unit of time is open."""
    return asked(window, wait, "events", write_text(Path("spinner.csv")))


def refused_text(window: MainWindow, wait: Wait) -> QWidget:
    """The same, with an order of columns that does not fit."""
    dialog = asked(window, wait, "events", write_text(Path("spinner.csv")))
    columns = a(QComboBox, dialog.fields.fields["columns"])
    columns.setCurrentIndex(columns.findData("x,y,p,t"))
    wait(lambda: not dialog.busy)
    return dialog


def volumes_of_a_file(window: MainWindow, wait: Wait) -> QWidget:
    """HDF5 with several volumes."""
    path = Path("beamline.h5")
    with h5py.File(path, "w") as file:
        file["entry/data/data"] = beads(0)
        file["entry/data/flat"] = np.full((4, SIDE, SIDE), 900, np.uint16)
        file["entry/reconstruction/absorption"] = beads(3).astype(np.float32)
    return asked(window, wait, "stacks", path)


def series_of_a_folder(window: MainWindow, wait: Wait) -> QWidget:
    """A folder with a scout beside the scan."""
    folder = Path("ct_abdomen")
    folder.mkdir()
    scan = [(index, plane, "Axial 2.0", (1, 0, 0, 0, 1, 0)) for index, plane in enumerate(beads(0))]
    scout = (99, beads(0)[:, SIDE // 2].repeat(4, 0), "Scout", (1, 0, 0, 0, 0, -1))
    for number, pixels, series, orientation in (*scan, scout):
        meta = FileMetaDataset()
        meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = ExplicitVRLittleEndian, CTImageStorage
        meta.MediaStorageSOPInstanceUID = f"1.2.826.{number + 1}"
        data = FileDataset(str(number), {}, file_meta=meta, preamble=b"\0" * 128)
        data.SOPClassUID, data.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
        data.SeriesInstanceUID, data.SeriesDescription, data.Modality = f"1.2.{len(series)}", series, "CT"
        data.Rows, data.Columns = pixels.shape
        data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 16, 15, 0
        data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
        data.PixelSpacing, data.ImageOrientationPatient = [0.8, 0.8], list(orientation)
        data.ImagePositionPatient, data.InstanceNumber = [0, 0, 2.0 * number], number + 1
        data.PixelData = pixels.astype("<u2").tobytes()
        data.save_as(folder / f"{number:03}.dcm", enforce_file_format=True)
    return asked(window, wait, "stacks", folder)


def bare_numbers(window: MainWindow, wait: Wait) -> QWidget:
    """A volume without a header."""
    path = Path("scan.raw")
    path.write_bytes(beads(1).tobytes())
    dialog = asked(window, wait, "stacks", path)
    fill(dialog, "type", "uint16")
    fill(dialog, "size", f"{SIDE},{SIDE},{DEPTH}")
    wait(lambda: not dialog.busy)
    return dialog


def another_kind(window: MainWindow, wait: Wait) -> QWidget:
    """A slide that is opened as what it is not."""
    window.go_to("events")
    window.workspace.ask_to_open_as(SLIDE)
    dialog = found(window, wait, ReadingDialog)
    wait(lambda: not dialog.busy)
    return dialog


def film(window: MainWindow, wait: Wait) -> None:
    """A stack of several times."""
    path = Path("calcium.tif")
    tifffile.imwrite(
        path, np.stack([beads(time) for time in range(TIMES)]), imagej=True, metadata={"axes": "TZYX"}
    )
    opened(window, wait, path)
    window.registry["stacks.next_time"].trigger()


def label_and_macro(window: MainWindow, wait: Wait) -> QWidget:
    """The properties of a slide, with its label and its macro image."""
    opened(window, wait, SLIDE)
    window.registry["slides.properties"].trigger()
    dialog = found(window, wait, Properties)
    wait(dialog.pictures.isVisible)
    return dialog


def missing_spacing(window: MainWindow, wait: Wait) -> QWidget:
    """The properties of a stack that has no spacing."""
    path = Path("volume.npy")
    np.save(path, beads(2))
    opened(window, wait, path)
    window.registry["stacks.properties"].trigger()
    return found(window, wait, Properties)


def warnings_of_a_file(window: MainWindow, wait: Wait) -> None:
    """A scan with a tilted gantry and uneven slices."""
    opened(window, wait, TILTED)


OPENING_SCENES: dict[str, Scene] = {
    "ask_text": text_of_events,
    "ask_text_refused": refused_text,
    "ask_volumes": volumes_of_a_file,
    "ask_series": series_of_a_folder,
    "ask_raw": bare_numbers,
    "ask_kind": another_kind,
    "times": film,
    "properties_slide": label_and_macro,
    "properties_spacing": missing_spacing,
    "warnings": warnings_of_a_file,
}


def write_text(path: Path) -> Path:
    """Events of a turning bar, whose unit of time is not told: time, x, y, polarity."""
    random = np.random.default_rng(0)
    times = np.sort(random.integers(0, 2000, 20_000))
    angle, radius = times / 300 + np.pi * random.integers(0, 2, times.size), random.uniform(5, 60, times.size)
    x, y = 80 + radius * np.cos(angle), 64 + radius * np.sin(angle)
    rows = np.stack([times, x, y, random.integers(0, 2, times.size)], 1).astype(np.int64)
    path.write_text("".join(f"{t},{x},{y},{p}\n" for t, x, y, p in rows))
    return path


def beads(time: int) -> np.ndarray:
    """A volume (z, y, x) of bright beads, which drift with time."""
    random = np.random.default_rng(7)
    z, y, x = np.mgrid[:DEPTH, :SIDE, :SIDE]
    values = np.full((DEPTH, SIDE, SIDE), 200.0)
    for center in random.uniform((0, 0, 0), (DEPTH, SIDE, SIDE), (60, 3)):
        place = center + np.array((0, 2 * time, time))
        distance = ((z - place[0]) / 2.5) ** 2 + ((y - place[1]) / 6) ** 2 + ((x - place[2]) / 6) ** 2
        values += 1500 * np.exp(-distance)
    return (values + random.normal(0, 20, values.shape)).clip(0, 4095).astype(np.uint16)


def opened(window: MainWindow, wait: Wait, path: Path) -> None:
    """Open a file and wait until all of it is drawn."""
    window.open(path)
    wait(lambda: window.quiet and window.workspace.title == path.name)


def asked(window: MainWindow, wait: Wait, workspace: str, path: Path) -> ReadingDialog:
    """Open a file that has to be asked about, and wait for the dialog with its preview."""
    window.go_to(workspace)
    window.open(path)
    dialog = found(window, wait, ReadingDialog)
    wait(lambda: not dialog.busy)
    return dialog


def found(window: MainWindow, wait: Wait, kind: type[D]) -> D:
    """Wait for a dialog."""
    wait(lambda: window.findChild(kind) is not None)
    return there(window.findChild(kind))


def fill(dialog: ReadingDialog, name: str, value: str) -> None:
    """Give an answer."""
    field = dialog.fields.fields[name]
    if isinstance(field, QLineEdit):
        field.setText(value)
        field.textEdited.emit(value)
    elif (row := field.findData(value)) >= 0:
        field.setCurrentIndex(row)
    else:
        field.setEditText(value)
