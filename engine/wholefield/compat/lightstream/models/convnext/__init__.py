"""lightstream.models.convnext."""

from typing import TYPE_CHECKING

from wholefield.lazy import lazy_names

if TYPE_CHECKING:
    from wholefield.compat.lightstream.models.convnext.convnext import (
        StreamingConvNext as StreamingConvNext,
        StreamingConvnext as StreamingConvnext,
    )

__getattr__, __all__ = lazy_names(__name__, __file__)
