"""Steps between slices: even, with some missing, or uneven."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from wholefield.sources.stacks.dicom.spacing import step_warnings, steps_of


@pytest.mark.parametrize(
    ("heights", "usual", "missing", "even"),
    [
        ([5], 0, (), True),
        ([0, 2, 4, 6], 2, (), True),
        ([0, 2, 4, 8, 10], 2, (6,), True),
        ([0, 2, 4, 10, 12, 14], 2, (6, 8), True),
        ([0, 2, 4, 6, 15], 3.75, (), False),
        ([0, 1, 3, 5, 6], 1.5, (), False),
        ([0, 2, 4.05, 8.05, 10.05], 6.05 / 3, (4.05 + 6.05 / 3,), False),
        ([0, 5, 7], 3.5, (), False),
    ],
)
def test_steps(heights: list[float], usual: float, missing: tuple[float, ...], even: bool) -> None:
    found = steps_of(np.array(heights, np.float64))
    assert found.usual == pytest.approx(usual)
    assert found.missing == pytest.approx(missing)
    assert found.even is even


@given(st.floats(0.01, 10), st.integers(6, 40), st.data(), st.floats(-500, 500))
def test_any_few_missing_slices_are_named(step: float, count: int, data: st.DataObject, start: float) -> None:
    whole = start + step * np.arange(count)
    inner = st.integers(1, count - 2)
    gone = data.draw(st.sets(inner, max_size=(count - 2) // 4))
    found = steps_of(np.delete(whole, sorted(gone)))
    assert found.usual == pytest.approx(step, rel=1e-6)
    assert found.missing == pytest.approx([whole[index] for index in sorted(gone)], rel=1e-6, abs=1e-6)


def test_the_warning_counts_and_names_a_few() -> None:
    heights = np.delete(np.arange(0, 60, 1.5), [3, 7, 8, 11, 15, 20, 21, 30])
    (told,) = step_warnings([], steps_of(heights), None)
    assert told == (
        "8 slices are missing, at 4.5, 10.5, 12, 16.5, 22.5, 30 and 2 more mm along the stack; its neighbors are shown "
        "next to each other, 1.5 mm apart."
    )
