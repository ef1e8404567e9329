"""Where large tensors of a pass live: in memory, or in files that the system may write out and read again."""

import mmap
import tempfile
from dataclasses import dataclass
from math import prod
from pathlib import Path

import torch
from torch import Tensor

from wholefield.files import reserve
from wholefield.streaming.errors import StreamingError


@dataclass(frozen=True)
class Spill:
    """Where maps go that stages of a network keep for each other and that do not fit in memory.

    Their files have no name, so that nothing of them is left whatever ends the program, and their space is taken before
    anything is computed.

    Attributes:
        folder: Where the files are; None for the folder for temporary files.
        budget: Bytes of maps, and of their gradients, to keep in memory.

    Example:
        >>> import torch
        >>> from torch import nn
        >>> from wholefield.streaming import Spill, Streamed
        >>> net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.InstanceNorm2d(8), nn.Conv2d(8, 2, 3))
        >>> x = torch.randn(1, 3, 101, 67)
        >>> torch.allclose(Streamed(net, 32, spill=Spill(".", budget=2**16))(x), net(x), atol=1e-5)
        True
    """

    folder: str | Path | None = None
    budget: int = 2**30

    @property
    def place(self) -> Path:
        """The folder."""
        return Path(tempfile.gettempdir() if self.folder is None else self.folder)

    def room(self, shape: tuple[int, ...], dtype: torch.dtype, memory_format: torch.memory_format) -> Tensor:
        """A tensor in a file, to be filled.

        Raises:
            StreamingError: The folder is missing, full or may not be written to.
        """
        size = max(prod(shape) * dtype.itemsize, 1)
        try:
            with tempfile.TemporaryFile(dir=self.place, prefix="wholefield-map-") as file:
                reserve(file, size)
                room = mmap.mmap(file.fileno(), size)
        except OSError as error:
            raise StreamingError(
                f"A map of {size / 1e6:,.1f} MB between two stages of the network cannot be stored in {self.place} "
                f"({error.strerror or error}). Free disk space, or choose another folder for maps."
            ) from error
        values = torch.frombuffer(room, dtype=torch.uint8)
        strides = torch.empty(shape, device="meta", memory_format=memory_format).stride()
        return torch.empty(0, dtype=dtype).set_(values.untyped_storage(), 0, shape, strides)
