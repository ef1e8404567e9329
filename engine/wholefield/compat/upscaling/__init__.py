"""Where Real-ESRGAN's and spandrel's users tile: the same calls, with the result of the whole image."""

from typing import TYPE_CHECKING

from wholefield.lazy import lazy_names

if TYPE_CHECKING:
    from wholefield.compat.upscaling.real_esrgan import RealESRGANer as RealESRGANer
    from wholefield.compat.upscaling.tiler import Tiler as Tiler

__getattr__, __all__ = lazy_names(__name__, __file__)
