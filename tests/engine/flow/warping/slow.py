"""A slow splat to compare with."""

import numpy as np


def slow_splat(x: np.ndarray, y: np.ndarray, shape: tuple[int, int], weights: np.ndarray) -> np.ndarray:
    rows, columns = np.arange(shape[0])[:, None], np.arange(shape[1])
    return sum(
        w * np.maximum(0, 1 - abs(rows - b)) * np.maximum(0, 1 - abs(columns - a))
        for a, b, w in zip(x, y, weights, strict=True)
    )
