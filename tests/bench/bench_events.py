"""Decoding and opening event recordings: python -m tests.bench.bench_events [gigabytes].

Decoders are compared with numpy in one process on one thread; then a synthetic EVT 3.0 recording of that size (5 unless
given) is opened, played and, if asked for by a second argument `index`, indexed.
"""

import gc
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from tests.bench.measure import resident
from wholefield.sources.events.codec import EVER, TAKEN, UNKNOWN, Codec, fresh_state, fresh_stats
from wholefield.sources.events.dat import DAT
from wholefield.sources.events.evt2 import EVT2
from wholefield.sources.events.evt3 import EVT3
from wholefield.sources.events.evt21 import EVT21
from wholefield.sources.events.opening import open_recording
from wholefield.sources.events.raw import read_header

EVENTS = 1 << 22
GROUPS = 1 << 16
GROUP_WORDS = 32
GROUP_US = 16
FRAME_US = 33_000
SIZE = (1280, 720)
HEADER = b"% evt 3.0\n% geometry 1280x720\n% end\n"


def groups(first_us: int, random: np.random.Generator) -> np.ndarray:
    """EVT 3.0 as a camera in daylight writes it: every 16 us the high and the low time, a row, and 29 events."""
    times = first_us + GROUP_US * np.arange(GROUPS)
    words = random.integers(0, SIZE[0], (GROUPS, GROUP_WORDS), np.uint16)
    words += random.integers(0, 2, words.shape, np.uint16) << 11
    words |= 2 << 12
    words[:, 0] = 8 << 12 | times >> 12 & 0xFFF
    words[:, 1] = 6 << 12 | times & 0xFFF
    words[:, 2] = random.integers(0, SIZE[1], GROUPS)
    return words


def streams() -> dict[str, tuple[Codec, np.ndarray]]:
    """Words of some million events in each format, 10 million events a second."""
    random = np.random.default_rng(0)
    times = np.sort(random.integers(0, EVENTS // 10, EVENTS))
    x, y, p = (random.integers(0, bound, EVENTS, np.uint64) for bound in (*SIZE, 2))
    low = (times & 63).astype(np.uint64)
    new = np.flatnonzero(np.diff(times >> 6, prepend=-1))
    highs = (times[new] >> 6).astype(np.uint64)
    u = np.uint64
    evt2 = np.insert(p << u(28) | low << u(22) | x << u(11) | y, new, u(8) << u(28) | highs).astype("<u4")
    vectors = random.integers(1, 2**8, EVENTS, np.uint64)
    one = p << u(60) | low << u(54) | x << u(43) | y << u(32) | vectors
    evt21 = np.insert(one, new, u(8) << u(60) | highs << u(32)).astype("<u8")
    dat = (x | y << u(14) | p << u(28)) << u(32) | times.astype(np.uint64)
    return {
        "EVT2": (EVT2, evt2),
        "EVT2.1": (EVT21, evt21),
        "EVT3 single events": (EVT3, np.concatenate([groups(i << 20, random).ravel() for i in range(2)])),
        "DAT": (DAT, dat.astype("<u8")),
    }


def real_streams(folder: Path) -> dict[str, tuple[Codec, np.ndarray]]:
    """The words of the real recordings, where they are on this machine."""
    found: dict[str, tuple[Codec, np.ndarray]] = {}
    for name, codec in (("spinner_evt2", EVT2), ("sample_evt3", EVT3), ("person_evt3", EVT3)):
        for path in folder.glob(f"{name}*.raw"):
            content = path.read_bytes()
            header = read_header(content).size
            whole = (len(content) - header) // codec.word.itemsize
            found[path.name] = codec, np.frombuffer(content, codec.word, whole, header)
    return found


def fastest(work: Callable[[], object], repeats: int) -> float:
    """Seconds of the fastest of some runs, in time of this thread: what others do on the machine does not count."""
    best = float("inf")
    for _ in range(repeats):
        start = time.thread_time()
        work()
        best = min(best, time.thread_time() - start)
    return best


def decode_rate(name: str, codec: Codec, words: np.ndarray) -> None:
    """Print one line: millions of events a second, compiled and numpy."""
    words = np.frombuffer(words.tobytes(), codec.word)
    walk, nothing = codec.load_walk(), np.zeros((0, 3), np.int64)

    def run(room: np.ndarray) -> int:
        stats = fresh_stats()
        walk(words, fresh_state(), 0, *EVER, *SIZE, room, nothing, stats)
        return int(stats[TAKEN])

    count = run(np.zeros((0, 2), np.uint64))
    room = np.zeros((count, 2), np.uint64)
    run(room)
    fast = count / fastest(lambda: run(room), 7) / 1e6
    slow = count / fastest(lambda: codec.plain(words, UNKNOWN), 2) / 1e6
    print(f"  {name:28} {fast:6.0f} M events/s | numpy {slow:5.1f} | {fast / slow:5.1f} x", flush=True)


def write_large(path: Path, gigabytes: float) -> None:
    """A synthetic recording of that size."""
    random = np.random.default_rng(0)
    patterns = [groups(0, random) for _ in range(4)]
    with path.open("wb") as file:
        file.write(HEADER)
        for number in range(int(gigabytes * 1e9) // patterns[0].nbytes):
            words = patterns[number % 4]
            times = (number * GROUPS + np.arange(GROUPS)) * GROUP_US
            words[:, 0], words[:, 1] = 8 << 12 | times >> 12 & 0xFFF, 6 << 12 | times & 0xFFF
            file.write(words.tobytes())


def play(path: Path, index: bool) -> None:
    """Open, jump about, play, and print times and memory."""
    start = time.perf_counter()
    recording = open_recording(path)
    opened = time.perf_counter() - start
    print(
        f"  opened in {opened * 1e3:.0f} ms: {recording.duration_us / 1e6:.1f} s, indexed: {recording.indexed}"
    )
    recording.events(0, FRAME_US)
    moments = np.random.default_rng(1).integers(0, recording.duration_us, 50).tolist()
    spent = [_seconds(partial(recording.events, moment, moment + FRAME_US)) for moment in moments]
    print(f"  any 33 ms: median {np.median(spent) * 1e3:.1f} ms, worst {max(spent) * 1e3:.1f} ms")
    gc.collect()
    before, played = resident(), 0
    for begin in range(0, min(recording.duration_us, 600 * FRAME_US), FRAME_US):
        played += len(recording.events(begin, begin + FRAME_US))
    gc.collect()
    print(f"  played {played / 1e6:.0f} M events; memory grew by {(resident() - before) / 1e6:.1f} MB")
    if index:
        print(f"  indexed in {_seconds(recording.index):.1f} s: {recording.num_events / 1e6:.0f} M events")
    recording.close()


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main(gigabytes: float = 5.0, index: bool = False) -> None:
    """Print all."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=Path(__file__).parent, capture_output=True, text=True
    ).stdout.strip()
    print(f"{os.cpu_count()} cores, numpy {np.__version__}, commit {commit}, one thread")
    print("decoding")
    data = Path(__file__).resolve().parents[3] / "shared" / "data" / "events"
    for name, (codec, words) in (streams() | real_streams(data)).items():
        decode_rate(name, codec, words)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.raw"
        write_large(path, gigabytes)
        print(f"a recording of {path.stat().st_size / 1e9:.1f} GB")
        play(path, index)


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 5.0, "index" in sys.argv[2:])
