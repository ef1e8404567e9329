"""Where nnU-Net's predictor stands: the same calls, with the result of the whole image. Needs the package nnunetv2."""

from typing import TYPE_CHECKING

from wholefield.lazy import lazy_names

if TYPE_CHECKING:
    from wholefield.compat.nnunet.predictor import StreamedPredictor as StreamedPredictor
    from wholefield.compat.nnunet.streaming import StreamsLogits as StreamsLogits

__getattr__, __all__ = lazy_names(__name__, __file__)
