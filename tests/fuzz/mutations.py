"""Ways in which a file gets damaged, by a disk, a cable, another program, or somebody who means it."""

import random
import re
from collections.abc import Callable

Mutation = Callable[[random.Random, bytearray], bytearray]

HEAD = 600
EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x7FFFFFFFFFFFFFFF)
NUMBERS = ("0", "-1", "1e400", "nan", "999999999999", "4294967296", "0.0000001", "", "1" * 400)


def mutated(chance: random.Random, content: bytes) -> bytes:
    """The content after one to four mutations."""
    changed = bytearray(content)
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        if changed:
            changed = chance.choice(MUTATIONS)(chance, changed)
    return bytes(changed)


def _place(chance: random.Random, content: bytearray) -> int:
    """Somewhere; half of the time near the beginning, where headers are."""
    length = len(content)
    return chance.randrange(min(HEAD, length)) if chance.random() < 0.5 else chance.randrange(length)


def flip(chance: random.Random, content: bytearray) -> bytearray:
    """A few bits turn."""
    for _ in range(chance.choice((1, 2, 8, 32))):
        content[_place(chance, content)] ^= 1 << chance.randrange(8)
    return content


def cut(chance: random.Random, content: bytearray) -> bytearray:
    """The end is missing."""
    return content[: _place(chance, content)]


def drop(chance: random.Random, content: bytearray) -> bytearray:
    """A piece is missing, so that all behind it moves."""
    begin = _place(chance, content)
    del content[begin : begin + chance.choice((1, 2, 4, 64, 512))]
    return content


def insert(chance: random.Random, content: bytearray) -> bytearray:
    """A piece too much."""
    begin = _place(chance, content)
    content[begin:begin] = chance.randbytes(chance.choice((1, 2, 4, 64, 512)))
    return content


def garble(chance: random.Random, content: bytearray) -> bytearray:
    """A piece is noise, or zeros."""
    begin, length = _place(chance, content), chance.choice((4, 16, 64, 512))
    piece = chance.randbytes(length) if chance.random() < 0.6 else bytes(length)
    content[begin : begin + length] = piece[: len(content) - begin]
    return content


def extreme(chance: random.Random, content: bytearray) -> bytearray:
    """A number of 1 to 8 bytes, as lengths and offsets are, takes a value at the border of what it can hold."""
    width = chance.choice((1, 2, 4, 8))
    begin = _place(chance, content) // width * width
    value = chance.choice(EXTREMES) & ((1 << 8 * width) - 1)
    content[begin : begin + width] = value.to_bytes(width, chance.choice(("little", "big")))
    return content


def number(chance: random.Random, content: bytearray) -> bytearray:
    """A number in text is replaced; a bit turns where there is none."""
    found = list(re.finditer(rb"\d+(\.\d+)?", bytes(content[:4096])))
    if not found:
        return flip(chance, content)
    place = chance.choice(found)
    content[place.start() : place.end()] = chance.choice(NUMBERS).encode()
    return content


def repeat(chance: random.Random, content: bytearray) -> bytearray:
    """A piece of the file comes again somewhere else."""
    begin, end = _place(chance, content), _place(chance, content)
    piece = content[begin : begin + chance.choice((8, 64, 1024))]
    content[end : end + len(piece)] = piece
    return content


MUTATIONS: tuple[Mutation, ...] = (flip, cut, drop, insert, garble, extreme, number, repeat)
