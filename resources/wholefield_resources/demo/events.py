"""The demo recording: textured planes slide, turn and hide each other before an event camera; exact flow."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from wholefield.flow.simulator import SceneSettings
from wholefield.flow.simulator.files import write_simulation
from wholefield.progress import ProgressCallback
from wholefield_resources.demo.once import Once, user_folder

FOLDER_NAME = "demo-events"
RECORDING_NAME = "sliding_planes.h5"
LABELS_NAME = "sliding_planes_flow.h5"
# Counts up when the same settings come to mean another recording.
VERSION = 1


@dataclass(frozen=True)
class EventDemoSettings:
    """What the recording is like.

    Attributes:
        scene: The scene and the camera.
        seed: The same seed gives the same recording.
    """

    scene: SceneSettings = field(
        default_factory=lambda: SceneSettings(
            width=240,
            height=180,
            duration_us=3_000_000,
            planes=4,
            speed=140.0,
            turn=1.2,
            contrast=0.5,
            threshold=0.35,
            label_delta_us=50_000,
        )
    )
    seed: int = 5


@dataclass(frozen=True)
class EventDemo:
    """Where the files of the demo recording lie.

    Attributes:
        folder: All of them.
        recording: The events, HDF5.
        labels: The exact flow, HDF5: displacement in px from one label to the next.
    """

    folder: Path
    recording: Path
    labels: Path


def event_demo(folder: Path | None = None) -> EventDemo:
    """The places of the demo recording, whether it has been made or not; by default in the user's data folder."""
    folder = folder or user_folder(FOLDER_NAME)
    return EventDemo(folder, folder / RECORDING_NAME, folder / LABELS_NAME)


def make_event_demo(
    folder: Path | None = None,
    progress: ProgressCallback | None = None,
    settings: EventDemoSettings | None = None,
) -> EventDemo:
    """Make the demo recording unless it is complete already; a start that was interrupted is repeated.

    Args:
        folder: Where it goes; by default in the user's data folder.
        progress: Called with the steps done and the steps in all; an error that it raises stops the work.
        settings: What to make.

    Raises:
        SourceError: The folder cannot be written to.
    """
    settings = settings or EventDemoSettings()
    demo = event_demo(folder)
    _once(demo, settings).ensure(
        lambda: write_simulation(demo.recording, settings.scene, settings.seed, progress)
    )
    return demo


def is_complete(demo: EventDemo, settings: EventDemoSettings) -> bool:
    """Whether both files are there and were made with these settings."""
    return _once(demo, settings).is_complete


def _once(demo: EventDemo, settings: EventDemoSettings) -> Once:
    return Once("demo recording", demo.folder, (demo.recording, demo.labels), VERSION, settings)
