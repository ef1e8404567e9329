"""Sizes that are given once or per axis."""

from typing import Any

import numpy as np
import pytest

from wholefield.streaming import StreamingError
from wholefield.streaming.planning.sizes import sizes_per_axis


def test_one_number_is_for_all_axes() -> None:
    assert sizes_per_axis(512, 3) == (512, 512, 512)
    whole: Any = np.int64(64)
    assert sizes_per_axis(whole, 2) == (64, 64)
    assert sizes_per_axis([1, 7], 2) == (1, 7)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (2.5, "The tile size 2.5 is neither a whole number nor one per axis; use for example 256"),
        ("512", "'512' is neither a whole number"),
        ((4, 4, 4), r"\(4, 4, 4\) has 3 numbers; the image has 2 axes"),
        ((4, 0), "is not positive; use at least 1, usually 256 to 1024"),
    ],
)
def test_what_cannot_be_a_size_is_refused(given: Any, text: str) -> None:
    with pytest.raises(StreamingError, match=text):
        sizes_per_axis(given, 2)


def test_the_sentence_names_the_setting() -> None:
    with pytest.raises(
        StreamingError, match=r"smallest block \(-1, -1\) is not positive.* usually 32 to 128"
    ):
        sizes_per_axis(-1, 2, "smallest block", "32 to 128")
