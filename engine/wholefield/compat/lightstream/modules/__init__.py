"""lightstream.modules: streaming networks as LightningModules."""

from typing import TYPE_CHECKING

from wholefield.lazy import lazy_names

if TYPE_CHECKING:
    from wholefield.compat.lightstream.modules.imagenet_template import (
        ImageNetClassifier as ImageNetClassifier,
    )
    from wholefield.compat.lightstream.modules.lightningstreaming import (
        LightningStreamingModule as LightningStreamingModule,
    )

__getattr__, __all__ = lazy_names(__name__, __file__)
