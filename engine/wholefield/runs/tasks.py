"""All tasks: importing this module makes the settings of every task known to `load_config`. No torch."""

from wholefield.runs.config import ClassifyConfig, PredictConfig, SegmentConfig
from wholefield.runs.flow.config import FlowConfig, FlowPredictConfig
from wholefield.runs.settings import RunSettings
from wholefield.runs.stacks.config import (
    Noise2InverseConfig,
    StackPredictConfig,
    StackRegressionConfig,
    StackSegmentationConfig,
)

TASKS: tuple[type[RunSettings], ...] = (
    ClassifyConfig,
    SegmentConfig,
    PredictConfig,
    StackRegressionConfig,
    StackSegmentationConfig,
    Noise2InverseConfig,
    StackPredictConfig,
    FlowConfig,
    FlowPredictConfig,
)
