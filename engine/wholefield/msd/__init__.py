"""Mixed-scale dense networks: everything that msd_pytorch documents, and what training on stacks needs.

A script written for msd_pytorch moves over by importing wholefield.msd in its place; no GPU is needed. Names are loaded on
first use, so that settings can be offered without torch.
"""

from typing import TYPE_CHECKING

from wholefield.lazy import loader

if TYPE_CHECKING:
    from wholefield.msd.bench import TimeitResult
    from wholefield.msd.buffers import release_buffers
    from wholefield.msd.compat import conv, conv_relu, relu_inplace, stitch
    from wholefield.msd.errors import CheckpointError, Error, InputError, LabelError, ShapeError
    from wholefield.msd.final_layer import MSDFinalLayer
    from wholefield.msd.image_dataset import ImageDataset, ImageStack
    from wholefield.msd.initialisation import init_convolution_weights
    from wholefield.msd.main import regression, segmentation
    from wholefield.msd.msd_block import MSDBlock, MSDBlock2d, MSDBlockImpl2d, MSDModule2d
    from wholefield.msd.msd_model import MSDModel
    from wholefield.msd.msd_module import MSDLayerModule, MSDModule
    from wholefield.msd.msd_regression_model import MSDRegressionModel
    from wholefield.msd.msd_segmentation_model import MSDSegmentationModel
    from wholefield.msd.opening import build_model, open_model
    from wholefield.msd.scaling import scaling_module
    from wholefield.msd.spec import DEFAULT_DILATIONS, units_in_front

_HOMES = {
    "CheckpointError": "errors",
    "DEFAULT_DILATIONS": "spec",
    "Error": "errors",
    "ImageDataset": "image_dataset",
    "ImageStack": "image_dataset",
    "InputError": "errors",
    "LabelError": "errors",
    "MSDBlock": "msd_block",
    "MSDBlock2d": "msd_block",
    "MSDBlockImpl2d": "msd_block",
    "MSDFinalLayer": "final_layer",
    "MSDLayerModule": "msd_module",
    "MSDModel": "msd_model",
    "MSDModule": "msd_module",
    "MSDModule2d": "msd_block",
    "MSDRegressionModel": "msd_regression_model",
    "MSDSegmentationModel": "msd_segmentation_model",
    "ShapeError": "errors",
    "TimeitResult": "bench",
    "build_model": "opening",
    "conv": "compat",
    "conv_relu": "compat",
    "init_convolution_weights": "initialisation",
    "open_model": "opening",
    "regression": "main",
    "release_buffers": "buffers",
    "relu_inplace": "compat",
    "scaling_module": "scaling",
    "segmentation": "main",
    "stitch": "compat",
    "units_in_front": "spec",
}

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

__getattr__ = loader(__name__, _HOMES)
