"""The loops over pixels: rendering planes and turning brightness changes into events; compiled on first use."""

from typing import Any

import numpy as np

from wholefield.kernels.compiled import compiled


@compiled
def draw(picture: Any, layer: Any, inverse: Any, textures: Any, outline: Any, edge: Any) -> None:
    """Draw the planes from the front until nothing shines through, and note which one is seen.

    Args:
        picture: (H, W), receives the logarithm of brightness.
        layer: (H, W), receives the number of the frontmost plane that covers at least half.
        inverse: (planes, 2, 3), the maps from pixels to places on the planes.
        textures: (planes, size, size), size a power of two.
        outline: (planes, 3), half width, half height and rounding; a negative rounding marks an endless plane.
        edge: (planes,), how many px of the plane are one px of the sensor: the width of the soft border.
    """
    wrap = textures.shape[1] - 1
    for row in range(picture.shape[0]):
        for column in range(picture.shape[1]):
            total, rest, seen = 0.0, 1.0, -1
            for k in range(len(inverse) - 1, -1, -1):
                m = inverse[k]
                qx = m[0, 0] * column + m[0, 1] * row + m[0, 2]
                qy = m[1, 0] * column + m[1, 1] * row + m[1, 2]
                cover = 1.0
                if outline[k, 2] >= 0:
                    dx, dy = abs(qx) - outline[k, 0], abs(qy) - outline[k, 1]
                    wide, high = max(dx, 0.0), max(dy, 0.0)
                    outside = np.sqrt(wide * wide + high * high) + min(max(dx, dy), 0.0) - outline[k, 2]
                    cover = min(max(0.5 - outside / edge[k], 0.0), 1.0)
                if cover == 0:
                    continue
                left, top = int(np.floor(qx)), int(np.floor(qy))
                a, b = qx - left, qy - top
                x0, y0, x1, y1 = left & wrap, top & wrap, (left + 1) & wrap, (top + 1) & wrap
                texture = textures[k]
                value = (1 - b) * ((1 - a) * texture[y0, x0] + a * texture[y0, x1]) + b * (
                    (1 - a) * texture[y1, x0] + a * texture[y1, x1]
                )
                total += rest * cover * value
                rest *= 1 - cover
                if seen < 0 and cover >= 0.5:
                    seen = k
                if rest == 0:
                    break
            picture[row, column], layer[row, column] = total, max(seen, 0)


@compiled
def emit(
    before: Any,
    after: Any,
    start: int,
    end: int,
    level: Any,
    last: Any,
    on: Any,
    off: Any,
    leak: Any,
    blind: int,
) -> Any:
    """The events of all pixels while the logarithm of brightness goes straight from one picture to the next.

    Args:
        before: (H, W), the picture at start.
        after: (H, W), the picture at end.
        start: Time in us.
        end: Time in us.
        level: (H, W), change since the last event of each pixel; brought up to date.
        last: (H, W), time of the last event of each pixel in us; brought up to date.
        on: (H, W), change that makes a positive event.
        off: (H, W), change that makes a negative event.
        leak: (H, W), growth of the level in a us without any change.
        blind: How long a pixel is blind after an event, in us; what it would have sent is lost.

    Returns:
        int64 (n, 4): t, x, y, p, pixel by pixel.
    """
    height, width = before.shape
    found = np.empty((64, 4), np.int64)
    n = 0
    for y in range(height):
        for x in range(width):
            first = level[y, x]
            change = after[y, x] - before[y, x] + leak[y, x] * (end - start)
            now = first + change
            step = on[y, x] if change > 0 else -off[y, x]
            crossing = step
            while (change > 0 and now >= crossing) or (change < 0 and now <= crossing):
                t = min(int(start + (crossing - first) / change * (end - start)), end - 1)
                crossing += step
                if t - last[y, x] < blind:
                    continue
                last[y, x] = t
                if n == len(found):
                    wider = np.empty((2 * n, 4), np.int64)
                    wider[:n] = found
                    found = wider
                found[n, 0], found[n, 1], found[n, 2], found[n, 3] = t, x, y, 1 if change > 0 else 0
                n += 1
            level[y, x] = now - (crossing - step)
    return found[:n]
