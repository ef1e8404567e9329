"""Optical flow from events: what metavision_ml.flow documents, and what training on recordings needs.

Every name is loaded on its first use: some need torch and Lightning, which take seconds to import.
"""

from typing import TYPE_CHECKING

from engine.lazy import loader

if TYPE_CHECKING:
    from engine.flow.features import FeatureFile, write_features
    from engine.flow.representations import PREPROCESSORS, make_features, register
    from engine.flow.simulator import SceneSettings, simulate
    from engine.flow.splat import Walk, image_of_warped_events, warp_events
    from engine.flow.translation import best_translation

_HOMES = {
    "PREPROCESSORS": "representations",
    "FeatureFile": "features",
    "SceneSettings": "simulator",
    "Walk": "splat",
    "best_translation": "translation",
    "image_of_warped_events": "splat",
    "make_features": "representations",
    "register": "representations",
    "simulate": "simulator",
    "warp_events": "splat",
    "write_features": "features",
}

__all__ = [
    "PREPROCESSORS",
    "FeatureFile",
    "SceneSettings",
    "Walk",
    "best_translation",
    "image_of_warped_events",
    "make_features",
    "register",
    "simulate",
    "warp_events",
    "write_features",
]

__getattr__ = loader(__name__, _HOMES)
