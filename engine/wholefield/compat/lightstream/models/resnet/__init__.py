"""lightstream.models.resnet."""

from typing import TYPE_CHECKING

from wholefield.lazy import lazy_names

if TYPE_CHECKING:
    from wholefield.compat.lightstream.models.resnet.resnet import StreamingResNet as StreamingResNet

__getattr__, __all__ = lazy_names(__name__, __file__)
