"""Simulated recordings with exact flow: textured planes under smooth planar motion, seen by an event camera."""

from wholefield.flow.simulator.camera import Camera
from wholefield.flow.simulator.files import SimulatedFiles, write_simulation
from wholefield.flow.simulator.motion import Course, Motion
from wholefield.flow.simulator.scene import Plane, SceneSettings, make_scene
from wholefield.flow.simulator.simulate import Stretch, exact_flow, labels_of, simulate, stretches_of
from wholefield.flow.simulator.variety import varied_scene

__all__ = [
    "Camera",
    "Course",
    "Motion",
    "Plane",
    "SceneSettings",
    "SimulatedFiles",
    "Stretch",
    "exact_flow",
    "labels_of",
    "make_scene",
    "simulate",
    "stretches_of",
    "varied_scene",
    "write_simulation",
]
