"""Mixed-scale dense networks: to train, to run on images of any size, and as functions. Imports no torch by itself."""

from typing import TYPE_CHECKING

from wholefield.lazy import lazy_names

if TYPE_CHECKING:
    from wholefield.networks.msd.checkpoints import (
        Checkpoint as Checkpoint,
        Settings as Settings,
        read_checkpoint as read_checkpoint,
        write_checkpoint as write_checkpoint,
    )
    from wholefield.networks.msd.enums import Loss as Loss, Task as Task
    from wholefield.networks.msd.errors import (
        CheckpointError as CheckpointError,
        InputError as InputError,
        LabelError as LabelError,
        OptionError as OptionError,
        ShapeError as ShapeError,
    )
    from wholefield.networks.msd.kernel.buffers import release_buffers as release_buffers
    from wholefield.networks.msd.kernel.functions import msd_block as msd_block, msd_network as msd_network
    from wholefield.networks.msd.modules import (
        MSDBlock as MSDBlock,
        MSDFinalLayer as MSDFinalLayer,
        MSDModule as MSDModule,
        init_convolution_weights as init_convolution_weights,
    )
    from wholefield.networks.msd.network import MSDNetwork as MSDNetwork
    from wholefield.networks.msd.predict import (
        predict_image as predict_image,
        predict_rows as predict_rows,
        stream_rows as stream_rows,
    )
    from wholefield.networks.msd.scaling import Moments as Moments, scaling_module as scaling_module
    from wholefield.networks.msd.spec import (
        repeat_dilations as repeat_dilations,
        units_in_front as units_in_front,
    )

__getattr__, __all__ = lazy_names(__name__, __file__)
