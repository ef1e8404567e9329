"""Networks that can be streamed, and heads for them. Loaded on first use, so that listing them is cheap."""

from typing import TYPE_CHECKING

from wholefield.lazy import lazy_names

if TYPE_CHECKING:
    from wholefield.networks.classifier import (
        AttentionClassifier as AttentionClassifier,
        Classifier as Classifier,
    )
    from wholefield.networks.convnext import (
        ConvNeXt as ConvNeXt,
        convnext_base as convnext_base,
        convnext_small as convnext_small,
        convnext_tiny as convnext_tiny,
    )
    from wholefield.networks.heads import (
        AttentionHead as AttentionHead,
        GatedAttentionHead as GatedAttentionHead,
        GlobalAverageHead as GlobalAverageHead,
        NormedAverageHead as NormedAverageHead,
    )
    from wholefield.networks.normalization import (
        calibrate_normalization as calibrate_normalization,
        freeze_normalization as freeze_normalization,
    )
    from wholefield.networks.resnet import (
        ResNet as ResNet,
        resnet18 as resnet18,
        resnet34 as resnet34,
        resnet50 as resnet50,
    )
    from wholefield.networks.small import SmallCNN as SmallCNN, small_cnn as small_cnn
    from wholefield.networks.split import (
        split_classifier as split_classifier,
        split_resnet as split_resnet,
        streamed_part as streamed_part,
    )
    from wholefield.networks.u_net import UNet as UNet, unet as unet
    from wholefield.networks.vgg import VGG as VGG, vgg16 as vgg16

__getattr__, __all__ = lazy_names(__name__, __file__)
