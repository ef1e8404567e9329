"""The loss of a flow as a weighted sum of documented terms."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import torch
from torch import Tensor, nn

from wholefield.errors import SettingError
from wholefield.flow.losses.regularization import l1_loss, smoothness2_loss, smoothness_loss
from wholefield.flow.losses.task import backward_deblur_loss, data_loss, micro_times, time_consistency_loss
from wholefield.flow.warping.backward import warp_sequence

TASK_LOSSES = ("data", "time_consistency", "bw_deblur")
REGULARIZATION: Mapping[str, Callable[[Tensor, Tensor | None], Tensor]] = MappingProxyType(
    {"smoothness": smoothness_loss, "smoothness2": smoothness2_loss, "l1": l1_loss}
)
LOSS_NAMES = (*TASK_LOSSES, *REGULARIZATION)

DEFAULT_WEIGHTS: Mapping[str, float] = MappingProxyType({"data": 1.0, "bw_deblur": 1.0, "smoothness2": 0.02})
"""Weights that train well on event cubes; bw_deblur does not apply to features without micro time bins."""


class FlowLoss(nn.Module):
    """Weighted terms of the loss over all levels of a flow pyramid.

    Args:
        flow_weights: Weight of each term by its name in `LOSS_NAMES`; missing names have weight 0.
        warping_head: Samples features (T, B, C, h, w) at p + flow(p), flow (T, B, 2, h, w).
        smoothness_mask: Names of regularization terms that count only pixels with events.
        micro_bins: Micro time bins of a time bin in the channels, the polarity varying fastest; bw_deblur needs two.

    Raises:
        SettingError: A name is unknown, a weight is negative or all are 0, or a term does not apply.

    Example:
        >>> import torch
        >>> from wholefield.flow.losses import FlowLoss
        >>> criterion = FlowLoss({"data": 1.0, "l1": 0.1}, smoothness_mask=["l1"])
        >>> terms = criterion([torch.rand(3, 1, 6, 8, 8)], [torch.rand(3, 1, 2, 8, 8)])
        >>> list(terms)
        ['data', 'l1']
    """

    def __init__(
        self,
        flow_weights: Mapping[str, float],
        warping_head: Callable[[Tensor, Tensor], Tensor] = warp_sequence,
        smoothness_mask: Sequence[str] = (),
        micro_bins: int = 1,
    ) -> None:
        super().__init__()
        demand_known(flow_weights, LOSS_NAMES, "loss_weights")
        demand_known(smoothness_mask, tuple(REGULARIZATION), "smoothness_mask")
        self.weights = {name: float(weight) for name, weight in flow_weights.items() if weight != 0}
        if not self.weights or min(self.weights.values()) < 0:
            raise SettingError(
                "The setting loss_weights needs weights of at least 0, at least one of them above 0."
            )
        if "bw_deblur" in self.weights and micro_bins < 2:
            raise SettingError(
                "The loss bw_deblur needs features with micro time bins; choose event_cube or give it the weight 0."
            )
        self.warping_head = warping_head
        self.smoothness_mask = tuple(smoothness_mask)
        self.times = micro_times(micro_bins)

    def forward(self, pyramid: Sequence[Tensor], flows: Sequence[Tensor]) -> dict[str, Tensor]:
        """The weighted terms by name, each the mean over the levels; their sum is the loss.

        Args:
            pyramid: Features (T, B, C, h, w) of every level.
            flows: Flow (T, B, 2, h, w) of every level, in px of that level per time bin.

        Returns:
            Scalars by name.
        """
        levels = [self.terms(features, flow) for features, flow in zip(pyramid, flows, strict=True)]
        return {
            name: weight * torch.stack([level[name] for level in levels]).mean()
            for name, weight in self.weights.items()
        }

    def terms(self, features: Tensor, flow: Tensor) -> dict[str, Tensor]:
        """The unweighted terms of one level by name."""
        return {name: self._term(name, features, flow) for name in self.weights}

    def _term(self, name: str, features: Tensor, flow: Tensor) -> Tensor:
        if name == "data":
            return data_loss(features, flow, self.warping_head)
        if name == "time_consistency":
            return time_consistency_loss(features, flow, self.warping_head)
        if name == "bw_deblur":
            return backward_deblur_loss(features, flow, self.times)
        mask = (features != 0).any(2, keepdim=True) if name in self.smoothness_mask else None
        return REGULARIZATION[name](flow, mask)


def demand_known(names: Mapping[str, float] | Sequence[str], known: Sequence[str], setting: str) -> None:
    """Raise unless all names are known.

    Raises:
        SettingError: Names the setting and the choices.
    """
    for name in names:
        if name not in known:
            raise SettingError(f"The setting {setting} names {name!r}; choose among {', '.join(known)}.")
