"""Scenes of great variety: what a network that must cope with any recording learns from.

A time bin is the unit: a scene of `BIN_US` per bin whose fastest part moves by 0.1 to 12 px per bin looks, to a network
that is given bins, like a recording of any speed whose bins were chosen by its motion.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from wholefield.flow.simulator.motion import Course, Motion
from wholefield.flow.simulator.scene import Plane, SceneSettings
from wholefield.flow.simulator.textures import random_texture

BIN_US = 10_000
BINS_PER_SECOND = 100.0
# Of the fastest plane, in px of the sensor per bin: two decades.
SLOWEST, FASTEST = 0.12, 12.0
SIZES = ((128, 128), (160, 120), (240, 180), (320, 240), (346, 260))


def varied_scene(
    seed: int, bins: int = 24, size: tuple[int, int] | None = None
) -> tuple[SceneSettings, tuple[Plane, ...]]:
    """A camera and a scene drawn at random; the same seed gives the same.

    The background and up to six objects, textured by any generator of `textures`, move apart, hide each other, leave
    and enter; camera motion is translation, rotation, zoom or all of them. Speed, contrast, thresholds and their
    spread, noise, hot pixels and refractory time are drawn from wide ranges, most of them evenly in the logarithm.

    Args:
        seed: Seed of all random choices.
        bins: Length in time bins of `BIN_US`; labels are that far apart.
        size: (width, height) of the sensor in px; drawn from `SIZES` if None.

    Returns:
        The settings and the planes, for `stretches_of`.

    Example:
        >>> from wholefield.flow.simulator import stretches_of, varied_scene
        >>> settings, planes = varied_scene(seed=1, bins=3, size=(64, 48))
        >>> [stretch.flow.shape for stretch in stretches_of(settings, 1, planes=planes)]
        [(2, 48, 64), (2, 48, 64), (2, 48, 64)]
    """
    rng = np.random.default_rng([seed, 0x7A21ED])
    width, height = SIZES[int(rng.integers(len(SIZES)))] if size is None else size
    settings = _camera(rng, replace(SceneSettings(), width=width, height=height, duration_us=bins * BIN_US))
    # The bins of a recording follow its motion, so slow scenes are rarer than fast ones.
    speed = SLOWEST * (FASTEST / SLOWEST) ** rng.random() ** 0.4 * BINS_PER_SECOND
    plain = rng.random() < 0.12
    background = _background(rng, settings, speed, plain)
    count = int(rng.integers(1, 7)) if plain else int(rng.integers(0, 6))
    together = rng.random() < 0.4
    objects = [_object(rng, settings, speed, background.motion if together else None) for _ in range(count)]
    return replace(settings, planes=1 + count), (background, *objects)


def _camera(rng: np.random.Generator, settings: SceneSettings) -> SceneSettings:
    hot = rng.random() < 0.3
    return replace(
        settings,
        contrast=_log_uniform(rng, 0.3, 1.2),
        threshold=_log_uniform(rng, 0.1, 0.4),
        off_ratio=_log_uniform(rng, 0.7, 1.4),
        threshold_noise=float(rng.uniform(0, 0.12)),
        leak_hz=_log_uniform(rng, 0.01, 1),
        shot_hz=_log_uniform(rng, 0.02, 8),
        hot_share=_log_uniform(rng, 1e-4, 5e-3) if hot else 0.0,
        hot_hz=_log_uniform(rng, 20, 1000),
        refractory_us=int(_log_uniform(rng, 50, 12_000)),
        label_delta_us=BIN_US,
    )


def _background(rng: np.random.Generator, settings: SceneSettings, speed: float, plain: bool) -> Plane:
    contrast = 0.01 if plain else settings.contrast
    return Plane(random_texture(rng, contrast), _motion(rng, settings, speed, (0.5, 0.5)))


def _object(rng: np.random.Generator, settings: SceneSettings, speed: float, camera: Motion | None) -> Plane:
    """An object with a motion of its own, or with that of the camera at another distance."""
    small = min(settings.shape)
    place = (float(rng.uniform(-0.1, 1.1)), float(rng.uniform(-0.1, 1.1)))
    own = speed * rng.uniform(0, 1.2)
    motion = _motion(rng, settings, own, place) if camera is None else _nearer(rng, settings, camera, place)
    sides = [_log_uniform(rng, 0.02, 0.3) * small for _ in range(2)]
    texture = random_texture(rng, settings.contrast) + np.float32(rng.normal(0, 0.6 * settings.contrast))
    return Plane(texture, motion, (sides[0], sides[1]), _log_uniform(rng, 0.02, 0.15) * small)


def _nearer(
    rng: np.random.Generator, settings: SceneSettings, camera: Motion, place: tuple[float, float]
) -> Motion:
    """The motion of the camera, faster or slower: parallax."""
    factor = _log_uniform(rng, 0.4, 2)
    axes = [
        replace(course, offset=at * size, rate=factor * course.rate, amplitude=factor * course.amplitude)
        for course, at, size in zip(
            (camera.x, camera.y), place, (settings.width, settings.height), strict=True
        )
    ]
    return Motion(axes[0], axes[1], camera.angle, camera.log_scale)


def _motion(
    rng: np.random.Generator, settings: SceneSettings, speed: float, place: tuple[float, float]
) -> Motion:
    """Translation, rotation about any point and zoom, each steady and swinging by random shares."""
    radius = 0.35 * max(settings.shape)
    translation = speed * rng.uniform(0.3, 1) * (0.1 if rng.random() < 0.15 else 1)
    turn = speed / radius * rng.uniform(0.1, 1) * (rng.random() < 0.55)
    zoom = speed / radius * rng.uniform(0.1, 0.7) * (rng.random() < 0.4)
    direction = rng.uniform(0, 2 * np.pi)
    x, y = (
        _course(rng, at * size + rng.normal(0, 0.15) * size, translation * part)
        for at, size, part in zip(
            place, (settings.width, settings.height), (np.cos(direction), np.sin(direction)), strict=True
        )
    )
    angle = _course(rng, rng.uniform(0, 2 * np.pi), turn * rng.choice((-1, 1)))
    return Motion(x, y, angle, _course(rng, rng.normal(0, 0.4), zoom * rng.choice((-1, 1))))


def _course(rng: np.random.Generator, offset: float, fastest: float) -> Course:
    """A course of at most that speed: a random share of it steady, the rest swinging."""
    steady = rng.uniform(0, 1) ** 0.5
    frequency = _log_uniform(rng, 0.3, 5)
    amplitude = (1 - steady) * fastest / (2 * np.pi * frequency)
    return Course(
        float(offset), float(steady * fastest), float(amplitude), frequency, float(rng.uniform(0, 2 * np.pi))
    )


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))
