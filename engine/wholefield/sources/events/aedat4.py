"""AEDAT4 recordings of iniVation cameras, through the package `aedat`, which reads them from start to end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aedat
import numpy as np

from wholefield.errors import SourceError
from wholefield.sources.events.recording import EVENT_DTYPE, RecordingDescription
from wholefield.sources.events.table import ArrayTable, Spool, TableRecording

EVENTS = "events"


def open_aedat4(path: Path) -> TableRecording:
    """Open an AEDAT4 recording; the events of its first event stream are unpacked into a temporary file.

    Raises:
        SourceError: It is damaged from the start, or holds no events.
    """
    try:
        decoder = aedat.Decoder(path)
        streams = {
            number: stream for number, stream in decoder.id_to_stream().items() if stream["type"] == EVENTS
        }
    except BaseException as error:
        _raise_foreign(error)
        raise SourceError(f"{path} is damaged ({error}); copy it again.") from error
    if not streams:
        raise SourceError(f"{path} holds no event stream; choose another file.")
    number, stream = next(iter(streams.items()))
    spool = Spool()
    try:
        damage = _unpack(decoder, number, spool)
        if not spool.length:
            raise SourceError(
                f"{path} holds no events that can be read; choose another file. {damage}".rstrip()
            )
        metadata = {f"stream {key}": str(value["type"]) for key, value in decoder.id_to_stream().items()}
        width, height = int(stream["width"]), int(stream["height"])
        description = RecordingDescription("AEDAT4", width, height, metadata, (damage,) if damage else ())
        return TableRecording(path, description, ArrayTable(spool.array()))
    finally:
        spool.close()


def _unpack(decoder: Any, number: int, spool: Spool) -> str:
    """Read packets; a sentence about the damage at which that ends, or ''."""
    try:
        for packet in decoder:
            if packet["stream_id"] == number:
                spool.append(_events(packet[EVENTS]))
    except BaseException as error:
        _raise_foreign(error)
        return (
            f"The file is damaged after its first {spool.length} events, and the rest is left out ({error})."
        )
    return ""


def _events(packet: Any) -> Any:
    events = np.zeros(len(packet), EVENT_DTYPE)
    events["x"], events["y"], events["p"], events["t"] = packet["x"], packet["y"], packet["on"], packet["t"]
    return events


def _raise_foreign(error: BaseException) -> None:
    """Let through what is not a failure of the decoder: its panics are not an `Exception`, nor is an interrupt."""
    if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
        raise error
