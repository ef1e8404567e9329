"""How the learning rate goes over a run: a short rise, then half a cosine down to nothing."""

import math

WARM_UP_STEPS = 20


def learning_rate_factor(step: int, steps: int, warm_up: int = WARM_UP_STEPS) -> float:
    """Factor of the learning rate for a step, counted from 0, of a run of `steps`.

    The rise keeps the first steps of Adam, whose size does not depend on the gradient, from throwing a fresh
    network off; the fall lets it settle (Loshchilov and Hutter 2017, SGDR, eq. 5, without restarts).
    """
    warm_up = min(warm_up, steps // 4)
    if step < warm_up:
        return (step + 1) / (warm_up + 1)
    done = min((step - warm_up) / max(steps - warm_up, 1), 1.0)
    return (1 + math.cos(math.pi * done)) / 2
