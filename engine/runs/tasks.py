"""All tasks: importing this module makes the settings of every task known to `load_config`. No torch."""

from engine.runs.config import ClassifyConfig, PredictConfig, SegmentConfig
from engine.runs.settings import RunSettings

TASKS: tuple[type[RunSettings], ...] = (ClassifyConfig, SegmentConfig, PredictConfig)
