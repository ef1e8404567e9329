"""Mixed-scale dense networks: everything that msd_pytorch documents, and what training on stacks needs.

A script written for msd_pytorch moves over by importing engine.msd in its place; no GPU is needed.
"""

import engine.msd.streaming  # noqa: F401  (teaches the streaming engine these networks)
from engine.msd.bench import TimeitResult
from engine.msd.buffers import release_buffers
from engine.msd.compat import conv, conv_relu, relu_inplace, stitch
from engine.msd.errors import CheckpointError, Error, InputError, LabelError, ShapeError
from engine.msd.final_layer import MSDFinalLayer
from engine.msd.image_dataset import ImageDataset, ImageStack
from engine.msd.initialisation import init_convolution_weights
from engine.msd.main import regression, segmentation
from engine.msd.msd_block import MSDBlock, MSDBlock2d, MSDBlockImpl2d, MSDModule2d
from engine.msd.msd_model import MSDModel
from engine.msd.msd_module import MSDLayerModule, MSDModule
from engine.msd.msd_regression_model import MSDRegressionModel
from engine.msd.msd_segmentation_model import MSDSegmentationModel
from engine.msd.opening import build_model, open_model
from engine.msd.scaling import scaling_module
from engine.msd.spec import DEFAULT_DILATIONS, units_in_front

__all__ = [
    "DEFAULT_DILATIONS",
    "CheckpointError",
    "Error",
    "ImageDataset",
    "ImageStack",
    "InputError",
    "LabelError",
    "MSDBlock",
    "MSDBlock2d",
    "MSDBlockImpl2d",
    "MSDFinalLayer",
    "MSDLayerModule",
    "MSDModel",
    "MSDModule",
    "MSDModule2d",
    "MSDRegressionModel",
    "MSDSegmentationModel",
    "ShapeError",
    "TimeitResult",
    "build_model",
    "conv",
    "conv_relu",
    "init_convolution_weights",
    "open_model",
    "regression",
    "relu_inplace",
    "release_buffers",
    "scaling_module",
    "segmentation",
    "stitch",
    "units_in_front",
]
