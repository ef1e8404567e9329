"""The simulated event camera: frames are rendered as often as the motion needs, and pixels respond to their changes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from wholefield.flow.representations.grid import SECOND, Events
from wholefield.flow.simulator.scene import Plane, SceneSettings
from wholefield.sources.events.recording import EVENT_DTYPE

# Limits from one rendered frame to the next: motion in px, time in us.
LONGEST_MOVE = 0.5
LONGEST_STEP_US = 5000
NEVER = -(1 << 40)
# Share of the events of a hot pixel that are positive.
HOT_POSITIVE = 0.9


class Camera:
    """A camera in front of planes; it runs from time 0 on.

    Attributes:
        now: The time that it has reached, in us.

    Args:
        planes: The scene, the background first.
        settings: The camera.
        seed: Seed of thresholds and noise.

    Example:
        >>> from wholefield.flow.simulator import Camera, SceneSettings, make_scene
        >>> settings = SceneSettings(width=32, height=24)
        >>> camera = Camera(make_scene(settings, seed=0), settings, seed=0)
        >>> events = camera.run(10_000)
        >>> len(events) > 0, bool(events["t"].max() < 10_000)
        (True, True)
    """

    def __init__(self, planes: Sequence[Plane], settings: SceneSettings, seed: int) -> None:
        self.now = 0
        self._planes, self._settings = planes, settings
        self._textures = np.stack([plane.texture for plane in planes])
        self._outline = np.array(
            [(*plane.half, plane.rounding) if plane.half else (0, 0, -1) for plane in planes]
        )
        rng = self._rng = np.random.default_rng([seed, 0xCA3E7A])
        shape = settings.shape
        self._on, self._off = (
            settings.threshold * np.maximum(1 + settings.threshold_noise * rng.normal(size=shape), 0.1)
            for _ in range(2)
        )
        self._off *= settings.off_ratio
        self._leak = np.broadcast_to(settings.leak_hz * self._on / SECOND, shape).copy()
        # A pixel that has been awake for long is anywhere between its thresholds.
        self._level = rng.uniform(-1, 1, shape) * np.minimum(self._on, self._off)
        self._last = np.full(shape, NEVER)
        self._hot = np.flatnonzero(rng.random(shape) < settings.hot_share) if settings.hot_share else None
        self._picture = self.look(0)[0]

    def look(self, t_us: float) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
        """The logarithm of brightness and the index of the visible plane, (H, W) each."""
        from wholefield.flow.simulator.kernels import draw

        poses = [plane.motion.pose(t_us / SECOND) for plane in self._planes]
        turns = [np.linalg.inv(pose[:, :2]) for pose in poses]
        inverse = np.stack(
            [np.column_stack([turn, -turn @ pose[:, 2]]) for turn, pose in zip(turns, poses, strict=True)]
        )
        edge = np.array([np.sqrt(abs(np.linalg.det(turn))) for turn in turns])
        picture, layer = np.zeros(self._settings.shape), np.zeros(self._settings.shape, np.int64)
        draw(picture, layer, inverse, self._textures, self._outline, edge)
        return picture, layer

    def run(self, until_us: int) -> Events:
        """The events from `now` until then, ascending in time."""
        from wholefield.flow.simulator.kernels import emit

        found = [self._shots(until_us), self._hot_shots(until_us)]
        while self.now < until_us:
            end = min(until_us, self.now + self._step_us())
            after = self.look(end)[0]
            rows = emit(
                self._picture,
                after,
                self.now,
                end,
                self._level,
                self._last,
                self._on,
                self._off,
                self._leak,
                self._settings.refractory_us,
            )
            found.append(rows)
            self._picture, self.now = after, end
        return _as_events(np.concatenate(found))

    def _step_us(self) -> int:
        """How long the next step may be so that nothing moves too far."""
        step = LONGEST_STEP_US
        for _ in range(16):
            later = (self.now + step) / SECOND
            reach = max(
                plane.motion.reach(self.now / SECOND, later, self._settings.shape) for plane in self._planes
            )
            if reach <= LONGEST_MOVE or step == 1:
                break
            step = max(1, int(step * min(0.9 * LONGEST_MOVE / reach, 0.9)))
        return step

    def _shots(self, until_us: int) -> npt.NDArray[np.int64]:
        """Shot-noise events from `now` until then, (n, 4): t, x, y, p."""
        height, width = self._settings.shape
        mean = self._settings.shot_hz * height * width * (until_us - self.now) / SECOND
        count = int(self._rng.poisson(mean))
        limits = (until_us - self.now, width, height, 2)
        shots = np.stack([self._rng.integers(0, limit, count) for limit in limits], axis=1)
        shots[:, 0] += self.now
        return shots

    def _hot_shots(self, until_us: int) -> npt.NDArray[np.int64]:
        """Events of the hot pixels from `now` until then, (n, 4): t, x, y, p."""
        if self._hot is None:
            return np.empty((0, 4), np.int64)
        mean = self._settings.hot_hz * len(self._hot) * (until_us - self.now) / SECOND
        count = int(self._rng.poisson(mean))
        if count == 0:
            return np.empty((0, 4), np.int64)
        rows, columns = np.divmod(self._rng.choice(self._hot, count), self._settings.width)
        times = self._rng.integers(self.now, until_us, count)
        return np.stack([times, columns, rows, self._rng.random(count) < HOT_POSITIVE], axis=1).astype(
            np.int64
        )


def _as_events(rows: npt.NDArray[np.int64]) -> Events:
    """Rows of t, x, y, p as events ascending in time."""
    rows = rows[np.argsort(rows[:, 0], kind="stable")]
    events = np.zeros(len(rows), EVENT_DTYPE)
    for index, name in enumerate(("t", "x", "y", "p")):
        events[name] = rows[:, index]
    return events
