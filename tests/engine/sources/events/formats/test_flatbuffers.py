"""FlatBuffers: what was written is read, and no bytes lead outside the buffer."""

import pytest
from hypothesis import given, strategies as st

from tests.engine.sources.events.formats.aedat4_files import flat
from wholefield.sources.events.formats.flatbuffers import BadBuffer, Table, identifier, root_table

PREFIX = 4


def everything(table: Table) -> list[object]:
    """All fields as every kind there is, so that each place is followed."""
    found: list[object] = []
    for index in range(table.count + 2):
        found += [table.number(index, "<q", 5), table.bytes_of(index), table.tables(index)]
    return found


def test_fields_of_every_kind() -> None:
    packet = flat(b"TEST", [("<q", -7), None, (b"words", 1), [[("<b", 3)], [("<b", 4)]], ("<h", 9)])
    table = root_table(packet[PREFIX:])
    assert identifier(packet[PREFIX:]) == b"TEST"
    assert (table.number(0, "<q"), table.number(1, "<i", 11), table.number(4, "<h")) == (-7, 11, 9)
    assert (table.bytes_of(2), table.bytes_of(1), table.vector(40, 1)) == (b"words", b"", (0, 0))
    assert [item.number(0, "<b") for item in table.tables(3)] == [3, 4]


def test_more_items_than_bytes_are_refused() -> None:
    table = root_table(flat(b"TEST", [(bytes(32), 16)])[PREFIX:])
    assert table.vector(0, 16)[1] == 2
    with pytest.raises(BadBuffer, match="2 items of 999 bytes do not fit"):
        table.vector(0, 999)


@given(content=st.binary(max_size=120))
def test_any_bytes(content: bytes) -> None:
    outcome = "read"
    try:
        everything(root_table(content))
    except BadBuffer:
        outcome = "refused"
    assert outcome in ("read", "refused")


@given(data=st.data())
def test_any_damage_stays_inside(data: st.DataObject) -> None:
    content = bytearray(flat(b"TEST", [("<q", 7), (b"words", 1), [[("<b", 3)]]])[PREFIX:])
    content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(content[: data.draw(st.integers(0, len(content)))])
    outcome = "read"
    try:
        everything(root_table(cut))
    except BadBuffer:
        outcome = "refused"
    assert outcome == "refused" or len(cut) > 8
