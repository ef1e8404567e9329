"""Writers of the formats that the application only reads, independent of the readers, and events to write."""

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np

from wholefield.sources.events.ecf import FILTER
from wholefield.sources.events.recording import EVENT_DTYPE, Events

SIZE = (640, 480)


def random_events(count: int, span_us: int, seed: int = 0) -> Events:
    """Events in order of time, the first at 0, all within `span_us`."""
    random = np.random.default_rng(seed)
    events = np.zeros(count, EVENT_DTYPE)
    events["x"], events["y"] = random.integers(0, SIZE[0], count), random.integers(0, SIZE[1], count)
    events["p"] = random.integers(0, 2, count)
    events["t"] = np.sort(random.integers(0, span_us, count))
    events["t"] -= events["t"][0]
    return events


def evt2_words(events: Events, start_us: int) -> np.ndarray:
    words, high = [], -1
    for x, y, p, t in events.tolist():
        time = t + start_us
        if time >> 6 != high:
            high = time >> 6
            words.append(8 << 28 | high & 0xFFFFFFF)
        words.append(p << 28 | (time & 63) << 22 | x << 11 | y)
    return np.array(words, "<u4")


def evt21_words(events: Events, start_us: int) -> np.ndarray:
    """Neighbors of one row, time and polarity that follow one another share a word."""
    words: list[int] = []
    high, first, latest = -1, None, 0
    for x, y, p, t in events.tolist():
        time = t + start_us
        if time >> 6 != high:
            high, first = time >> 6, None
            words.append(8 << 60 | (high & 0xFFFFFFF) << 32)
        if first is not None and first[1:] == (y, p, time) and latest < x < first[0] + 32:
            words[-1] |= 1 << (x - first[0])
        else:
            first = (x, y, p, time)
            words.append(p << 60 | (time & 63) << 54 | x << 43 | y << 32 | 1)
        latest = x
    return np.array(words, "<u8")


def evt3_words(events: Events, start_us: int) -> np.ndarray:
    words: list[int] = []
    high = low = row = -1
    for x, y, p, t in events.tolist():
        time = t + start_us
        if time >> 12 != high:
            high, low = time >> 12, -1
            words.append(8 << 12 | high & 0xFFF)
        if time & 0xFFF != low:
            low = time & 0xFFF
            words.append(6 << 12 | low)
        if y != row:
            row = y
            words.append(y)
        words.append(2 << 12 | p << 11 | x)
    return np.array(words, "<u2")


def dat_words(events: Events, start_us: int) -> np.ndarray:
    place = events["x"].astype("<u8") | events["y"].astype("<u8") << 14 | events["p"].astype("<u8") << 28
    return place << np.uint64(32) | (events["t"] + start_us).astype("<u8") & np.uint64(0xFFFFFFFF)


def swapped(words: np.ndarray) -> np.ndarray:
    return words.view("<u4").reshape(-1, 2)[:, ::-1].copy().view("<u8").ravel()


def raw_header(name: str) -> bytes:
    return f"% evt {name}\n% geometry {SIZE[0]}x{SIZE[1]}\n% end\n".encode()


DAT_HEADER = f"% Data file containing events.\n% Width {SIZE[0]}\n% Height {SIZE[1]}\n".encode() + b"\x0c\x08"
STREAMS: dict[str, tuple[str, bytes, Callable[[Events, int], np.ndarray]]] = {
    "evt2": ("a.raw", raw_header("2.0"), evt2_words),
    "evt21": ("a.raw", raw_header("2.1"), evt21_words),
    "evt21-legacy": ("a.raw", raw_header("2.1"), lambda events, start: swapped(evt21_words(events, start))),
    "evt3": ("a.raw", raw_header("3.0"), evt3_words),
    "dat": ("a.dat", DAT_HEADER, dat_words),
}


def write_stream(folder: Path, name: str, events: Events, start_us: int = 0) -> Path:
    file, header, words = STREAMS[name]
    path = folder / file
    path.write_bytes(header + words(events, start_us).tobytes())
    return path


def write_words(folder: Path, name: str, words: list[int]) -> Path:
    """Words by hand behind the header of a format."""
    file, header, encode = STREAMS[name]
    path = folder / file
    path.write_bytes(header + np.array(words, encode(random_events(1, 1), 0).dtype).tobytes())
    return path


def ecf_chunk(events: Events, form: str) -> bytes:
    """One chunk of ECF in the form "yxp", "xp" or "masked"."""
    flags = {"yxp": 2, "xp": 1, "masked": 0}[form]
    content = (len(events) << 2 | flags).to_bytes(4, "little") + int(events["t"][0]).to_bytes(8, "little")
    return content + _ecf_times(events["t"]) + _ecf_places(events, form)


def write_ecf(path: Path, events: Events, chunks: list[bytes], chunk: int = 1000) -> None:
    """As Prophesee's software writes it: HDF5 does not know the filter, so chunks are stored as they are."""
    with h5py.File(path, "w") as file:
        file.attrs["geometry"] = "640x480"
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_chunk((chunk,))
        plist.set_filter(FILTER, h5py.h5z.FLAG_OPTIONAL)
        file.create_group("CD")
        kind = h5py.h5t.py_create(EVENT_DTYPE)
        space = h5py.h5s.create_simple((len(events),), (h5py.h5s.UNLIMITED,))
        data = h5py.h5d.create(file.id, b"CD/events", kind, space, plist)
        for number, content in enumerate(chunks):
            data.write_direct_chunk((number * chunk,), content)


def _runs(values: list[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for value in values:
        if runs and runs[-1][0] == value:
            runs[-1] = value, runs[-1][1] + 1
        else:
            runs.append((value, 1))
    return runs


def _ecf_times(times: np.ndarray) -> bytes:
    content, now = bytearray(), int(times[0])
    for time, count in _runs(times.tolist()):
        step = time - now
        now = time
        if step >= 15:
            while step:
                content.append(0xF0 | step & 15)
                step >>= 4
        content += bytes([step << 4 | min(count, 15)])
        if count >= 15:
            content += count.to_bytes(2, "little")
    return bytes(content)


def _ecf_places(events: Events, form: str) -> bytes:
    x, y, p = (events[name].astype(np.int64) for name in "xyp")
    if form == "yxp":
        return _packed((y << 12 | x << 1 | p).tolist(), 24, 4)
    rows = b"".join(
        (row << 5 | min(count, 31)).to_bytes(2, "little")
        + (count.to_bytes(2, "little") if count >= 31 else b"")
        for row, count in _runs(y.tolist())
    )
    if form == "xp":
        return rows + _packed((x << 1 | p).tolist(), 12, 2)
    columns, i, xs = b"", 0, x.tolist()
    while i < len(xs):
        base, mask = xs[i], 0
        i += 1
        for j in range(5):
            if i < len(xs) and xs[i] == base + j + 1:
                mask |= 1 << (4 - j)
                i += 1
        columns += (base << 5 | mask).to_bytes(2, "little")
    polarities = b"".join(
        bytes([value << 7 | min(count, 127)]) + (count.to_bytes(2, "little") if count >= 127 else b"")
        for value, count in _runs(p.tolist())
    )
    return rows + columns + polarities


def _packed(values: list[int], bits: int, word: int) -> bytes:
    """Four values in three words of that many bytes; the first begins at the top, each word is little-endian."""
    content = b""
    for i in range(0, len(values), 4):
        a, b, c, d = (*values[i : i + 4], 0, 0, 0)[:4]
        low = (1 << bits // 3) - 1
        middle = (1 << 2 * bits // 3) - 1
        words = (
            a << bits // 3 | b & low,
            b >> bits // 3 << 2 * bits // 3 | c & middle,
            c >> 2 * bits // 3 << bits | d,
        )
        content += b"".join(value.to_bytes(word, "little") for value in words)
    return content
