"""Sums of fourth powers, by which tiles of very uneven values are found while they are mapped; compiled."""

from typing import Any, TypeAlias

from numpy.typing import NDArray

from wholefield.kernels.compiled import compiled, compiled_sum

Array: TypeAlias = NDArray[Any]


@compiled
def powers_line(
    o: Array, d0: Array, d1: Array, d2: Array, d3: Array, d4: Array, d5: Array
) -> None:  # fmt: skip
    """The fourth powers of six lines, added."""
    for c in range(d0.shape[0]):
        s0, s1, s2 = d0[c] * d0[c], d1[c] * d1[c], d2[c] * d2[c]
        s3, s4, s5 = d3[c] * d3[c], d4[c] * d4[c], d5[c] * d5[c]
        o[c] = (s0 * s0 + s1 * s1) + (s2 * s2 + s3 * s3) + (s4 * s4 + s5 * s5)


@compiled_sum
def total(values: Array) -> Any:
    """The sum of a line."""
    summed = values.dtype.type(0)
    for c in range(values.shape[0]):
        summed += values[c]
    return summed
