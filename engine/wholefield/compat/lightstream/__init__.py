"""Everything that lightstream documents, as a thin layer over `wholefield.streaming.Streamed`.

A script written for lightstream moves over by importing wholefield.compat.lightstream in its place.
"""

from typing import TYPE_CHECKING

from wholefield.lazy import lazy_names

if TYPE_CHECKING:
    from wholefield.compat.lightstream.base import BaseModule as BaseModule
    from wholefield.compat.lightstream.classifier import ImageNetClassifier as ImageNetClassifier
    from wholefield.compat.lightstream.cnn import StreamingCNN as StreamingCNN
    from wholefield.compat.lightstream.constructor import StreamingConstructor as StreamingConstructor
    from wholefield.compat.lightstream.convnext import StreamingConvnext as StreamingConvnext
    from wholefield.compat.lightstream.module import StreamingModule as StreamingModule
    from wholefield.compat.lightstream.resnet import StreamingResNet as StreamingResNet

__getattr__, __all__ = lazy_names(__name__, __file__)
