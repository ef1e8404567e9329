"""OLE files (compound files of Microsoft) of some streams, after [MS-CFB], for readers of Xradia."""

import struct
from itertools import pairwise
from pathlib import Path

SECTOR, MINI_SECTOR, SMALL = 512, 64, 4096
FREE, END, FAT_SECTOR, NONE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFF
ENTRIES = SECTOR // 4


def write_ole(path: Path, streams: dict[str, bytes]) -> Path:
    """Write streams; names with a slash lie in storages."""
    tree: dict[str, dict[str, bytes]] = {}
    for name, data in streams.items():
        storage, _, stream = name.rpartition("/")
        tree.setdefault(storage, {})[stream] = data
    chains: list[list[int]] = []
    sectors: list[bytes] = []
    mini, mini_fat = b"", []
    entries: list[list[object]] = [["Root Entry", 5, NONE, NONE, END, 0]]

    def place(data: bytes) -> int:
        """The first of the sectors that take some data."""
        if not data:
            return END
        first = len(sectors)
        for start in range(0, len(data), SECTOR):
            sectors.append(data[start : start + SECTOR].ljust(SECTOR, b"\0"))
        chains.append(list(range(first, len(sectors))))
        return first

    def add(name: str, kind: int, data: bytes) -> int:
        nonlocal mini
        start = END
        if kind == 2 and 0 < len(data) < SMALL:
            start = len(mini) // MINI_SECTOR
            count = -(-len(data) // MINI_SECTOR)
            mini_fat.extend([*range(start + 1, start + count), END])
            mini += data.ljust(count * MINI_SECTOR, b"\0")
        elif kind == 2:
            start = place(data)
        entries.append([name, kind, NONE, NONE, start, len(data)])
        return len(entries) - 1

    def link(children: list[int]) -> int:
        """Siblings as a tree that leans to the right; the first is its root."""
        for left, right in pairwise(children):
            entries[left][2] = right
        return children[0] if children else NONE

    top = []
    for storage, members in tree.items():
        if storage:
            index = add(storage, 1, b"")
            entries[index][3] = link([add(name, 2, data) for name, data in members.items()])
            top.append(index)
        else:
            top += [add(name, 2, data) for name, data in members.items()]
    entries[0][3] = link(top)
    entries[0][4], entries[0][5] = place(mini), len(mini)
    mini_fat_start = place(struct.pack(f"<{len(mini_fat)}I", *mini_fat).ljust(1, b"\0")) if mini_fat else END
    mini_fat_count = -(-len(mini_fat) * 4 // SECTOR)
    directory = b"".join(_entry(*entry) for entry in entries)  # type: ignore[arg-type]
    directory_start = place(directory + _entry("", 0, NONE, NONE, 0, 0) * (-len(entries) % 4))
    _write(path, sectors, chains, directory_start, mini_fat_start, mini_fat_count)
    return path


def _entry(name: str, kind: int, right: int, child: int, start: int, size: int) -> bytes:
    text = name.encode("utf-16-le")
    length = len(text) + 2 if name else 0
    head = text.ljust(64, b"\0") + struct.pack("<HBBIII", length, kind, 1, NONE, right, child)
    return head.ljust(116, b"\0") + struct.pack("<IQ", start, size)


def _write(
    path: Path, sectors: list[bytes], chains: list[list[int]], directory: int, mini_fat: int, mini_count: int
) -> None:
    fat_count = 1
    while (len(sectors) + fat_count) > fat_count * ENTRIES:
        fat_count += 1
    fat = [FREE] * (fat_count * ENTRIES)
    for chain in chains:
        for sector, after in zip(chain, [*chain[1:], END], strict=True):
            fat[sector] = after
    places = range(len(sectors), len(sectors) + fat_count)
    for place in places:
        fat[place] = FAT_SECTOR
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<HHHHH6xIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, fat_count, directory, 0, SMALL)
    header += struct.pack("<IIII", mini_fat, mini_count, END, 0)
    header += struct.pack("<109I", *places, *[FREE] * (109 - fat_count))
    path.write_bytes(header + b"".join(sectors) + struct.pack(f"<{len(fat)}I", *fat))
