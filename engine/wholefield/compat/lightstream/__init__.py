"""Everything that lightstream documents and has released, as a thin layer over `wholefield.streaming.Streamed`.

A script written for lightstream moves over by importing wholefield.compat.lightstream in its place; modules and their
names lie where lightstream has them. Both forms of its classes work: the documented one, in which a model has its
head and loss, and that released since 1.0.7, in which ImageNetClassifier joins a streaming model, a head and a loss.
"""

from typing import TYPE_CHECKING

from wholefield.lazy import lazy_names

if TYPE_CHECKING:
    from wholefield.compat.lightstream.core.constructor import StreamingConstructor as StreamingConstructor
    from wholefield.compat.lightstream.core.scnn import StreamingCNN as StreamingCNN
    from wholefield.compat.lightstream.models.convnext.convnext import (
        StreamingConvNext as StreamingConvNext,
        StreamingConvnext as StreamingConvnext,
    )
    from wholefield.compat.lightstream.models.resnet.resnet import StreamingResNet as StreamingResNet
    from wholefield.compat.lightstream.modules.imagenet_template import (
        BaseModule as BaseModule,
        ImageNetClassifier as ImageNetClassifier,
    )
    from wholefield.compat.lightstream.modules.lightningstreaming import (
        LightningStreamingModule as LightningStreamingModule,
    )
    from wholefield.compat.lightstream.modules.streaming import StreamingModule as StreamingModule

__getattr__, __all__ = lazy_names(__name__, __file__)
