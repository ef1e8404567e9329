"""Where MONAI's sliding windows stand: the same call, with the result of the whole image. Needs `wholefield[monai]`."""

from wholefield.compat.monai.inferer import StreamedInferer as StreamedInferer

__all__ = ["StreamedInferer"]
