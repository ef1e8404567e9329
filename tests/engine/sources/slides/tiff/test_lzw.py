"""Sound LZW streams of every kind pass, and those that use what does not exist are refused."""

import imagecodecs
import numpy as np
import pytest
from hypothesis import given, strategies as st

from wholefield.sources.slides.tiff.lzw import refuse_damaged_lzw


def stream(codes: list[tuple[int, int]], lowest_first: bool = False) -> bytes:
    """Codes with their widths as bytes."""
    if lowest_first:
        bits = "".join(format(code, f"0{width}b")[::-1] for code, width in codes)
        return bytes(int(bits[i : i + 8].ljust(8, "0")[::-1], 2) for i in range(0, len(bits), 8))
    bits = "".join(format(code, f"0{width}b") for code, width in codes)
    return bytes(int(bits[i : i + 8].ljust(8, "0"), 2) for i in range(0, len(bits), 8))


@given(st.binary(max_size=5000))
def test_what_an_encoder_writes_passes(content: bytes) -> None:
    refuse_damaged_lzw(bytes(imagecodecs.lzw_encode(content)))


@pytest.mark.parametrize("kind", ["zeros", "noise", "steps"])
def test_streams_that_fill_the_table_pass(kind: str) -> None:
    random = np.random.default_rng(0)
    values = {
        "zeros": np.zeros(10**6, np.uint8),
        "noise": random.integers(0, 256, 10**5).astype(np.uint8),
        "steps": np.cumsum(random.integers(0, 3, 10**5)).astype(np.uint8),
    }[kind]
    encoded = bytes(imagecodecs.lzw_encode(values.tobytes()))
    refuse_damaged_lzw(encoded)
    assert imagecodecs.lzw_decode(encoded) == values.tobytes()


def test_bits_of_old_programs_come_the_other_way_round() -> None:
    old = stream([(256, 9), (7, 9), (258, 9), (259, 9), (257, 9)], lowest_first=True)
    assert old[0] == 0
    assert old[1] & 1
    refuse_damaged_lzw(old)
    with pytest.raises(ValueError, match="make no sense"):
        refuse_damaged_lzw(stream([(256, 9), (7, 9), (300, 9)], lowest_first=True))


@pytest.mark.parametrize("codes", [[256, 7, 259], [256, 300], [256, 7, 258, 261], [7, 7, 400]])
def test_codes_that_do_not_exist_yet_are_refused(codes: list[int]) -> None:
    with pytest.raises(ValueError, match="LZW codes make no sense"):
        refuse_damaged_lzw(stream([(code, 9) for code in codes]))


def test_the_newest_code_may_be_used_at_once() -> None:
    data = stream([(256, 9), (7, 9), (258, 9), (257, 9)])
    refuse_damaged_lzw(data)
    assert imagecodecs.lzw_decode(data) == b"\7\7\7"


def test_a_table_that_is_never_cleared_is_refused() -> None:
    codes, width, following = [(256, 9), (0, 9)], 9, 258
    for _ in range(5000):
        codes.append((1, width))
        following += 1
        if following + 1 >= 1 << width and width < 12:
            width += 1
    with pytest.raises(ValueError, match="make no sense"):
        refuse_damaged_lzw(stream(codes))
