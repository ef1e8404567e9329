"""jAER's recordings, AEDAT 1.0 and 2.0: big-endian pairs of an address and a time in us, behind lines of `#`.

What an address means depends on the chip. DVS128 (bits of the low 16): 15 external, y 14:8, x 7:1, bit 0 is 1 for
OFF. DAVIS: bit 31 is 1 for a sample of the picture or, with 11 and 10 set too, of the IMU (seven in a row are one);
otherwise bit 10 is 1 for a special event, and y 30:22, x 21:12, polarity 11. jAER mirrors x and counts y from the
bottom, and v2e writes for that: both are turned here, so that pictures stand as jAER shows them.

Addresses of version 1.0 have 16 bits, those of 2.0 have 32. The clock has 32 bits and starts again after 71.6 min.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
import numpy.typing as npt

from wholefield.errors import SourceError
from wholefield.sources.choices import Answer, Question, Reading, UnclearFileError
from wholefield.sources.events.clock_repair import ClockRepair
from wholefield.sources.events.codec import UNKNOWN, unwrapped
from wholefield.sources.events.columns.decision import stated_size
from wholefield.sources.events.event_words import WordFile
from wholefield.sources.events.formats.aedat_lines import AedatLines, camera_size, read_lines
from wholefield.sources.events.formats.gathering import Gathering
from wholefield.sources.events.table import TableRecording
from wholefield.sources.events.time_word import Integers, TimeWord

Addresses = npt.NDArray[np.uint64]

TIME = TimeWord(type_shift=0, type_mask=0, kind=0, shift=0, bits=32, unit=1, tolerance=1 << 14)
BATCH = 1 << 20
DVS128_SIZE = (128, 128)
SIZES = ("240,180", "346,260", "640,480")
IMU_BITS, IMU_WORDS = 0x80000C00, 7
FALLING = 2


class Chip(StrEnum):
    """How addresses are laid out."""

    DVS128 = "dvs128"
    DAVIS = "davis"


@dataclass(frozen=True)
class _Camera:
    chip: Chip
    size: tuple[int, int]
    warnings: tuple[str, ...] = ()


def open_jaer(path: Path, reading: Reading | None = None) -> TableRecording:
    """Open a recording of jAER; its events are unpacked into a temporary file.

    Args:
        path: The file.
        reading: May answer `encoding` ("dvs128" or "davis") and `size` where the header does not name the chip.

    Raises:
        UnclearFileError: Neither the header nor the addresses say which camera it was.
        SourceError: It holds no events.
    """
    reading = (reading or Reading()).only(path, "encoding", "size")
    lines = read_lines(path)
    pair = np.dtype([("address", ">u2" if lines.version.startswith("1") else ">u4"), ("time", ">u4")])
    words = _Pairs(WordFile(path, lines.size, pair))
    try:
        camera = _camera(path, lines, reading, words)
        with Gathering(path, camera.size) as gathering:
            counts = _unpack(words, camera, gathering)
            warnings = [*camera.warnings, *words.told(), *_left_out(counts)]
            metadata = {
                line.partition(":")[0].strip(): line.partition(":")[2].strip() for line in lines.lines[1:]
            }
            metadata = {key: value for key, value in metadata.items() if key and value and len(value) < 200}
            metadata |= {"camera": camera.chip.upper(), "orientation": "as jAER shows it, y from the top"}
            metadata |= {
                "IMU samples": str(counts["imu"] // IMU_WORDS),
                "picture samples": str(counts["aps"]),
            }
            return gathering.recording(f"jAER AEDAT {lines.version}", metadata, warnings)
    finally:
        words.close()


class _Pairs:
    """Pairs as words of 64 bits, address << 32 | time, with damaged times repaired."""

    def __init__(self, file: WordFile) -> None:
        self._file = file
        self._repair = ClockRepair(TIME, len(file), self._raw)

    def __len__(self) -> int:
        return len(self._file)

    def read(self, begin: int, end: int) -> Addresses:
        """The words [begin, end)."""
        return self._repair.apply(self._raw(begin, end), begin).astype(np.uint64)

    def batches(self) -> Iterator[Addresses]:
        """All of them, some at a time."""
        return (self.read(begin, begin + BATCH) for begin in range(0, len(self), BATCH))

    def told(self) -> tuple[str, ...]:
        """Sentences about damage."""
        rest = self._file.rest
        cut = (f"It ends in the middle of an event; its last {rest} bytes are left out.",) if rest else ()
        return (*self._repair.told(), *cut)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _raw(self, begin: int, end: int) -> Addresses:
        pairs: npt.NDArray[np.void] = self._file.read(begin, end)  # type: ignore[assignment]
        return pairs["address"].astype(np.uint64) << np.uint64(32) | pairs["time"].astype(np.uint64)


def _camera(path: Path, lines: AedatLines, reading: Reading, words: _Pairs) -> _Camera:
    """Which camera it was: what is answered, what the header says, or what the addresses can only be."""
    name = _camera_name(lines)
    if "encoding" in reading:
        return _answered(path, reading)
    if "dvs128" in name.lower():
        return _Camera(Chip.DVS128, DVS128_SIZE)
    size = stated_size(path, reading) or camera_size(name)
    if size is not None:
        return _Camera(Chip.DAVIS, size)
    if not name and len(words) and all(not (batch >> np.uint64(48)).any() for batch in words.batches()):
        told = "The camera is not in the header; the addresses are those of a DVS128."
        return _Camera(Chip.DVS128, DVS128_SIZE, (told,))
    raise _unclear(path, name)


def _camera_name(lines: AedatLines) -> str:
    return lines.after("aechip") or lines.after("hardwareinterface")


def _answered(path: Path, reading: Reading) -> _Camera:
    if reading["encoding"] not in set(Chip):
        raise SourceError(
            f"{path} cannot be read with encoding={reading['encoding']}; choose dvs128 or davis."
        )
    chip = Chip(reading["encoding"])
    if chip is Chip.DVS128:
        return _Camera(chip, DVS128_SIZE)
    size = stated_size(path, reading)
    if size is None:
        raise _unclear(path, "DAVIS of unknown size")
    return _Camera(chip, size)


def _unclear(path: Path, name: str) -> UnclearFileError:
    camera = f"its camera ({name}) is not known" if name else "its header does not name the camera"
    return UnclearFileError(
        f"{path} is a recording of jAER, but {camera}; say what it was, such as encoding=davis; size=346,260.",
        _questions(needed=True),
    )


def ask_jaer(path: Path, reading: Reading) -> tuple[Question, ...]:
    """What may be chosen: the camera, where the header does not name one that is known."""
    name = _camera_name(read_lines(path))
    known = "dvs128" in name.lower() or camera_size(name) is not None
    return () if known else _questions(needed=False)


def _questions(needed: bool) -> tuple[Question, ...]:
    """What decides how addresses are read."""
    chips = (Answer("davis", "DAVIS"), Answer("dvs128", "DVS128"))
    sizes = tuple(Answer(size, size.replace(",", " x ") + " px") for size in SIZES)
    return (
        Question(
            "encoding",
            "Camera",
            chips,
            help="Decides where x, y and polarity lie in an address.",
            needed=needed,
        ),
        Question(
            "size",
            "Size of the sensor",
            sizes,
            help="jAER mirrors pictures, which needs the size.",
            needed=needed,
        ),
    )


def _unpack(words: _Pairs, camera: _Camera, gathering: Gathering) -> Counter[str]:
    counts: Counter[str] = Counter()
    before = UNKNOWN
    for batch in words.batches():
        address = (batch >> np.uint64(32)).astype(np.int64)
        times = unwrapped((batch & np.uint64(0xFFFFFFFF)).astype(np.int64), before, 32)
        before = int(times[-1])
        decode = _dvs128 if camera.chip is Chip.DVS128 else _davis
        decode(address, times, camera.size, gathering, counts)
    return counts


def _dvs128(
    address: Integers, times: Integers, size: tuple[int, int], gathering: Gathering, counts: Counter[str]
) -> None:
    event = address >> 15 == 0
    external = address >> 15 == 1
    counts["unknown"] += len(address) - int(event.sum()) - int(external.sum())
    gathering.add_triggers(np.ones(int(external.sum()), np.int64), times[external], 0)
    kept = address[event]
    x, y = size[0] - 1 - (kept >> 1 & 127), size[1] - 1 - (kept >> 8 & 127)
    gathering.add(x, y, 1 - (kept & 1), times[event])


def _davis(
    address: Integers, times: Integers, size: tuple[int, int], gathering: Gathering, counts: Counter[str]
) -> None:
    sample = address >> 31 == 1
    imu = address & IMU_BITS == IMU_BITS
    special = ~sample & (address >> 10 & 1 == 1)
    event = ~sample & ~special
    counts["imu"] += int(imu.sum())
    counts["aps"] += int((sample & ~imu).sum())
    gathering.add_triggers((address[special] & 7 != FALLING).astype(np.int64), times[special], 0)
    kept = address[event]
    x, y = size[0] - 1 - (kept >> 12 & 1023), size[1] - 1 - (kept >> 22 & 511)
    gathering.add(x, y, kept >> 11 & 1, times[event])


def _left_out(counts: Counter[str]) -> list[str]:
    told = []
    if counts["aps"]:
        told.append(f"{counts['aps']} samples of pictures are in the file and not shown.")
    if counts["unknown"]:
        told.append(f"{counts['unknown']} addresses are not those of a DVS128 and are left out.")
    return told
