"""Every name that metavision_ml.flow documents, over our engine and current Lightning.

A script written for metavision_ml runs once it imports from wholefield.compat.metavision_ml instead. Lightning 2
refuses modules that define validation_epoch_end or test_epoch_end, so `FlowModel` has neither: validation_step and
test_step log, and Lightning averages over the epoch.
"""

from typing import TYPE_CHECKING

from wholefield.lazy import lazy_names

if TYPE_CHECKING:
    from wholefield.compat.metavision_ml.flow import (
        callbacks as callbacks,
        data_module as data_module,
        feature_extractor as feature_extractor,
        flow_network as flow_network,
        lightning_model as lightning_model,
        losses as losses,
        viz as viz,
    )
    from wholefield.compat.metavision_ml.flow.callbacks import FlowCallback as FlowCallback
    from wholefield.compat.metavision_ml.flow.data_module import (
        FlowDataModule as FlowDataModule,
        load_labels_flow as load_labels_flow,
    )
    from wholefield.compat.metavision_ml.flow.feature_extractor import (
        eminet as eminet,
        eminet_non_sep as eminet_non_sep,
        midinet as midinet,
        midinet2 as midinet2,
    )
    from wholefield.compat.metavision_ml.flow.flow_network import FlowNetwork as FlowNetwork
    from wholefield.compat.metavision_ml.flow.lightning_model import FlowModel as FlowModel
    from wholefield.compat.metavision_ml.flow.losses import LOSS_NAMES as LOSS_NAMES, FlowLoss as FlowLoss
    from wholefield.compat.metavision_ml.flow.viz import (
        convert_to_gray as convert_to_gray,
        draw_arrows as draw_arrows,
        draw_flow_on_grid as draw_flow_on_grid,
        get_arrows as get_arrows,
    )

__getattr__, __all__ = lazy_names(__name__, __file__)
