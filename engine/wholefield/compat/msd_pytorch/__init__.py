"""Everything that msd_pytorch documents, on our engine; no GPU is needed.

A script written for msd_pytorch moves over by importing wholefield.compat.msd_pytorch in its place.
"""

from typing import TYPE_CHECKING

from wholefield.lazy import lazy_names

if TYPE_CHECKING:
    from wholefield.compat.msd_pytorch import (
        bench as bench,
        conv as conv,
        conv_relu as conv_relu,
        errors as errors,
        image_dataset as image_dataset,
        main as main,
        msd_block as msd_block,
        msd_model as msd_model,
        msd_module as msd_module,
        msd_regression_model as msd_regression_model,
        msd_segmentation_model as msd_segmentation_model,
        relu_inplace as relu_inplace,
        stitch as stitch,
    )
    from wholefield.compat.msd_pytorch.bench import TimeitResult as TimeitResult
    from wholefield.compat.msd_pytorch.errors import (
        CheckpointError as CheckpointError,
        Error as Error,
        InputError as InputError,
        LabelError as LabelError,
        ShapeError as ShapeError,
    )
    from wholefield.compat.msd_pytorch.image_dataset import (
        ImageDataset as ImageDataset,
        ImageStack as ImageStack,
    )
    from wholefield.compat.msd_pytorch.main import regression as regression, segmentation as segmentation
    from wholefield.compat.msd_pytorch.msd_block import (
        MSDBlock as MSDBlock,
        MSDBlock2d as MSDBlock2d,
        MSDBlock3d as MSDBlock3d,
        MSDBlockImpl2d as MSDBlockImpl2d,
        MSDModule2d as MSDModule2d,
        MSDModule3d as MSDModule3d,
    )
    from wholefield.compat.msd_pytorch.msd_model import MSDModel as MSDModel
    from wholefield.compat.msd_pytorch.msd_module import (
        MSDLayerModule as MSDLayerModule,
        MSDModule as MSDModule,
    )
    from wholefield.compat.msd_pytorch.msd_regression_model import MSDRegressionModel as MSDRegressionModel
    from wholefield.compat.msd_pytorch.msd_segmentation_model import (
        MSDSegmentationModel as MSDSegmentationModel,
    )
    from wholefield.compat.msd_pytorch.opening import build_model as build_model, open_model as open_model
    from wholefield.networks.msd.kernel.buffers import release_buffers as release_buffers
    from wholefield.networks.msd.modules import (
        MSDFinalLayer as MSDFinalLayer,
        init_convolution_weights as init_convolution_weights,
    )
    from wholefield.networks.msd.scaling import scaling_module as scaling_module
    from wholefield.networks.msd.spec import (
        DEFAULT_DILATIONS as DEFAULT_DILATIONS,
        units_in_front as units_in_front,
    )

__getattr__, __all__ = lazy_names(__name__, __file__)
