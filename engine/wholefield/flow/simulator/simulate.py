"""Simulated recordings with exact flow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wholefield.flow.representations.grid import SECOND, Events
from wholefield.flow.simulator.camera import Camera
from wholefield.flow.simulator.scene import Plane, SceneSettings, make_scene
from wholefield.progress import ProgressCallback


@dataclass(frozen=True)
class Stretch:
    """What happens from one label to the next.

    Attributes:
        start_us: When it begins, in us.
        events: Its events, ascending in time.
        flow: float32 (2, H, W), how far what each pixel sees at start_us moves until the next label, in px.

    Example:
        >>> from wholefield.flow.simulator import SceneSettings, stretches_of
        >>> settings = SceneSettings(width=32, height=24, duration_us=40_000)
        >>> [stretch.start_us for stretch in stretches_of(settings)]
        [0, 20000]
    """

    start_us: int
    events: Events
    flow: npt.NDArray[np.float32]


def simulate(
    settings: SceneSettings, seed: int = 0, progress: ProgressCallback | None = None
) -> tuple[Events, npt.NDArray[np.float32]]:
    """Simulate a whole recording in memory; the same seed gives the same one.

    Args:
        settings: The scene and the camera.
        seed: Seed of all random choices.
        progress: Called with the labels done and their number.

    Returns:
        Structured events, and the labels, float32 (N, 2, H, W): row k is the displacement in px, x first, from
        k label_delta_us to (k + 1) label_delta_us of what a pixel sees at the beginning.

    Raises:
        SettingError: A setting is out of range.

    Example:
        >>> from wholefield.flow import SceneSettings, simulate
        >>> events, labels = simulate(SceneSettings(width=32, height=24, duration_us=40_000))
        >>> labels.shape
        (2, 2, 24, 32)
    """
    stretches = list(stretches_of(settings, seed, progress))
    events = np.concatenate([stretch.events for stretch in stretches])
    return events, np.stack([stretch.flow for stretch in stretches])


def stretches_of(
    settings: SceneSettings,
    seed: int = 0,
    progress: ProgressCallback | None = None,
    planes: Sequence[Plane] | None = None,
) -> Iterator[Stretch]:
    """Simulate from label to label, so that a recording of any length fits in memory.

    Args:
        settings: The scene and the camera.
        seed: Seed of all random choices.
        progress: Called with the labels done and their number.
        planes: The scene; made from the settings and the seed if None.

    Yields:
        What happens from each label to the next.

    Raises:
        SettingError: A setting is out of range.

    Example:
        >>> from wholefield.flow.simulator import SceneSettings, stretches_of
        >>> first = next(stretches_of(SceneSettings(width=32, height=24, duration_us=40_000)))
        >>> first.flow.shape
        (2, 24, 32)
    """
    settings.validate()
    planes = make_scene(settings, seed) if planes is None else planes
    camera = Camera(planes, settings, seed)
    delta, count = settings.label_delta_us, settings.label_count
    for index in range(count):
        start = index * delta
        flow = exact_flow(planes, camera.look(start)[1], start, start + delta)
        yield Stretch(start, camera.run(min(start + delta, settings.duration_us)), flow.astype(np.float32))
        if progress:
            progress(index + 1, count)


def labels_of(
    settings: SceneSettings, seed: int = 0, planes: Sequence[Plane] | None = None
) -> Iterator[npt.NDArray[np.float32]]:
    """The labels alone, the same that `stretches_of` gives with the events.

    Args:
        settings: The scene and the camera.
        seed: Seed of all random choices.
        planes: The scene; made from the settings and the seed if None.

    Yields:
        Each label, float32 (2, H, W) in px, x first.

    Raises:
        SettingError: A setting is out of range.

    Example:
        >>> from wholefield.flow.simulator import SceneSettings, labels_of
        >>> len(list(labels_of(SceneSettings(width=32, height=24, duration_us=40_000))))
        2
    """
    planes = make_scene(settings, seed) if planes is None else planes
    camera = Camera(planes, settings, seed)
    for start in range(0, settings.duration_us, settings.label_delta_us):
        layer = camera.look(start)[1]
        yield exact_flow(planes, layer, start, start + settings.label_delta_us).astype(np.float32)


def exact_flow(
    planes: Sequence[Plane], layer: npt.NDArray[np.int64], start_us: float, end_us: float
) -> npt.NDArray[np.float64]:
    """How far what each pixel sees at start_us moves until end_us.

    Args:
        planes: The scene.
        layer: int64 (H, W), the plane that each pixel sees at start_us.
        start_us: In us.
        end_us: In us.

    Returns:
        float64 (2, H, W) in px, x first.

    Example:
        >>> import numpy as np
        >>> from wholefield.flow.simulator import Course, Motion, Plane, exact_flow
        >>> plane = Plane(np.zeros((256, 256), np.float32), Motion(Course(rate=100.0), Course()))
        >>> float(exact_flow([plane], np.zeros((24, 32), np.int64), 0, 20_000)[0].max())
        2.0
    """
    height, width = layer.shape
    flow = np.zeros((2, height, width))
    for index, plane in enumerate(planes):
        moved = plane.motion.displacement(start_us / SECOND, end_us / SECOND, (height, width))
        flow = np.where(layer == index, moved, flow)
    return flow
