"""The scene: its settings, and textured planes in random motion that are made from them."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from wholefield.errors import SettingError
from wholefield.flow.simulator.motion import Course, Motion
from wholefield.flow.simulator.texture import make_texture


@dataclass(frozen=True)
class SceneSettings:
    """A scene and the camera that looks at it.

    Attributes:
        width: Columns of the sensor in px.
        height: Rows of the sensor in px.
        duration_us: Length of the recording in us.
        planes: Textured planes, including the background; those in front hide those behind.
        speed: Highest speed of translation in px per s.
        turn: Highest speed of rotation in rad per s.
        zoom: Highest speed of scaling, as a share per s.
        contrast: Standard deviation of the logarithm of brightness.
        threshold: Change of the logarithm of brightness that triggers an event.
        threshold_noise: Standard deviation of the threshold between pixels, as a share of it.
        leak_hz: Events per pixel and second without any change, all positive.
        shot_hz: Events per pixel and second by chance.
        off_ratio: Threshold of negative events, as a share of that of positive ones.
        hot_share: Share of the pixels that are hot.
        hot_hz: Events per hot pixel and second, most of them positive.
        refractory_us: How long a pixel is blind after an event, in us.
        label_delta_us: Time between labels, which give the motion until the next one, in us.

    Example:
        >>> from wholefield.flow import SceneSettings
        >>> SceneSettings(duration_us=100_000, label_delta_us=20_000).label_count
        5
    """

    width: int = 160
    height: int = 120
    duration_us: int = 1_000_000
    planes: int = 3
    speed: float = 250.0
    turn: float = 0.6
    zoom: float = 0.3
    contrast: float = 0.7
    threshold: float = 0.2
    threshold_noise: float = 0.03
    leak_hz: float = 0.1
    shot_hz: float = 0.2
    off_ratio: float = 1.0
    hot_share: float = 0.0
    hot_hz: float = 200.0
    refractory_us: int = 300
    label_delta_us: int = 20_000

    def validate(self) -> None:
        """Check the ranges.

        Raises:
            SettingError: A setting is out of range.
        """
        least = {"width": 1, "height": 1, "duration_us": 1, "planes": 1, "label_delta_us": 1}
        for name, limit in least.items():
            if getattr(self, name) < limit:
                raise SettingError(f"{name} is {getattr(self, name)} but must be at least {limit}.")
        for field in fields(self):
            if getattr(self, field.name) < 0:
                raise SettingError(f"{field.name} is {getattr(self, field.name)} but must not be negative.")
        for name in ("threshold", "off_ratio"):
            if getattr(self, name) == 0:
                raise SettingError(f"{name} is 0 but must be above 0.")
        if self.hot_share > 1:
            raise SettingError(f"hot_share is {self.hot_share} but must be at most 1.")

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width) of the sensor."""
        return self.height, self.width

    @property
    def label_count(self) -> int:
        """Number of labels; the last may reach beyond the recording."""
        return -(-self.duration_us // self.label_delta_us)


@dataclass(frozen=True)
class Plane:
    """A textured plane: a rectangle with rounded corners, or unbounded.

    Attributes:
        texture: float32 (size, size), logarithmic brightness, periodic, with its origin at that of the plane.
        motion: Where it is.
        half: Half its width and height without the rounding, in px of the plane; None if it is unbounded.
        rounding: Radius of the corners in px of the plane.

    Example:
        >>> import numpy as np
        >>> from wholefield.flow.simulator import Course, Motion, Plane
        >>> Plane(np.zeros((256, 256), np.float32), Motion(Course(), Course())).half is None
        True
    """

    texture: npt.NDArray[np.float32]
    motion: Motion
    half: tuple[float, float] | None = None
    rounding: float = 0.0


def make_scene(settings: SceneSettings, seed: int) -> tuple[Plane, ...]:
    """Planes in random motion, the unbounded background first; the same seed gives the same scene.

    Args:
        settings: The scene.
        seed: Seed of all random choices.

    Returns:
        The planes from back to front.

    Raises:
        SettingError: A setting is out of range.

    Example:
        >>> from wholefield.flow.simulator import SceneSettings, make_scene
        >>> [plane.half is None for plane in make_scene(SceneSettings(planes=3), seed=0)]
        [True, False, False]
    """
    settings.validate()
    rng = np.random.default_rng([seed, 0x5CE4E])
    return tuple(_plane(settings, rng, background=index == 0) for index in range(settings.planes))


def _plane(settings: SceneSettings, rng: np.random.Generator, *, background: bool) -> Plane:
    texture = make_texture(rng, settings.contrast) + np.float32(0 if background else rng.normal(0, 0.3))
    motion = _motion(settings, rng, drift=background)
    if background:
        return Plane(texture, motion)
    small = min(settings.shape)
    half = rng.uniform(0.02, 0.22, 2) * small
    return Plane(texture, motion, (float(half[0]), float(half[1])), float(rng.uniform(0.05, 0.16) * small))


def _motion(settings: SceneSettings, rng: np.random.Generator, *, drift: bool) -> Motion:
    """Translation at about the highest speed, steady and oscillating for the background, only oscillating otherwise."""
    direction, speed = rng.uniform(0, 2 * np.pi), settings.speed * rng.uniform(0.4, 1)
    places = rng.uniform(0.25, 0.75, 2) * (settings.width, settings.height)
    steady, swinging = (0.8, 0.2) if drift else (0.0, 1.0)
    axes = [
        Course(float(place), steady * speed * part, *_swing(rng, swinging * speed * part))
        for place, part in zip(places, (np.cos(direction), np.sin(direction)), strict=True)
    ]
    return Motion(
        axes[0],
        axes[1],
        Course(float(rng.uniform(0, 2 * np.pi)), 0.0, *_swing(rng, settings.turn * rng.uniform(0.2, 1))),
        Course(0.0, 0.0, *_swing(rng, settings.zoom * rng.uniform(0.2, 1))),
    )


def _swing(rng: np.random.Generator, fastest: float) -> tuple[float, float, float]:
    """Amplitude, frequency and phase of an oscillation with that highest speed."""
    frequency = float(rng.uniform(0.3, 0.8))
    return float(fastest / (2 * np.pi * frequency)), frequency, float(rng.uniform(0, 2 * np.pi))
