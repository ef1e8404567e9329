"""The networks that regress flow from event features, and the layers that they are made of."""

from wholefield.networks.flow.feature_extractor import (
    FEATURE_EXTRACTORS,
    build_feature_extractor,
    eminet,
    eminet_non_sep,
    midinet,
    midinet2,
)
from wholefield.networks.flow.layers import (
    Depthwise,
    ScaledReLU,
    SqueezeExcite,
    StandardConvolution,
    block,
    convolution,
)
from wholefield.networks.flow.memory import Memory, fresh_memory, memory_of, remember
from wholefield.networks.flow.recurrent import (
    Cell,
    ConvGRU,
    ConvLSTM,
    ConvRecurrence,
    ResidualRecurrence,
    State,
    recurrence,
)
from wholefield.networks.flow.unet import FlowUNet

__all__ = [
    "FEATURE_EXTRACTORS",
    "Cell",
    "ConvGRU",
    "ConvLSTM",
    "ConvRecurrence",
    "Depthwise",
    "FlowUNet",
    "Memory",
    "ResidualRecurrence",
    "ScaledReLU",
    "SqueezeExcite",
    "StandardConvolution",
    "State",
    "block",
    "build_feature_extractor",
    "convolution",
    "eminet",
    "eminet_non_sep",
    "memory_of",
    "midinet",
    "midinet2",
    "recurrence",
    "remember",
    "fresh_memory",
]
