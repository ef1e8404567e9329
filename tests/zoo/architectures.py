"""The architectures of the zoo: how each is built, small, and the images that it takes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any

from torch import nn

Sizes = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Architecture:
    """A published architecture.

    Attributes:
        package: Where it comes from, as named on PyPI.
        name: Its name there.
        build: Builds it with random weights.
        channels: Of the image.
        sizes: Images to stream.
    """

    package: str
    name: str
    build: Callable[[], nn.Module]
    channels: int
    sizes: Sizes


ODD: Sizes = ((65, 97), (79, 67))
# Multiples of the strides and windows that the network asks of its image.
EVEN: Sizes = ((64, 96), (96, 64))

_TIMM = (
    "resnet18 resnet26d seresnet18 ecaresnet26t resnetblur18 resnetv2_18 res2net50_14w_8s regnetx_002 regnety_002 "
    "densenet121 dla34 dpn48b vgg11_bn hrnet_w18_small selecsls42b cspresnet50 darknet17 vovnet39a ese_vovnet19b_dw "
    "mobilenetv2_035 mobilenetv3_small_050 efficientnet_b0 tinynet_e mixnet_s ghostnet_050 lcnet_035 rexnet_100 "
    "convnext_atto convnextv2_atto inception_next_atto mobileone_s0 repvgg_a0 repvit_m0_9 starnet_s1 gernet_s "
    "poolformer_s12 convformer_s18 mambaout_femto nf_regnet_b0 hgnetv2_b0 fastvit_t8 edgenext_xx_small "
    "swiftformer_xs xception41 inception_v4 hardcorenas_a fbnetc_100 spnasnet_100 nest_tiny vit_tiny_patch16_224"
).split()

_FIXED = {
    "nest_tiny": ((224, 224),),
    "vit_tiny_patch16_224": ((224, 224),),
    "inception_v4": ((95, 101), (111, 99)),
}


def architectures() -> Iterator[Architecture]:
    """All of them."""
    for name in _TIMM:
        yield Architecture("timm", name, partial(_timm, name), 3, _FIXED.get(name, ODD))
    for name, (attribute, arguments, channels, sizes) in _MONAI.items():
        yield Architecture(
            "monai", name, partial(_made, "monai.networks.nets", attribute, arguments), channels, sizes
        )
    for name, kind, arguments in _UNETS:
        yield Architecture("dynamic-network-architectures", name, partial(_unet, kind, arguments), 1, EVEN)
    for name, (module, attribute, arguments, channels, sizes) in _SPANDREL.items():
        yield Architecture(
            "spandrel",
            name,
            partial(_made, f"spandrel.architectures.{module}", attribute, arguments),
            channels,
            sizes,
        )


def _timm(name: str) -> nn.Module:
    timm = import_module("timm")
    try:
        network = timm.create_model(name, features_only=True)
    except (RuntimeError, AttributeError, AssertionError):
        network = timm.create_model(name, num_classes=0, global_pool="")
    return network


def _made(module: str, attribute: str, arguments: dict[str, Any]) -> nn.Module:
    return getattr(import_module(module), attribute)(**arguments)


def _unet(kind: str, arguments: dict[str, Any]) -> nn.Module:
    module = import_module("dynamic_network_architectures.architectures.unet")
    common: dict[str, Any] = {
        "input_channels": 1, "n_stages": 3, "features_per_stage": (4, 8, 8), "conv_op": nn.Conv2d, "kernel_sizes": 3,
        "strides": (1, 2, 2), "num_classes": 2, "n_conv_per_stage_decoder": (1, 1), "conv_bias": True,
        "norm_op": nn.InstanceNorm2d, "norm_op_kwargs": {"eps": 1e-5, "affine": True}, "nonlin": nn.LeakyReLU,
        "nonlin_kwargs": {"inplace": True},
    }  # fmt: skip
    return getattr(module, kind)(**{**common, **arguments})


_UNETS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("PlainConvUNet", "PlainConvUNet", {"n_conv_per_stage": (1, 2, 2), "deep_supervision": False}),
    ("PlainConvUNet, deep supervision", "PlainConvUNet", {"n_conv_per_stage": 2, "deep_supervision": True}),
    ("ResidualEncoderUNet", "ResidualEncoderUNet", {"n_blocks_per_stage": (1, 2, 2), "deep_supervision": False}),
    ("PlainConvUNet, batch norm", "PlainConvUNet", {
        "n_conv_per_stage": 2, "norm_op": nn.BatchNorm2d, "norm_op_kwargs": {}}),
)  # fmt: skip

_ONE: dict[str, Any] = {"spatial_dims": 2, "in_channels": 1, "out_channels": 2}

_MONAI: dict[str, tuple[str, dict[str, Any], int, Sizes]] = {
    "UNet": ("UNet", {**_ONE, "channels": (4, 8, 16), "strides": (2, 2), "num_res_units": 1}, 1, EVEN),
    "UNet, batch norm": ("UNet", {**_ONE, "channels": (4, 8, 8), "strides": (2, 2), "norm": "batch"}, 1, EVEN),
    "BasicUNet": ("BasicUNet", {**_ONE, "features": (4, 4, 8, 8, 8, 4)}, 1, ODD),
    "BasicUNetPlusPlus": ("BasicUNetPlusPlus", {**_ONE, "features": (4, 4, 8, 8, 8, 4)}, 1, EVEN),
    "AttentionUnet": ("AttentionUnet", {**_ONE, "channels": (4, 8, 16), "strides": (2, 2)}, 1, EVEN),
    "DynUNet": ("DynUNet", {**_ONE, "kernel_size": [3, 3, 3], "strides": [1, 2, 2], "upsample_kernel_size": [2, 2],
                            "filters": [4, 8, 8]}, 1, EVEN),
    "SegResNet": ("SegResNet", {"spatial_dims": 2, "init_filters": 8}, 1, EVEN),
    "SegResNetDS": ("SegResNetDS", {"spatial_dims": 2, "init_filters": 8}, 1, EVEN),
    "VNet": ("VNet", _ONE, 1, EVEN),
    "HighResNet": ("HighResNet", _ONE, 1, ODD),
    "AutoEncoder": ("AutoEncoder", {"spatial_dims": 2, "in_channels": 1, "out_channels": 1, "channels": (4, 8),
                                    "strides": (2, 2)}, 1, EVEN),
    "RegUNet": ("RegUNet", {"spatial_dims": 2, "in_channels": 1, "num_channel_initial": 4, "depth": 2}, 1, EVEN),
    "MedNeXt": ("MedNeXt", {"spatial_dims": 2, "init_filters": 8, "in_channels": 1}, 1, EVEN),
    "QuickNAT": ("Quicknat", {"num_classes": 2, "num_channels": 1, "num_filters": 8}, 1, EVEN),
    "DenseNet121": ("DenseNet121", _ONE, 1, EVEN),
    "PatchDiscriminator": ("PatchDiscriminator", {"spatial_dims": 2, "channels": 8, "in_channels": 1}, 1, ODD),
    "SwinUNETR": ("SwinUNETR", {**_ONE, "feature_size": 12}, 1, EVEN),
}  # fmt: skip

_SPANDREL: dict[str, tuple[str, str, dict[str, Any], int, Sizes]] = {
    "ESRGAN": ("ESRGAN.__arch.RRDB", "RRDBNet", {"num_filters": 8, "num_blocks": 1}, 3, ODD),
    "Compact": ("Compact.__arch.SRVGG", "SRVGGNetCompact", {"num_feat": 8, "num_conv": 2}, 3, ODD),
    "SPAN": ("SPAN.__arch.span", "SPAN", {"num_in_ch": 3, "num_out_ch": 3, "feature_channels": 8}, 3, ODD),
    "MoSR": ("MoSR.__arch.mosr_arch", "MoSR", {"n_block": 1, "dim": 16}, 3, ODD),
    "SwiftSRGAN": ("SwiftSRGAN.__arch.SwiftSRGAN", "Generator", {"num_channels": 8, "num_blocks": 1}, 3, ODD),
    "DRUNet": ("DRUNet.__arch.network_unet", "DRUNet", {"in_nc": 3, "out_nc": 3, "nc": (8, 8, 8, 8), "nb": 1}, 3, EVEN),
    "DnCNN": ("DnCNN.__arch.network_dncnn", "DnCNN", {"in_nc": 3, "out_nc": 3, "nc": 8, "nb": 4}, 3, ODD),
    "PLKSR": ("PLKSR.__arch.PLKSR", "PLKSR", {"dim": 16, "n_blocks": 1}, 3, ODD),
    "RCAN": ("RCAN.__arch.rcan", "RCAN", {"n_resgroups": 1, "n_resblocks": 1, "n_feats": 16}, 3, ODD),
    "NAFNet": ("NAFNet.__arch.NAFNet_arch", "NAFNet",
               {"width": 8, "enc_blk_nums": [1, 1], "dec_blk_nums": [1, 1], "middle_blk_num": 1}, 3, EVEN),
    "SAFMN": ("SAFMN.__arch.safmn", "SAFMN", {"dim": 8, "n_blocks": 1}, 3, EVEN),
    "RealCUGAN": ("RealCUGAN.__arch.upcunet_v3", "UpCunet2x", {}, 3, EVEN),
    "SwinIR": ("SwinIR.__arch.SwinIR", "SwinIR",
               {"img_size": 32, "embed_dim": 24, "depths": [2], "num_heads": [2], "window_size": 8}, 3, EVEN),
    "Swin2SR": ("Swin2SR.__arch.Swin2SR", "Swin2SR",
                {"img_size": 32, "embed_dim": 24, "depths": [2], "num_heads": [2], "window_size": 8}, 3, EVEN),
    "HAT": ("HAT.__arch.HAT", "HAT",
            {"img_size": 32, "embed_dim": 24, "depths": (2,), "num_heads": (2,), "window_size": 8}, 3, EVEN),
    "DRCT": ("DRCT.__arch.drct_arch", "DRCT",
             {"embed_dim": 24, "depths": (2,), "num_heads": (2,), "window_size": 8, "gc": 8}, 3, EVEN),
    "SCUNet": ("SCUNet.__arch.network_scunet", "SCUNet", {"dim": 16, "config": [1, 1, 1, 1, 1, 1, 1]}, 3, ((64, 128),)),
    "FFTformer": ("FFTformer.__arch.fftformer_arch", "FFTformer", {"dim": 8}, 3, EVEN),
}  # fmt: skip
