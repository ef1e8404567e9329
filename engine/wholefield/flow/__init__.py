"""Optical flow from events: what metavision_ml.flow documents, and what training on recordings needs.

Every name is loaded on its first use: some need torch and Lightning, which take seconds to import.
"""

from typing import TYPE_CHECKING

from wholefield.lazy import loader

if TYPE_CHECKING:
    from wholefield.flow.callbacks import FlowCallback
    from wholefield.flow.contrast import ContrastLoss, ContrastMeasure, contrast_loss
    from wholefield.flow.data_module import FlowDataModule
    from wholefield.flow.feature_extractor import (
        FEATURE_EXTRACTORS,
        eminet,
        eminet_non_sep,
        midinet,
        midinet2,
    )
    from wholefield.flow.features import FeatureFile, write_features
    from wholefield.flow.flow_network import FlowNetwork
    from wholefield.flow.labels import load_labels_flow
    from wholefield.flow.lightning_model import FlowModel
    from wholefield.flow.losses import LOSS_NAMES, FlowLoss
    from wholefield.flow.predictor import FlowInput, FlowPredictor
    from wholefield.flow.representations import PREPROCESSORS, make_features, register
    from wholefield.flow.scorecard import ScoreCard, score_flow
    from wholefield.flow.simulator import SceneSettings, simulate
    from wholefield.flow.splat import Walk, image_of_warped_events, warp_events
    from wholefield.flow.translation import best_translation
    from wholefield.flow.viz import convert_to_gray, draw_arrows, draw_flow_on_grid, get_arrows

_HOMES = {
    "FEATURE_EXTRACTORS": "feature_extractor",
    "LOSS_NAMES": "losses",
    "PREPROCESSORS": "representations",
    "ContrastLoss": "contrast",
    "ContrastMeasure": "contrast",
    "FeatureFile": "features",
    "FlowCallback": "callbacks",
    "FlowDataModule": "data_module",
    "FlowInput": "predictor",
    "FlowLoss": "losses",
    "FlowModel": "lightning_model",
    "FlowNetwork": "flow_network",
    "FlowPredictor": "predictor",
    "SceneSettings": "simulator",
    "ScoreCard": "scorecard",
    "Walk": "splat",
    "best_translation": "translation",
    "contrast_loss": "contrast",
    "convert_to_gray": "viz",
    "draw_arrows": "viz",
    "draw_flow_on_grid": "viz",
    "eminet": "feature_extractor",
    "eminet_non_sep": "feature_extractor",
    "get_arrows": "viz",
    "image_of_warped_events": "splat",
    "load_labels_flow": "labels",
    "make_features": "representations",
    "midinet": "feature_extractor",
    "midinet2": "feature_extractor",
    "register": "representations",
    "score_flow": "scorecard",
    "simulate": "simulator",
    "warp_events": "splat",
    "write_features": "features",
}

__all__ = [
    "FEATURE_EXTRACTORS",
    "LOSS_NAMES",
    "PREPROCESSORS",
    "ContrastLoss",
    "ContrastMeasure",
    "FeatureFile",
    "FlowCallback",
    "FlowDataModule",
    "FlowInput",
    "FlowLoss",
    "FlowModel",
    "FlowNetwork",
    "FlowPredictor",
    "SceneSettings",
    "ScoreCard",
    "Walk",
    "best_translation",
    "contrast_loss",
    "convert_to_gray",
    "draw_arrows",
    "draw_flow_on_grid",
    "eminet",
    "eminet_non_sep",
    "get_arrows",
    "image_of_warped_events",
    "load_labels_flow",
    "make_features",
    "midinet",
    "midinet2",
    "register",
    "score_flow",
    "simulate",
    "warp_events",
    "write_features",
]

__getattr__ = loader(__name__, _HOMES)
