"""One forward that waits for its backward: the outputs that autograd knows, and the image that they belong to."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves

from wholefield.compat.lightstream.core.pixels import Image
from wholefield.streaming.errors import StreamingError


@dataclass(frozen=True, eq=False)
class Run:
    """A forward that waits for its backward.

    Attributes:
        image: The image as it was given.
        version: How often it had been written to by then.
        pixels: What autograd takes for the image; holds its gradient if that is wanted.
        outputs: The tensors of the result, connected to parameters and pixels.
    """

    image: Image
    version: int
    pixels: Image
    outputs: tuple[Tensor, ...]

    @property
    def gradient(self) -> Tensor | None:
        """Gradient of the image, if it was collected."""
        return self.pixels.grad if isinstance(self.pixels, Tensor) else None

    def is_of(self, image: Image) -> bool:
        """Whether these are the same pixels in the same memory, not written to since."""
        if not isinstance(image, Tensor) or not isinstance(self.image, Tensor):
            return image is self.image
        return image._version == self.version and _place(image) == _place(self.image)

    def back_propagate(self, grads: Any) -> None:
        """Add the gradients of the parameters to theirs, given those of the outputs in the same structure.

        Raises:
            StreamingError: The structure is another.
        """
        given = tree_leaves(grads)
        if len(given) != len(self.outputs):
            raise StreamingError(
                f"The streamed network has {len(self.outputs)} output tensors, but {len(given)} gradients were given; "
                "give one for each, None where there is none."
            )
        pairs = [
            (output, grad.to(output))
            for output, grad in zip(self.outputs, given, strict=True)
            if grad is not None and output.requires_grad
        ]
        torch.autograd.backward([output for output, _ in pairs], [grad for _, grad in pairs])


def writes(image: Image) -> int:
    """How often a tensor has been written to; images that are read box by box stay as they are."""
    return image._version if isinstance(image, Tensor) else 0


def _place(image: Tensor) -> tuple[object, ...]:
    """Where a tensor lies; views of one memory share their count of writes."""
    memory = image.untyped_storage()._cdata
    return memory, image.storage_offset(), image.shape, image.stride(), image.dtype
