"""Exact streaming of local networks over images of any size.

`Streamed` is the one mechanism. The documented interface of lightstream is a layer over it, loaded on first use: it
needs Lightning, which takes seconds to import.
"""

from typing import TYPE_CHECKING

from wholefield.lazy import loader
from wholefield.streaming.errors import NotLocalError, StreamingError
from wholefield.streaming.operations.border import symmetric_pad
from wholefield.streaming.plan import LayerPlan, Plan, plan, suggest_tile_size
from wholefield.streaming.streamed import Streamed
from wholefield.streaming.visits import Sweep, TileVisit

if TYPE_CHECKING:
    from wholefield.streaming.compat.base import BaseModule
    from wholefield.streaming.compat.classifier import ImageNetClassifier
    from wholefield.streaming.compat.cnn import StreamingCNN
    from wholefield.streaming.compat.constructor import StreamingConstructor
    from wholefield.streaming.compat.convnext import StreamingConvnext
    from wholefield.streaming.compat.module import StreamingModule
    from wholefield.streaming.compat.resnet import StreamingResNet

_COMPAT = {
    "BaseModule": "base",
    "ImageNetClassifier": "classifier",
    "StreamingCNN": "cnn",
    "StreamingConstructor": "constructor",
    "StreamingConvnext": "convnext",
    "StreamingModule": "module",
    "StreamingResNet": "resnet",
}

__all__ = [
    "BaseModule",
    "ImageNetClassifier",
    "LayerPlan",
    "NotLocalError",
    "Plan",
    "Streamed",
    "StreamingCNN",
    "StreamingConstructor",
    "StreamingConvnext",
    "StreamingError",
    "StreamingModule",
    "StreamingResNet",
    "Sweep",
    "TileVisit",
    "plan",
    "suggest_tile_size",
    "symmetric_pad",
]


__getattr__ = loader(__name__, {name: f"compat.{home}" for name, home in _COMPAT.items()})
