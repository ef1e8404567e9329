"""Optical flow from events: representations, losses, sequences, simulator, scores and pictures.

Every name is loaded on its first use: some need torch, which takes seconds to import.
"""

from typing import TYPE_CHECKING

from wholefield.lazy import lazy_names

if TYPE_CHECKING:
    from wholefield.flow.contrast_flow import (
        ContrastSettings as ContrastSettings,
        contrast_flow as contrast_flow,
    )
    from wholefield.flow.features import FeatureFile as FeatureFile, write_features as write_features
    from wholefield.flow.flow_network import FlowNetwork as FlowNetwork
    from wholefield.flow.labels import load_labels_flow as load_labels_flow
    from wholefield.flow.losses.contrast import (
        ContrastLoss as ContrastLoss,
        ContrastMeasure as ContrastMeasure,
        contrast_loss as contrast_loss,
    )
    from wholefield.flow.losses.criterion import LOSS_NAMES as LOSS_NAMES, FlowLoss as FlowLoss
    from wholefield.flow.predictor import FlowInput as FlowInput, FlowPredictor as FlowPredictor
    from wholefield.flow.representations import (
        PREPROCESSORS as PREPROCESSORS,
        make_features as make_features,
        register as register,
    )
    from wholefield.flow.scores.accuracy import FlowErrors as FlowErrors, flow_errors as flow_errors
    from wholefield.flow.scores.endpoint_error import (
        EndpointError as EndpointError,
        endpoint_error as endpoint_error,
    )
    from wholefield.flow.scores.scorecard import (
        Score as Score,
        ScoreCard as ScoreCard,
        score_flow as score_flow,
    )
    from wholefield.flow.scores.sharpness import (
        flow_warp_loss as flow_warp_loss,
        median_motion as median_motion,
    )
    from wholefield.flow.scores.translation import best_translation as best_translation
    from wholefield.flow.simulator import SceneSettings as SceneSettings, simulate as simulate
    from wholefield.flow.streamable import StreamableFlow as StreamableFlow
    from wholefield.flow.viz import (
        convert_to_gray as convert_to_gray,
        draw_arrows as draw_arrows,
        get_arrows as get_arrows,
    )
    from wholefield.flow.warping.events import (
        Trajectory as Trajectory,
        image_of_warped_events as image_of_warped_events,
        warp_events as warp_events,
    )
    from wholefield.networks.flow.feature_extractor import (
        FEATURE_EXTRACTORS as FEATURE_EXTRACTORS,
        eminet as eminet,
        eminet_non_sep as eminet_non_sep,
        midinet as midinet,
        midinet2 as midinet2,
    )

__getattr__, __all__ = lazy_names(__name__, __file__)
