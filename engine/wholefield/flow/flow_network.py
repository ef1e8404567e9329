"""A flow network together with what trains it without labels: feature pyramid, warping and losses."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from wholefield.errors import SettingError
from wholefield.flow.losses import DEFAULT_WEIGHTS, FlowLoss, micro_times
from wholefield.flow.pyramid import FeaturePyramid, shrink
from wholefield.flow.warping.backward import Warping, warp_channels
from wholefield.networks.flow.feature_extractor import build_feature_extractor
from wholefield.networks.flow.memory import fresh_memory

POLARITIES = 2


class FlowNetwork(nn.Module):
    """Regresses flow from event features, and computes the loss of that flow.

    Events are sparse and every representation has a scale of its own, so features are divided by their root mean
    square over the nonzero values, measured once on the first batch of the training.

    Attributes:
        in_channels: Channels of the features.
        feature_extractor: The network that computes the flow pyramid.
        pyramid: Resizes features to the levels of the flow.
        warping_head: One warping module per level.
        criterion: The losses.
        scale: Scalar that features are divided by; 0 until it is measured.

    Args:
        array_dim: Shape of the features, (time bins, channels, height, width).
        flow_loss_weights: Weights of the losses by name, see `wholefield.flow.losses.LOSS_NAMES`; None selects those of
            `DEFAULT_WEIGHTS` that apply to the features.
        feature_extractor_name: Network by name; see `wholefield.networks.flow.feature_extractor`.
        **kwargs: Arguments of the network; also smoothness_mask (names of regularization losses that count only pixels
            with events) and micro_bins (micro time bins in the channels; half of the channels by default).

    Raises:
        SettingError: A name is unknown or a value is out of range.

    Example:
        >>> import torch
        >>> from wholefield.flow import FlowNetwork
        >>> network = FlowNetwork((3, 6, 24, 32), {"data": 1.0, "smoothness2": 0.1}, base=4, scales=2)
        >>> features = torch.rand(3, 1, 6, 24, 32)
        >>> flows = network(features)
        >>> flows[-1].shape
        torch.Size([3, 1, 2, 24, 32])
        >>> sum(network.compute_loss(features, flows).values()).backward()
    """

    scale: Tensor

    def __init__(
        self,
        array_dim: Sequence[int],
        flow_loss_weights: Mapping[str, float] | None,
        feature_extractor_name: str = "eminet",
        **kwargs: Any,
    ) -> None:
        super().__init__()
        self.in_channels = int(array_dim[1])
        self.micro_bins = int(kwargs.pop("micro_bins", max(self.in_channels // POLARITIES, 1)))
        if self.in_channels % self.micro_bins:
            raise SettingError(
                f"The setting micro_bins is {self.micro_bins} but must divide the {self.in_channels} channels."
            )
        mask = kwargs.pop("smoothness_mask", ())
        self.feature_extractor = build_feature_extractor(feature_extractor_name, self.in_channels, **kwargs)
        self.pyramid = FeaturePyramid(self.feature_extractor.scales)
        self.warping_head = nn.ModuleList(Warping() for _ in range(self.pyramid.levels))
        weights = default_weights(self.micro_bins) if flow_loss_weights is None else flow_loss_weights
        self.criterion = FlowLoss(weights, self.warping_head[0], mask, self.micro_bins)
        self.register_buffer("scale", torch.zeros(()))

    def forward(self, inputs: Tensor) -> list[Tensor]:
        """Flows of features (T, B, C, H, W), coarsest first, each (T, B, 2, h, w) in px of its level per time bin.

        The state after the last bin is carried to the next call; see `reset`.
        """
        return self.feature_extractor(self.scaled(inputs))

    def reset(self, mask: Tensor | None = None) -> None:
        """Clear the carried state; with a mask (B,) only where it is 0."""
        self.feature_extractor.reset(mask)

    def scaled(self, inputs: Tensor) -> Tensor:
        """Features on the scale of the network, which the first training batch sets."""
        if self.training and self.scale == 0:
            self.scale.copy_(typical(inputs))
        return inputs / torch.where(self.scale > 0, self.scale, 1)

    def compute_loss(self, inputs: Tensor, flows: Sequence[Tensor]) -> dict[str, Tensor]:
        """The weighted losses of flows by name; their sum is the loss."""
        return self.criterion(self.pyramid(self.scaled(inputs)), flows)

    def sharpen(self, inputs: Tensor, micro_tbin: int = 0, depth_level: int = -1) -> Tensor:
        """Warp every micro time bin of features along the flow to one of them.

        Moving edges are blurred over the micro bins; warped to one moment they coincide, and their sum is sharp. The
        network starts from an empty state for it; the state that it carries is unchanged.

        Args:
            inputs: Features (T, B, C, H, W).
            micro_tbin: Micro time bin to which the others are warped.
            depth_level: Level of the pyramid; -1 is the finest.

        Returns:
            (T, B, C, h, w) at the size of that level, on the scale of the inputs.

        Raises:
            SettingError: There is no such micro bin or level.
        """
        levels = self.pyramid.levels
        if not -levels <= depth_level < levels or not 0 <= micro_tbin < self.micro_bins:
            raise SettingError(
                f"micro_tbin {micro_tbin} and depth_level {depth_level} must lie within {self.micro_bins} micro "
                f"bins and {levels} levels."
            )
        with fresh_memory(self):
            flow = self(inputs)[depth_level]
        features = shrink(inputs, levels - 1 - depth_level % levels)
        times = micro_times(self.micro_bins)
        return warp_channels(
            features, flow, (times - times[micro_tbin]).repeat_interleave(self.in_channels // self.micro_bins)
        )


def default_weights(micro_bins: int) -> dict[str, float]:
    """The default weights of the losses that apply to features with that many micro time bins."""
    return {name: value for name, value in DEFAULT_WEIGHTS.items() if micro_bins > 1 or name != "bw_deblur"}


def typical(features: Tensor) -> Tensor:
    """Root mean square of the nonzero values; 0 if there are none."""
    values = features[features != 0].double()
    return values.square().mean().sqrt().to(features.dtype) if len(values) else features.new_zeros(())
