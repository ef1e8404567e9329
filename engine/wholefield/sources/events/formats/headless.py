"""RAW and DAT files whose header is missing: which encodings fit is found by decoding, and asked."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from wholefield.errors import SourceError
from wholefield.sources.choices import Answer, Question, Reading, UnclearFileError
from wholefield.sources.events.codec import UNKNOWN, Codec
from wholefield.sources.events.columns.decision import SIZE_QUESTION
from wholefield.sources.events.dat import DAT
from wholefield.sources.events.evt2 import EVT2
from wholefield.sources.events.evt3 import EVT3
from wholefield.sources.events.evt21 import EVT21, EVT21_LEGACY, looks_legacy
from wholefield.sources.events.raw import Header, open_words
from wholefield.sources.events.recording import Events
from wholefield.sources.events.sensors import USUAL_SIZES
from wholefield.sources.events.stream import StreamRecording
from wholefield.sources.events.time_word import Words

CODECS = {"evt3": EVT3, "evt2": EVT2, "evt21": EVT21, "dat": DAT}
LABELS = {"evt3": "EVT 3.0", "evt2": "EVT 2.0", "evt21": "EVT 2.1", "dat": "DAT"}
# Types of words that cameras write; DAT has none.
TYPES = {
    "evt3": (0, 2, 3, 4, 5, 6, 7, 8, 10, 14, 15),
    "evt2": (0, 1, 8, 10, 14, 15),
    "evt21": (0, 1, 8, 10, 14, 15),
}
PROBED_BYTES = 1 << 18
# Shares of words, times and events that have to make sense; damage may spoil the rest.
SANE_SHARE = 0.98
# A half may look like a time by chance.
PAIRED_SHARE = 0.85
LARGEST_STEP_US = 2_000_000
LARGEST_SENSOR = 1280


def plausible_encodings(path: Path) -> tuple[str, ...]:
    """The encodings that the beginning of a file fits, the likeliest first; none where it has a header."""
    return tuple(_events_by_encoding(path))


def open_headless(
    path: Path, reading: Reading | None = None, index_at_once: bool | None = None
) -> StreamRecording:
    """Open words without a header.

    Args:
        path: The file.
        reading: Answers `encoding` ("evt2", "evt21", "evt3" or "dat"), and may answer `size`.
        index_at_once: Whether to read all of it now; None: if it is small.

    Raises:
        UnclearFileError: The encoding is not said.
        SourceError: The words hold no events.
    """
    reading = (reading or Reading()).only(path, "encoding", "size")
    if "encoding" not in reading:
        questions = ask_headless(path, reading)
        likely = questions[0].start
        raise UnclearFileError(
            f"{path} has no header, so it does not say how its events are encoded; the likeliest is {LABELS[likely]}: "
            f"set the reading encoding={likely}, and size=width,height if you know it.",
            questions,
        )
    if reading["encoding"] not in CODECS:
        raise SourceError(
            f"{path} cannot be read with encoding={reading['encoding']}; choose among {', '.join(CODECS)}."
        )
    codec = CODECS[reading["encoding"]]
    if codec is EVT21 and looks_legacy(_probed(path, codec)):
        codec = EVT21_LEGACY
    return open_words(path, Header({}, 0), codec, reading, index_at_once)


def ask_headless(path: Path, reading: Reading) -> tuple[Question, ...]:
    """How the words are encoded, the likeliest first, and the size of the sensor."""
    found = _events_by_encoding(path)
    names = (*found, *(name for name in CODECS if name not in found))
    encoding = Question(
        "encoding",
        "Encoding",
        tuple(Answer(name, LABELS[name]) for name in names),
        help="How words become events; the header, which is missing, would say it.",
        needed=True,
    )
    chosen = found.get(reading.get("encoding", names[0]))
    fitting = [] if chosen is None else [size for size in USUAL_SIZES if _holds(size, chosen)]
    sizes = tuple(Answer(f"{w},{h}", f"{w} x {h} px") for w, h in fitting)
    return (encoding, Question(SIZE_QUESTION.name, SIZE_QUESTION.label, sizes, help=SIZE_QUESTION.help))


def _events_by_encoding(path: Path) -> dict[str, Events]:
    """The first events by each encoding that fits, the likeliest first."""
    with path.open("rb") as file:
        if file.read(1) == b"%":
            return {}
    found = {name: events for name in CODECS if (events := _plausible(path, name)) is not None}
    if {"evt2", "evt21"} <= set(found):
        del found["evt2" if _in_pairs(_probed(path, EVT2)) else "evt21"]
    return dict(sorted(found.items(), key=_unlikeliness))


def _unlikeliness(item: tuple[str, Events]) -> float:
    """How much times and places spread: words read by a wrong encoding spread over all values."""
    events = item[1]
    steps = np.abs(np.diff(events["t"]))
    return float(np.mean(steps)) if len(steps) else 0.0


def _plausible(path: Path, name: str) -> Events | None:
    """The events of the first words by an encoding, or None if they make no sense."""
    codec = CODECS[name]
    words = _probed(path, codec)
    if codec is EVT21 and len(words) and looks_legacy(words):
        codec = EVT21_LEGACY
    if (
        not len(words)
        or (words == words[0]).all()
        or not _types_fit(words, name, codec)
        or not _clock_runs(words, codec)
    ):
        return None
    events = codec.plain(words, UNKNOWN).events
    inside = (events["x"] < LARGEST_SENSOR) & (events["y"] < LARGEST_SENSOR)
    return events if len(events) and inside.mean() >= SANE_SHARE else None


def _in_pairs(words: Words) -> bool:
    """Whether words of 32 bits are halves of longer ones: those with a time are then all first or all second."""
    places = EVT2.time_word.places(words)
    second = float((places % 2).mean())
    return max(second, 1 - second) >= PAIRED_SHARE


def _probed(path: Path, codec: Codec) -> Words:
    with path.open("rb") as file:
        content = file.read(PROBED_BYTES)
    return np.frombuffer(content, codec.word, len(content) // codec.word.itemsize)


def _types_fit(words: Words, name: str, codec: Codec) -> bool:
    if name not in TYPES:
        # The bits above the polarity are 0.
        return bool((words >> 61 == 0).mean() >= SANE_SHARE)
    types = words >> codec.time_word.type_shift & codec.time_word.type_mask
    return bool(np.isin(types, TYPES[name]).mean() >= SANE_SHARE)


def _clock_runs(words: Words, codec: Codec) -> bool:
    """Whether the times advance by little, as those of a clock do."""
    time = codec.time_word
    values = time.values(words[time.places(words)])
    if not len(values):
        return False
    steps = np.diff(values) % (1 << time.bits) * time.unit
    return not len(steps) or bool((steps <= LARGEST_STEP_US).mean() >= SANE_SHARE)


def _holds(size: tuple[int, int], events: Events) -> bool:
    return bool(((events["x"] < size[0]) & (events["y"] < size[1])).mean() >= SANE_SHARE)
