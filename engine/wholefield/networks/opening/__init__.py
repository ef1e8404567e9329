"""Published networks opened from files: what they are, and how they stream. Nothing in a file is executed."""

from typing import TYPE_CHECKING

from wholefield.lazy import lazy_names

if TYPE_CHECKING:
    from wholefield.networks.opening.card import (
        Activation as Activation,
        Gives as Gives,
        Intensity as Intensity,
        Measured as Measured,
        PublishedCard as PublishedCard,
        Streaming as Streaming,
    )
    from wholefield.networks.opening.model import (
        PublishedModel as PublishedModel,
        open_model as open_model,
        published as published,
    )

__getattr__, __all__ = lazy_names(__name__, __file__)
