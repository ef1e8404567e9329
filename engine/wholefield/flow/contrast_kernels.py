"""The loops of contrast maximization: events warped by many velocities, and how sharp each cell becomes."""

from typing import Any

import numpy as np

from wholefield.kernels.compiled import compiled


@compiled
def sharpness(x: Any, y: Any, t: Any, ways: Any, cells: Any, cell: int, sums: Any, squares: Any) -> None:
    """Warp events along every way and sum up, cell by cell, their picture and its square.

    The picture counts events in whole pixels and is smoothed with [1 2 1] / 4 along both axes, so that events that
    fall next to each other count as nearly together.

    Args:
        x: float32 (n,), columns.
        y: float32 (n,), rows.
        t: float32 (n,), times from -0.5 to 0.5 in bins.
        ways: float32 (V, 2), displacements in px per bin, x first.
        cells: int64 (m, 2), row and column of the cells that events can reach; only these are summed up.
        cell: Side of a cell in px.
        sums: float32 (V, cell rows, cell columns), receives the sum of the picture.
        squares: The same, receives the sum of its square.
    """
    height, width = sums.shape[1] * cell, sums.shape[2] * cell
    picture = np.zeros((height + 2, width + 2), np.float32)
    for k in range(len(ways)):
        for m in range(len(cells)):
            top, left = cells[m, 0] * cell, cells[m, 1] * cell
            picture[top : top + cell + 2, left : left + cell + 2] = 0
        for i in range(len(x)):
            column = int(np.floor(x[i] - t[i] * ways[k, 0] + 0.5))
            row = int(np.floor(y[i] - t[i] * ways[k, 1] + 0.5))
            if 0 <= row < height and 0 <= column < width:
                picture[row + 1, column + 1] += 1
        for m in range(len(cells)):
            total, square = 0.0, 0.0
            for row in range(cells[m, 0] * cell + 1, cells[m, 0] * cell + cell + 1):
                for column in range(cells[m, 1] * cell + 1, cells[m, 1] * cell + cell + 1):
                    value = (
                        4 * picture[row, column]
                        + 2 * (picture[row - 1, column] + picture[row + 1, column])
                        + 2 * (picture[row, column - 1] + picture[row, column + 1])
                        + picture[row - 1, column - 1]
                        + picture[row - 1, column + 1]
                        + picture[row + 1, column - 1]
                        + picture[row + 1, column + 1]
                    ) / 16
                    total += value
                    square += value * value
            sums[k, cells[m, 0], cells[m, 1]] = total
            squares[k, cells[m, 0], cells[m, 1]] = square
