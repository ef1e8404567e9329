"""The U-Net that regresses flow: encoder, recurrent middle, decoder with one flow per scale."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from wholefield.networks.flow.layers import block
from wholefield.networks.flow.recurrent import ConvRecurrence

# Initial flow: near zero, but not exactly zero, where some losses have no gradient.
HEAD_SPREAD = 1e-2


class FlowUNet(nn.Module):
    """From event features of consecutive time bins to a pyramid of flow.

    With `scales` 2 and `base` 4 the layers have [4, 8, 16, 8, 4] channels; the first and the last work at the size of
    the input, the middle one at a quarter of it. The flow of a scale is twice the upsampled flow of the coarser one,
    in pixels of the finer level, plus a residual from its own features, so large motion is found at coarse levels.

    Inputs of any size are accepted: zeros are padded at the right and the bottom up to a multiple of 2**scales, and the
    flows are cropped to the ceiling of size / 2**level.

    Args:
        inputs: Channels of the features.
        base: Channels of the finest layer.
        scales: Layers of the encoder, and of the decoder.
        separable: Whether convolutions are depthwise separable.
        squeeze: Whether blocks end with squeeze-and-excitation.
        middle: Recurrent layer from base * 2**(scales - 1) to base * 2**scales channels.

    Example:
        >>> import torch
        >>> from wholefield.networks.flow import FlowUNet, recurrence
        >>> network = FlowUNet(6, 4, 2, separable=True, squeeze=False, middle=recurrence("lstm", 8, 16, True))
        >>> network(torch.zeros(3, 1, 6, 23, 31))[-1].shape
        torch.Size([3, 1, 2, 23, 31])
    """

    def __init__(
        self, inputs: int, base: int, scales: int, separable: bool, squeeze: bool, middle: nn.Module
    ) -> None:
        super().__init__()
        self.scales = scales
        widths = [base * 2**level for level in range(scales + 1)]
        self.encoder = nn.ModuleList(
            block(inputs if level == 0 else widths[level - 1], widths[level], separable, squeeze)
            for level in range(scales)
        )
        self.middle = middle
        self.decoder = nn.ModuleList(
            block(widths[level + 1] + widths[level], widths[level], separable, squeeze)
            for level in reversed(range(scales))
        )
        self.heads = nn.ModuleList(_head(widths[level]) for level in reversed(range(scales)))
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, inputs: Tensor) -> list[Tensor]:
        """Flows, coarsest first, each (T, B, 2, h, w), x then y, in pixels of its own level per time bin.

        Args:
            inputs: Features (T, B, C, H, W); the last flow has their size.

        Returns:
            One flow per scale.
        """
        bins, (height, width) = inputs.shape[:2], inputs.shape[3:]
        # Channels-last convolution is several times faster on CPUs.
        x = self._pad(inputs.flatten(0, 1)).contiguous(memory_format=torch.channels_last)
        skips = []
        for layer in self.encoder:
            skips.append(layer(x))
            x = functional.avg_pool2d(skips[-1], 2)
        x = self.middle(x.unflatten(0, bins)).flatten(0, 1)
        flows = self._decode(x, skips)
        return [
            _crop(flow, height, width, level).unflatten(0, bins)
            for flow, level in zip(flows, reversed(range(self.scales)), strict=True)
        ]

    def reset(self, mask: Tensor | None = None) -> None:
        """Clear the carried state; with a mask (B,) only where it is 0."""
        for module in self.modules():
            if isinstance(module, ConvRecurrence):
                module.reset(mask)

    def _decode(self, x: Tensor, skips: list[Tensor]) -> list[Tensor]:
        flows: list[Tensor] = []
        for layer, head, skip in zip(self.decoder, self.heads, reversed(skips), strict=True):
            x = layer(torch.cat([_enlarge(x), skip], dim=1))
            flow = head(x)
            flows.append(flow + 2 * _enlarge(flows[-1]) if flows else flow)
        return flows

    def _pad(self, images: Tensor) -> Tensor:
        multiple = 2**self.scales
        return functional.pad(images, (0, -images.shape[3] % multiple, 0, -images.shape[2] % multiple))


def _head(channels: int) -> nn.Conv2d:
    head = nn.Conv2d(channels, 2, 3, padding=1)
    nn.init.normal_(head.weight, std=HEAD_SPREAD / channels)
    nn.init.zeros_(head.bias)  # type: ignore[arg-type]
    return head


def _enlarge(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


def _crop(flow: Tensor, height: int, width: int, level: int) -> Tensor:
    return flow[..., : -(-height >> level), : -(-width >> level)]
