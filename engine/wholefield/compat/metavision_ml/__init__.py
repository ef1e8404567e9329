"""The documented names of metavision_ml over our engine: `flow`."""

from typing import TYPE_CHECKING

from wholefield.lazy import lazy_names

if TYPE_CHECKING:
    from wholefield.compat.metavision_ml import flow as flow

__getattr__, __all__ = lazy_names(__name__, __file__)
