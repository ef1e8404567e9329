"""All tasks: importing this module makes the settings of every task known to `load_config`. No torch."""

from wholefield.runs.settings import RunSettings
from wholefield.tasks.events.config import FlowConfig, FlowPredictConfig
from wholefield.tasks.slides.config import ClassifyConfig, PredictConfig, SegmentConfig
from wholefield.tasks.stacks.config import (
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
