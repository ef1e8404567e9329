"""Sound files of the rarer formats, written by the generators of the tests of their readers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import zarr
from PIL import Image

from tests.engine.sources.events.formats.aedat4_files import events_packet, write_aedat4
from tests.engine.sources.events.formats.test_aedat3 import packet, polarity_pairs, write_aedat3
from tests.engine.sources.events.formats.test_event_stream import DVS, body, header
from tests.engine.sources.events.formats.test_jaer import davis_address, write_jaer
from tests.engine.sources.events.formats.test_nmnist import random_rows, written
from tests.engine.sources.events.formats.test_rosbag import ARRAY, array_message, store_of, write_bag
from tests.engine.sources.events.writers import random_events
from tests.engine.sources.slides.dicom.dicom_files import tiles_of, write_segmentation, write_slide
from tests.engine.sources.stacks.test_xradia import xradia
from tests.engine.sources.stacks.volumes import volume

Write = Callable[[Path], Path]
DAVIS240 = (240, 180)


def _picture(name: str, **options: Any) -> Write:
    def write(folder: Path) -> Path:
        y, x = np.mgrid[:60, :80]
        pixels = np.stack([x * 3 % 251, y * 2 % 251, (x + y) % 251], axis=-1).astype(np.uint8)
        Image.fromarray(pixels).save(folder / name, **options)
        return folder / name

    return write


def _dicom_slide(folder: Path) -> Path:
    pixels = np.random.default_rng(2).integers(0, 256, (40, 50, 3), np.uint8)
    return write_slide(folder / "slide.dcm", tiles_of(pixels, 16), (40, 50))


def _dicom_segmentation(folder: Path) -> Path:
    tile = np.zeros((16, 16), np.uint8)
    tile[3:9, 4:12] = 1
    return write_segmentation(folder / "labels.dcm", [(1, 0, 0, tile), (1, 1, 1, tile)], (32, 32), ("tumor",))


def _plain_zarr(folder: Path) -> Path:
    array = zarr.create_array(folder / "plain.zarr", shape=(4, 5, 6), chunks=(2, 3, 3), dtype="i2")
    array[:] = volume()
    return folder / "plain.zarr"


def _analyze(folder: Path) -> Path:
    nibabel.AnalyzeImage(volume().T, np.eye(4)).to_filename(folder / "scan.img")
    return folder / "scan.hdr"


def _array(folder: Path) -> Path:
    np.save(folder / "scan.npy", volume())
    return folder / "scan.npy"


def _arrays(folder: Path) -> Path:
    np.savez_compressed(folder / "scan.npz", scan=volume())
    return folder / "scan.npz"


def _xradia(folder: Path) -> Path:
    return xradia(folder / "scan.txrm", volume(3, 8, 9, dtype="u2"))


def _event_array(folder: Path) -> Path:
    events = random_events(300, 50_000)
    np.save(folder / "events.npy", np.stack([events[name].astype("i8") for name in "txyp"], axis=1))
    return folder / "events.npy"


def _aedat4(folder: Path) -> Path:
    streams: dict[int, tuple[str, tuple[int, int] | None]] = {0: ("EVTS", (640, 480))}
    packets = [(0, events_packet(part)) for part in np.array_split(random_events(300, 50_000), 3)]
    return write_aedat4(folder / "events.aedat4", packets, streams, compression=1)


def _aedat3(folder: Path) -> Path:
    return write_aedat3(folder / "events.aedat", [packet(1, polarity_pairs(random_events(300, 50_000)))])


def _jaer(folder: Path) -> Path:
    rows = random_rows(3, 300, 180, 50_000)
    return write_jaer(folder / "events.aedat", [(davis_address(x, y, p, DAVIS240), t) for x, y, p, t in rows])


def _event_stream(folder: Path) -> Path:
    (folder / "events.es").write_bytes(header(DVS) + body(DVS, random_events(300, 50_000).tolist(), []))
    return folder / "events.es"


def _nmnist(folder: Path) -> Path:
    (folder / "digit.bin").write_bytes(written(random_rows(3, 300, 34, 300_000)))
    return folder / "digit.bin"


def _moved(inside: Path, folder: Path) -> list[str]:
    names = [each.name for each in inside.iterdir()]
    if inside != folder:
        for name in names:
            (inside / name).rename(folder / name)
    return names


def _bag(form: str) -> Write:
    def write(folder: Path) -> Path:
        store = store_of(1 if form == "bag" else 2)
        parts = np.array_split(random_events(200, 50_000), 2)
        messages = [("/events", ARRAY, array_message(store, part)) for part in parts]
        bag = write_bag(folder, form, messages, store)
        # A bag of ROS 2 is a folder with a description; both lie where the other files do.
        return next(
            path for path in map(folder.joinpath, _moved(bag.parent, folder)) if path.name == bag.name
        )

    return write


RARE: dict[str, Write] = {
    "bmp": _picture("picture.bmp"),
    "gif": _picture("picture.gif"),
    "webp": _picture("picture.webp", lossless=True),
    "jpeg-2000": _picture("picture.jp2"),
    "dicom-slide": _dicom_slide,
    "dicom-segmentation": _dicom_segmentation,
    "zarr": _plain_zarr,
    "analyze": _analyze,
    "npy": _array,
    "npz": _arrays,
    "xradia": _xradia,
    "event-npy": _event_array,
    "aedat4": _aedat4,
    "aedat3": _aedat3,
    "jaer": _jaer,
    "event-stream": _event_stream,
    "nmnist": _nmnist,
    **{f"bag-{form}": _bag(form) for form in ("bag", "sqlite3", "mcap")},
}
