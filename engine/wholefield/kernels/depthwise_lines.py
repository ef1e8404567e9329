"""The sums of products of a depthwise convolution's weights, compiled.

A line is the channels of one pixel. Four neighboring pixels at a time meet a whole row of seven taps, as ConvNeXt has
it, so that what is loaded is used often; other kernels meet eight pixels tap by tap.
"""

from typing import Any, TypeAlias

from numpy.typing import NDArray

from wholefield.kernels.compiled import compiled

Array: TypeAlias = NDArray[Any]


@compiled
def add_products(gradient: Array, pixels: Array, sums: Array, first: int, last: int) -> None:
    """Add to the sums what some rows give.

    Args:
        gradient: (batch, height, width, channels).
        pixels: (batch, height + rows of taps - 1, width + taps of a row - 1, channels).
        sums: (rows of taps, taps of a row, channels).
        first: The first row, counted over the batch.
        last: Behind the last.
    """
    height, width = gradient.shape[1], gradient.shape[2]
    taps_down, taps = sums.shape[0], sums.shape[1]
    together = 4 if taps == 7 else 8
    whole = width - width % together
    for row in range(first, last):
        image, y = row // height, row % height
        for x in range(0, whole, together):
            g = gradient[image, y, x : x + together]
            for down in range(taps_down):
                line = pixels[image, y + down, x : x + together + taps - 1]
                if taps == 7:
                    _add_row_of_seven(sums[down], g, line)
                else:
                    for tap in range(taps):
                        _add_eight(sums[down, tap], g, line[tap : tap + 8])
        for x in range(whole, width):
            for down in range(taps_down):
                for tap in range(taps):
                    _add_one(sums[down, tap], gradient[image, y, x], pixels[image, y + down, x + tap])


@compiled
def _add_row_of_seven(s: Array, g: Array, p: Array) -> None:
    for c in range(s.shape[1]):
        g0, g1, g2, g3 = g[0, c], g[1, c], g[2, c], g[3, c]
        p0, p1, p2, p3, p4 = p[0, c], p[1, c], p[2, c], p[3, c], p[4, c]
        p5, p6, p7, p8, p9 = p[5, c], p[6, c], p[7, c], p[8, c], p[9, c]
        s[0, c] += (g0 * p0 + g1 * p1) + (g2 * p2 + g3 * p3)
        s[1, c] += (g0 * p1 + g1 * p2) + (g2 * p3 + g3 * p4)
        s[2, c] += (g0 * p2 + g1 * p3) + (g2 * p4 + g3 * p5)
        s[3, c] += (g0 * p3 + g1 * p4) + (g2 * p5 + g3 * p6)
        s[4, c] += (g0 * p4 + g1 * p5) + (g2 * p6 + g3 * p7)
        s[5, c] += (g0 * p5 + g1 * p6) + (g2 * p7 + g3 * p8)
        s[6, c] += (g0 * p6 + g1 * p7) + (g2 * p8 + g3 * p9)


@compiled
def _add_eight(s: Array, g: Array, p: Array) -> None:
    for c in range(s.shape[0]):
        s[c] += ((g[0, c] * p[0, c] + g[1, c] * p[1, c]) + (g[2, c] * p[2, c] + g[3, c] * p[3, c])) + (
            (g[4, c] * p[4, c] + g[5, c] * p[5, c]) + (g[6, c] * p[6, c] + g[7, c] * p[7, c])
        )


@compiled
def _add_one(s: Array, g: Array, p: Array) -> None:
    for c in range(s.shape[0]):
        s[c] += g[c] * p[c]
