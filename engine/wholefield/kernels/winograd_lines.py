"""The linear maps of F(4x4, 3x3) between pixels and products, compiled.

Along each axis six values of an input give four of the output through six products. With the points 0, +-a, +-b and
infinity, a = sqrt(1/2) and b = sqrt(2), whose rounding errors are small, the maps are

    B^T (6 to 6, input to factors)          A^T (6 to 4, products to output)
    1   0  -5/2   0    1   0                1   1   1   1   1   0
    0  -b   -2    a    1   0                0   a  -a   b  -b   0
    0   b   -2   -a    1   0                0  1/2 1/2  2   2   0
    0  -a  -1/2   b    1   0                0  a/2 -a/2 2b -2b  1
    0   a  -1/2  -b    1   0
    0   1   0   -5/2   0   1

    G (3 to 6, filter to factors): 1, -2/3 (1, +-a, 1/2), 1/6 (1, +-b, 2), 1 at the last

and gradients pass their transposes, A (4 to 6) and B (6 to 6). A line below is a row of pixels or the channels of one
pixel; every loop writes one array, so that it is compiled to vector instructions.

A row of tiles covers four rows of the output and six of the input, of which it shares two with the next; beyond an
image there are zeros. The arguments of the four walks are

    pixels, gradient, out   an image with its channels last as a flat array, and its shape: (height, width * channels,
                            values from image to image, values from row to row)
    factors, products       (6, 6, tiles, channels) of the tile rows from `offset` on
    grid                    (tile rows of an image, tiles of a row, offset)
    powers                  (tiles,) takes the sum of the fourth powers of the pixels of each tile
    first, last             the tile rows [first, last), counted over the batch
    k                       the constants
"""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from wholefield.kernels.compiled import compiled
from wholefield.kernels.winograd_powers import powers_line, total

Array: TypeAlias = NDArray[Any]

Shape: TypeAlias = tuple[int, int, int, int]

Grid: TypeAlias = tuple[int, int, int]


def constants(dtype: np.dtype[Any]) -> Array:
    """a, b, 1/2, 2, 5/2 and 1/6 in the type of the pixels; in another the compiled loops would compute in that."""
    return np.array([0.5**0.5, 2**0.5, 0.5, 2.0, 2.5, 1 / 6], dtype)


@compiled
def _input_line(
    o0: Array, o1: Array, o2: Array, o3: Array, o4: Array, o5: Array,
    d0: Array, d1: Array, d2: Array, d3: Array, d4: Array, d5: Array, k: Array,
) -> None:  # fmt: skip
    """B^T over six lines."""
    a, b, half, two, most = k[0], k[1], k[2], k[3], k[4]
    count = d0.shape[0]
    for c in range(count):
        o0[c] = d0[c] - most * d2[c] + d4[c]
    for c in range(count):
        o1[c] = (d4[c] - two * d2[c]) + (a * d3[c] - b * d1[c])
    for c in range(count):
        o2[c] = (d4[c] - two * d2[c]) - (a * d3[c] - b * d1[c])
    for c in range(count):
        o3[c] = (d4[c] - half * d2[c]) + (b * d3[c] - a * d1[c])
    for c in range(count):
        o4[c] = (d4[c] - half * d2[c]) - (b * d3[c] - a * d1[c])
    for c in range(count):
        o5[c] = d1[c] - most * d3[c] + d5[c]


@compiled
def _output_line(
    o0: Array, o1: Array, o2: Array, o3: Array,
    m0: Array, m1: Array, m2: Array, m3: Array, m4: Array, m5: Array, k: Array,
) -> None:  # fmt: skip
    """A^T over six lines."""
    a, b, half, two = k[0], k[1], k[2], k[3]
    ha, tb = half * a, two * b
    count = m0.shape[0]
    for c in range(count):
        o0[c] = m0[c] + (m1[c] + m2[c]) + (m3[c] + m4[c])
    for c in range(count):
        o1[c] = a * (m1[c] - m2[c]) + b * (m3[c] - m4[c])
    for c in range(count):
        o2[c] = half * (m1[c] + m2[c]) + two * (m3[c] + m4[c])
    for c in range(count):
        o3[c] = ha * (m1[c] - m2[c]) + tb * (m3[c] - m4[c]) + m5[c]


@compiled
def _gradient_line(
    o0: Array, o1: Array, o2: Array, o3: Array, o4: Array, o5: Array,
    y0: Array, y1: Array, y2: Array, y3: Array, k: Array,
) -> None:  # fmt: skip
    """A over four lines."""
    a, b, half, two = k[0], k[1], k[2], k[3]
    ha, tb = half * a, two * b
    count = y0.shape[0]
    for c in range(count):
        o0[c] = y0[c]
    for c in range(count):
        o1[c] = (y0[c] + half * y2[c]) + (a * y1[c] + ha * y3[c])
    for c in range(count):
        o2[c] = (y0[c] + half * y2[c]) - (a * y1[c] + ha * y3[c])
    for c in range(count):
        o3[c] = (y0[c] + two * y2[c]) + (b * y1[c] + tb * y3[c])
    for c in range(count):
        o4[c] = (y0[c] + two * y2[c]) - (b * y1[c] + tb * y3[c])
    for c in range(count):
        o5[c] = y3[c]


@compiled
def _pixel_line(
    o0: Array, o1: Array, o2: Array, o3: Array, o4: Array, o5: Array,
    r0: Array, r1: Array, r2: Array, r3: Array, r4: Array, r5: Array, k: Array,
) -> None:  # fmt: skip
    """B over six lines; the first two are added to, for they belong to the tile before as well."""
    a, b, half, two, most = k[0], k[1], k[2], k[3], k[4]
    count = r0.shape[0]
    for c in range(count):
        o0[c] += r0[c]
    for c in range(count):
        o1[c] += r5[c] - b * (r1[c] - r2[c]) - a * (r3[c] - r4[c])
    for c in range(count):
        o2[c] = -most * r0[c] - two * (r1[c] + r2[c]) - half * (r3[c] + r4[c])
    for c in range(count):
        o3[c] = a * (r1[c] - r2[c]) + b * (r3[c] - r4[c]) - most * r5[c]
    for c in range(count):
        o4[c] = r0[c] + (r1[c] + r2[c]) + (r3[c] + r4[c])
    for c in range(count):
        o5[c] = r5[c]


@compiled
def _filter_line(
    o0: Array,
    o1: Array,
    o2: Array,
    o3: Array,
    o4: Array,
    o5: Array,
    g0: Array,
    g1: Array,
    g2: Array,
    k: Array,
) -> None:
    """G over three lines."""
    a, b, half, two, sixth = k[0], k[1], k[2], k[3], k[5]
    most = -two * two * sixth
    count = g0.shape[0]
    for c in range(count):
        o0[c] = g0[c]
    for c in range(count):
        o1[c] = most * (g0[c] + half * g2[c] + a * g1[c])
    for c in range(count):
        o2[c] = most * (g0[c] + half * g2[c] - a * g1[c])
    for c in range(count):
        o3[c] = sixth * (g0[c] + two * g2[c] + b * g1[c])
    for c in range(count):
        o4[c] = sixth * (g0[c] + two * g2[c] - b * g1[c])
    for c in range(count):
        o5[c] = g2[c]


@compiled
def _tap_line(
    o0: Array,
    o1: Array,
    o2: Array,
    u0: Array,
    u1: Array,
    u2: Array,
    u3: Array,
    u4: Array,
    u5: Array,
    k: Array,
) -> None:
    """G^T over six lines."""
    a, b, half, two, sixth = k[0], k[1], k[2], k[3], k[5]
    most = -two * two * sixth
    count = u0.shape[0]
    for c in range(count):
        o0[c] = u0[c] + most * (u1[c] + u2[c]) + sixth * (u3[c] + u4[c])
    for c in range(count):
        o1[c] = most * a * (u1[c] - u2[c]) + sixth * b * (u3[c] - u4[c])
    for c in range(count):
        o2[c] = most * half * (u1[c] + u2[c]) + sixth * two * (u3[c] + u4[c]) + u5[c]


@compiled
def factors_of_filters(taps: Array, factors: Array, first: int, last: int, k: Array) -> None:
    """G g G^T of the filters [first, last): taps (filters, 3, 3, channels), factors (6, 6, filters, channels)."""
    lines = np.empty((6, 3, taps.shape[3]), taps.dtype)
    for f in range(first, last):
        for c in range(3):
            _filter_line(
                lines[0, c], lines[1, c], lines[2, c], lines[3, c], lines[4, c], lines[5, c],
                taps[f, 0, c], taps[f, 1, c], taps[f, 2, c], k,
            )  # fmt: skip
        for r in range(6):
            _filter_line(
                factors[r, 0, f], factors[r, 1, f], factors[r, 2, f], factors[r, 3, f], factors[r, 4, f],
                factors[r, 5, f], lines[r, 0], lines[r, 1], lines[r, 2], k,
            )  # fmt: skip


@compiled
def filters_of_factors(factors: Array, taps: Array, first: int, last: int, k: Array) -> None:
    """G^T u G of the filters [first, last), the transpose of factors_of_filters."""
    lines = np.empty((3, 6, taps.shape[3]), taps.dtype)
    for f in range(first, last):
        for c in range(6):
            _tap_line(
                lines[0, c], lines[1, c], lines[2, c], factors[0, c, f], factors[1, c, f], factors[2, c, f],
                factors[3, c, f], factors[4, c, f], factors[5, c, f], k,
            )  # fmt: skip
        for r in range(3):
            _tap_line(
                taps[f, r, 0], taps[f, r, 1], taps[f, r, 2],
                lines[r, 0], lines[r, 1], lines[r, 2], lines[r, 3], lines[r, 4], lines[r, 5], k,
            )  # fmt: skip


@compiled
def factors_of_pixels(
    pixels: Array, shape: Shape, factors: Array, powers: Array, grid: Grid, first: int, last: int, k: Array
) -> None:
    """B^T d B."""
    height, length, image_step, row_step = shape
    down, across, offset = grid
    channels = factors.shape[3]
    lines = np.zeros((6, (4 * across + 2) * channels), pixels.dtype)
    sums = np.zeros((4 * across + 2) * channels, pixels.dtype)
    nothing = np.zeros(length, pixels.dtype)
    for row in range(first, last):
        y = row % down * 4
        at = row // down * image_step + y * row_step
        d0 = pixels[at : at + length]
        d1 = pixels[at + row_step : at + row_step + length]
        d2 = pixels[at + 2 * row_step : at + 2 * row_step + length]
        d3 = pixels[at + 3 * row_step : at + 3 * row_step + length] if y + 3 < height else nothing
        d4 = pixels[at + 4 * row_step : at + 4 * row_step + length] if y + 4 < height else nothing
        d5 = pixels[at + 5 * row_step : at + 5 * row_step + length] if y + 5 < height else nothing
        _input_line(
            lines[0, :length], lines[1, :length], lines[2, :length], lines[3, :length], lines[4, :length],
            lines[5, :length], d0, d1, d2, d3, d4, d5, k,
        )  # fmt: skip
        powers_line(sums[:length], d0, d1, d2, d3, d4, d5)
        for column in range(across):
            begin = 4 * column * channels
            powers[(row - offset) * across + column] = total(sums[begin : begin + 6 * channels])
        for r in range(6):
            line = lines[r].reshape(-1, channels)
            for column in range(across):
                t, x = (row - offset) * across + column, 4 * column
                _input_line(
                    factors[r, 0, t], factors[r, 1, t], factors[r, 2, t], factors[r, 3, t], factors[r, 4, t],
                    factors[r, 5, t], line[x], line[x + 1], line[x + 2], line[x + 3], line[x + 4], line[x + 5], k,
                )  # fmt: skip


@compiled
def pixels_of_products(
    products: Array, out: Array, shape: Shape, bias: Array, grid: Grid, first: int, last: int, k: Array
) -> None:
    """A^T m A plus a bias (channels,), if there is one."""
    height, length, image_step, row_step = shape
    down, across, offset = grid
    channels = products.shape[3]
    lines = np.empty((6, 4 * across * channels), products.dtype)
    spare = np.empty(length, products.dtype)
    for row in range(first, last):
        for r in range(6):
            line = lines[r].reshape(-1, channels)
            for column in range(across):
                t, x = (row - offset) * across + column, 4 * column
                _output_line(
                    line[x], line[x + 1], line[x + 2], line[x + 3], products[r, 0, t], products[r, 1, t],
                    products[r, 2, t], products[r, 3, t], products[r, 4, t], products[r, 5, t], k,
                )  # fmt: skip
        y = row % down * 4
        at = row // down * image_step + y * row_step
        o0 = out[at : at + length]
        o1 = out[at + row_step : at + row_step + length] if y + 1 < height else spare
        o2 = out[at + 2 * row_step : at + 2 * row_step + length] if y + 2 < height else spare
        o3 = out[at + 3 * row_step : at + 3 * row_step + length] if y + 3 < height else spare
        _output_line(
            o0, o1, o2, o3, lines[0, :length], lines[1, :length], lines[2, :length], lines[3, :length],
            lines[4, :length], lines[5, :length], k,
        )  # fmt: skip
        if len(bias):
            for o in (o0, o1, o2, o3):
                _add(o.reshape(-1, channels), bias)


@compiled
def _add(pixels: Array, values: Array) -> None:
    for x in range(pixels.shape[0]):
        pixel = pixels[x]
        for c in range(values.shape[0]):
            pixel[c] += values[c]


@compiled
def factors_of_gradient(
    gradient: Array, shape: Shape, factors: Array, powers: Array, grid: Grid, first: int, last: int, k: Array
) -> None:
    """A y A^T."""
    height, length, image_step, row_step = shape
    down, across, offset = grid
    channels = factors.shape[3]
    lines = np.zeros((6, 4 * across * channels), gradient.dtype)
    sums = np.zeros(4 * across * channels, gradient.dtype)
    nothing = np.zeros(length, gradient.dtype)
    for row in range(first, last):
        y = row % down * 4
        at = row // down * image_step + y * row_step
        y0 = gradient[at : at + length]
        y1 = gradient[at + row_step : at + row_step + length] if y + 1 < height else nothing
        y2 = gradient[at + 2 * row_step : at + 2 * row_step + length] if y + 2 < height else nothing
        y3 = gradient[at + 3 * row_step : at + 3 * row_step + length] if y + 3 < height else nothing
        _gradient_line(
            lines[0, :length], lines[1, :length], lines[2, :length], lines[3, :length], lines[4, :length],
            lines[5, :length], y0, y1, y2, y3, k,
        )  # fmt: skip
        powers_line(sums[:length], y0, y1, y2, y3, nothing, nothing)
        for column in range(across):
            begin = 4 * column * channels
            powers[(row - offset) * across + column] = total(sums[begin : begin + 4 * channels])
        for r in range(6):
            line = lines[r].reshape(-1, channels)
            for column in range(across):
                t, x = (row - offset) * across + column, 4 * column
                _gradient_line(
                    factors[r, 0, t], factors[r, 1, t], factors[r, 2, t], factors[r, 3, t], factors[r, 4, t],
                    factors[r, 5, t], line[x], line[x + 1], line[x + 2], line[x + 3], k,
                )  # fmt: skip


@compiled
def gradient_of_factors(
    factors: Array, out: Array, shape: Shape, tail: Array, grid: Grid, first: int, last: int, k: Array
) -> None:
    """B v B^T, tiles laid over each other.

    The two rows that the last tile row shares with the next of its image go to `tail` (2, width * channels) instead, if
    it has rows, so that several threads can work side by side. The caller clears them in `out` before and adds the
    tail after.
    """
    height, length, image_step, row_step = shape
    down, across, offset = grid
    channels = factors.shape[3]
    lines = np.empty((6, (4 * across + 2) * channels), factors.dtype)
    spare = np.empty(length, factors.dtype)
    for row in range(first, last):
        for r in range(6):
            lines[r, : 2 * channels] = 0
            line = lines[r].reshape(-1, channels)
            for column in range(across):
                t, x = (row - offset) * across + column, 4 * column
                _pixel_line(
                    line[x], line[x + 1], line[x + 2], line[x + 3], line[x + 4], line[x + 5], factors[r, 0, t],
                    factors[r, 1, t], factors[r, 2, t], factors[r, 3, t], factors[r, 4, t], factors[r, 5, t], k,
                )  # fmt: skip
        y = row % down * 4
        at = row // down * image_step + y * row_step
        o0 = out[at : at + length]
        o1 = out[at + row_step : at + row_step + length]
        o2 = out[at + 2 * row_step : at + 2 * row_step + length]
        o3 = out[at + 3 * row_step : at + 3 * row_step + length] if y + 3 < height else spare
        o4 = out[at + 4 * row_step : at + 4 * row_step + length] if y + 4 < height else spare
        o5 = out[at + 5 * row_step : at + 5 * row_step + length] if y + 5 < height else spare
        if y == 0:
            o0[:] = 0
            o1[:] = 0
        if row == last - 1 and len(tail):
            o4, o5 = tail[0], tail[1]
        _pixel_line(
            o0, o1, o2, o3, o4, o5, lines[0, :length], lines[1, :length], lines[2, :length], lines[3, :length],
            lines[4, :length], lines[5, :length], k,
        )  # fmt: skip
