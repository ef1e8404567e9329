"""A published model as a network to inspect; it is opened when something of it is asked for."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from wholefield.errors import SettingError

if TYPE_CHECKING:
    from torch import nn

    from wholefield.networks.opening import PublishedModel


@dataclass(frozen=True)
class ModelFile:
    """A model in a file or folder of any format that is known.

    Attributes:
        path: The file or folder.
    """

    path: Path

    @property
    def model(self) -> str:
        """Its name."""
        return self.path.name

    @property
    def title(self) -> str:
        """Its name on the screen."""
        return self.path.name

    def shape(self, size: tuple[int, int]) -> tuple[int, int, int, int]:
        """What the network is given for an image of this height and width, filled up to the multiples that it takes.

        Raises:
            WholefieldError: The model cannot be opened, takes no pictures, or does not stream.
        """
        card = self._opened.card
        height, width = (
            -(-side // multiple) * multiple
            for side, multiple in zip(size, card.streaming.multiple or (1, 1), strict=True)
        )
        return 1, card.channels, height, width

    def build(self) -> "tuple[nn.Module, nn.Module]":
        """The network, and the part of it that is streamed.

        Raises:
            WholefieldError: The model cannot be opened, takes no pictures, or does not stream.
        """
        return self._opened.network, self._opened.streamed

    @cached_property
    def _opened(self) -> "PublishedModel":
        from wholefield.networks.opening import open_model

        opened = open_model(self.path)
        if opened.card.axes != 2:
            raise SettingError(
                f"{self.path.name} takes volumes; only networks for pictures can be inspected."
            )
        opened.demand_streaming()
        return opened
