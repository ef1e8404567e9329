"""Files of bare numbers: answers that read them, guesses that are offered, and answers that do not fit."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from wholefield.errors import SourceError
from wholefield.sources import Kind, Reading, UnclearFileError, format_of, kind_of, open_stack
from wholefield.sources.stacks.formats.bare_numbers import open_bare_numbers, raw_questions
from wholefield.sources.stacks.formats.raw_guesses import TYPES
from wholefield.sources.stacks.stack import AnyArray


def volume(*shape: int, dtype: str = "<u2") -> AnyArray:
    """Smooth values, as scans have them."""
    places = np.add.reduce(np.meshgrid(*(np.arange(side) for side in shape), indexing="ij"))
    return (places * 37 % 251 if np.dtype(dtype).itemsize == 1 else places * 3 + 700).astype(dtype)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.integers(1, 6), min_size=2, max_size=4),
    st.sampled_from(sorted(TYPES)),
    st.sampled_from(["little", "big"]),
    st.integers(0, 20),
    st.sampled_from([",", "x", " ", ", ", " x ", "X"]),
)
def test_any_size_type_and_offset(
    tmp_path_factory: pytest.TempPathFactory, size: list[int], kind: str, order: str, offset: int, sign: str
) -> None:
    path = tmp_path_factory.mktemp("raw") / "a.raw"
    stored = volume(*size[::-1], dtype=("<" if order == "little" else ">") + TYPES[kind])
    path.write_bytes(b"h" * offset + stored.tobytes())
    answers = {"size": sign.join(map(str, size)), "type": kind, "byteorder": order, "offset": str(offset)}
    with open_bare_numbers(path, Reading(answers)) as stack:
        assert stack.times == (size[3] if len(size) == 4 else 1)
        for time in range(stack.times):
            with stack.at_time(time) as other:
                expected = stored[time] if len(size) == 4 else stored
                np.testing.assert_array_equal(other.read().reshape(expected.shape), expected)
        assert not [warning for warning in stack.warnings if "behind" in warning]


def test_what_is_not_said_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "scan.raw"
    path.write_bytes(volume(7, 5, 6).tobytes())
    assert kind_of(path) is Kind.STACK
    with pytest.raises(UnclearFileError, match=r"voxels without a header; .* for example size=") as caught:
        open_stack(path)
    assert [question.name for question in caught.value.questions] == ["size", "type", "byteorder"]
    with pytest.raises(UnclearFileError) as caught:
        open_stack(path, reading="size=6,5,7; type=uint16")
    assert [question.name for question in caught.value.questions] == ["byteorder"]
    with pytest.raises(UnclearFileError, match="size=512,512,300"):
        open_stack(path, reading="type=uint8")
    with open_stack(path, reading="size=6,5,14; type=uint8") as stack:
        assert stack.shape == (14, 5, 6)


@pytest.mark.parametrize(
    ("name", "shape", "dtype", "offset", "expected"),
    [
        (
            "scan_6x5x7_uint16.raw",
            (7, 5, 6),
            "<u2",
            0,
            {"size": "6,5,7", "type": "uint16", "byteorder": "little"},
        ),
        (
            "scan_6x5x7_float32_be.raw",
            (7, 5, 6),
            ">f4",
            0,
            {"size": "6,5,7", "type": "float32", "byteorder": "big"},
        ),
        ("Tooth 16 x 9 x 12 8bit.vol", (12, 9, 16), "u1", 0, {"size": "16,9,12", "type": "uint8"}),
        ("scan_6x5.raw", (7, 5, 6), "<u2", 0, {"size": "6,5,7"}),
        ("scan_6x5x7x3_u16.raw", (3, 7, 5, 6), "<u2", 0, {"size": "6,5,7,3"}),
        ("scan_16x15x17_ushort.raw", (17, 15, 16), ">u2", 512, {"offset": "512", "byteorder": "big"}),
        ("cube.raw", (32, 32, 32), "<u2", 0, {"size": "32,32,32", "type": "uint16", "byteorder": "little"}),
        ("planes.raw", (5, 256, 256), ">u2", 0, {"size": "256,256,5", "byteorder": "big"}),
    ],
)
def test_guesses(
    tmp_path: Path, name: str, shape: tuple[int, ...], dtype: str, offset: int, expected: dict[str, str]
) -> None:
    path = tmp_path / name
    path.write_bytes(bytes(offset) + volume(*shape, dtype=dtype).tobytes())
    questions = {question.name: question.start for question in raw_questions(path, Reading())}
    assert expected.items() <= questions.items()
    # The answers to begin with read the file as it was written.
    with open_stack(
        path, reading=Reading({key: questions[key] for key in questions if key != "spacing"})
    ) as stack:
        assert stack.shape == shape[-3:]
        np.testing.assert_array_equal(stack.read(), volume(*shape, dtype=dtype).reshape(-1, *shape[-3:])[0])


def test_a_name_that_says_all_is_believed_and_told(tmp_path: Path) -> None:
    for name, dtype in (("a_6x5x7_uint8.raw", "u1"), ("a_6x5x7_uint16_be.raw", ">u2")):
        (tmp_path / name).write_bytes(volume(7, 5, 6, dtype=dtype).tobytes())
        with open_stack(tmp_path / name) as stack:
            np.testing.assert_array_equal(stack.read(), volume(7, 5, 6, dtype=dtype))
            assert "taken from the name" in stack.warnings[0]
    (tmp_path / "a_6x5x7_uint16.raw").write_bytes(volume(7, 5, 6).tobytes())
    with pytest.raises(UnclearFileError) as caught:
        open_stack(tmp_path / "a_6x5x7_uint16.raw")
    assert [question.name for question in caught.value.questions] == ["byteorder"]
    (tmp_path / "b_6x5x7_uint8.raw").write_bytes(bytes(211))
    with pytest.raises(UnclearFileError):
        open_stack(tmp_path / "b_6x5x7_uint8.raw")


def test_a_size_in_the_name_is_the_sign_of_a_volume(tmp_path: Path) -> None:
    for name in ("a_6x5x7_uint16.raw", "a_6x5x7.dat", "a_6x5x7_16bit.bin"):
        (tmp_path / name).write_bytes(volume(7, 5, 6).tobytes())
        row = format_of(tmp_path / name)
        assert row is not None
        assert row.name == "Raw volume"
    (tmp_path / "b_600x500x7.dat").write_bytes(b"\0\1\2")
    row = format_of(tmp_path / "b_600x500x7.dat")
    assert row is None or row.name != "Raw volume"


@pytest.mark.parametrize(
    ("reading", "said"),
    [
        (
            "size=6,5,8; type=uint16; byteorder=little",
            "holds 420 bytes from byte 0 on, and 6 x 5 x 8 voxels of uint16 need 480",
        ),
        ("size=6,5,7; type=uint16; byteorder=little; offset=2", "holds 418 bytes from byte 2 on"),
        ("size=6,5,7; type=uint16; byteorder=little; offset=9999", "holds 0 bytes"),
        ("size=6,5,7; type=uint16; byteorder=little; offset=-2", "offset=-2"),
        ("size=6,0,7; type=uint8", "size=6,0,7"),
        ("size=6; type=uint8", "size=6"),
        ("size=6,5,7,8,9; type=uint8", "size=6,5,7,8,9"),
        ("size=999999,999999,999999; type=float64; byteorder=big", "need 7999976000023999992"),
        ("size=6,5,7; type=complex64", "type=complex64; types are uint8"),
        ("size=6,5,7; type=uint16; byteorder=middle", "byteorder=middle; it is little or big"),
        ("size=6,5,7; type=uint8; columns=x", "not read by a setting called columns"),
    ],
)
def test_answers_that_do_not_fit(tmp_path: Path, reading: str, said: str) -> None:
    (tmp_path / "a.raw").write_bytes(volume(7, 5, 6).tobytes())
    with pytest.raises(SourceError) as caught:
        open_bare_numbers(tmp_path / "a.raw", Reading.parse(reading))
    assert said in str(caught.value)


def test_bytes_that_are_left_over_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.raw").write_bytes(volume(7, 5, 6).tobytes())
    with open_stack(tmp_path / "a.raw", reading="size=6,5,7; type=uint8; spacing=1,0.5,0.5 um") as stack:
        assert stack.warnings == ("210 bytes behind the voxels are not read.",)
        assert stack.geometry.spacing == (1, 0.5, 0.5)
