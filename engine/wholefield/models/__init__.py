"""Networks that can be streamed, and heads for them. Loaded on first use, so that listing them is cheap."""

from typing import TYPE_CHECKING

from wholefield.lazy import loader

if TYPE_CHECKING:
    from wholefield.models.classifier import AttentionClassifier, Classifier
    from wholefield.models.convnext import ConvNeXt, convnext_base, convnext_small, convnext_tiny
    from wholefield.models.heads import GatedAttentionHead, GlobalAverageHead, NormedAverageHead
    from wholefield.models.normalization import calibrate_normalization, freeze_normalization
    from wholefield.models.resnet import ResNet, resnet18, resnet34, resnet50
    from wholefield.models.small import SmallCNN, small_cnn
    from wholefield.models.split import split_classifier, split_resnet, streamed_part
    from wholefield.models.u_net import UNet, unet
    from wholefield.models.vgg import VGG, vgg16

_HOMES = {
    "AttentionClassifier": "classifier",
    "Classifier": "classifier",
    "ConvNeXt": "convnext",
    "GatedAttentionHead": "heads",
    "GlobalAverageHead": "heads",
    "NormedAverageHead": "heads",
    "ResNet": "resnet",
    "SmallCNN": "small",
    "UNet": "u_net",
    "VGG": "vgg",
    "calibrate_normalization": "normalization",
    "convnext_base": "convnext",
    "convnext_small": "convnext",
    "convnext_tiny": "convnext",
    "freeze_normalization": "normalization",
    "resnet18": "resnet",
    "resnet34": "resnet",
    "resnet50": "resnet",
    "small_cnn": "small",
    "split_classifier": "split",
    "split_resnet": "split",
    "streamed_part": "split",
    "unet": "u_net",
    "vgg16": "vgg",
}

__all__ = [
    "VGG",
    "AttentionClassifier",
    "Classifier",
    "ConvNeXt",
    "GatedAttentionHead",
    "GlobalAverageHead",
    "NormedAverageHead",
    "ResNet",
    "SmallCNN",
    "UNet",
    "calibrate_normalization",
    "convnext_base",
    "convnext_small",
    "convnext_tiny",
    "freeze_normalization",
    "resnet18",
    "resnet34",
    "resnet50",
    "small_cnn",
    "split_classifier",
    "split_resnet",
    "streamed_part",
    "unet",
    "vgg16",
]


__getattr__ = loader(__name__, _HOMES)
