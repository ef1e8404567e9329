"""Strokes as a person would draw them: short brush strokes within areas of one class, by a seeded script."""

import cv2
import numpy as np
import numpy.typing as npt

Points = list[tuple[float, float]]
Mask = npt.NDArray[np.bool_]

RADIUS = 2.5
STEP, TURN, TRIES, LONGEST = 2.0, 0.6, 6, 30


def draw(
    area: Mask, pixels: float, random: np.random.Generator, longest: int = LONGEST, taken: Mask | None = None
) -> list[Points]:
    """Strokes (x, y) of a round brush that stay within an area, until they cover about so many pixels.

    Args:
        area: Where they may be, (h, w).
        pixels: How much they are to cover.
        random: Where the random numbers come from.
        longest: Steps of a stroke at most.
        taken: Where something is drawn already, which is drawn over seldom; changed.
    """
    depth = cv2.distanceTransform(np.pad(area, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    covered = np.zeros(area.shape, np.uint8)
    free = area if taken is None else area & ~taken
    rows, columns = np.nonzero((depth > RADIUS + 1) & free)
    strokes: list[Points] = []
    while len(rows) and covered.sum() < pixels:
        start = random.integers(len(rows))
        points = _walk(depth, float(columns[start]), float(rows[start]), random, longest)
        line = np.array(points).round().astype(np.int32)
        cv2.polylines(covered, [line], False, 1, round(2 * RADIUS))
        strokes.append([(x + 0.5, y + 0.5) for x, y in points])
    if taken is not None:
        taken |= covered.astype(bool)
    return strokes


def _walk(
    depth: npt.NDArray[np.float32], x: float, y: float, random: np.random.Generator, longest: int
) -> Points:
    height, width = depth.shape
    points, angle = [(x, y)], random.uniform(0, 2 * np.pi)
    for _ in range(longest):
        for _ in range(TRIES):
            turned = angle + random.normal(0, TURN)
            x, y = points[-1][0] + STEP * np.cos(turned), points[-1][1] + STEP * np.sin(turned)
            if 0 <= x < width and 0 <= y < height and depth[int(y), int(x)] > RADIUS:
                angle = turned
                points.append((x, y))
                break
        else:
            break
    return points
