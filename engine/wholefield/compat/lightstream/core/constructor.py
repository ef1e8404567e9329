"""The constructor of streaming networks with all its documented options."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import nn
from torch.nn.modules.conv import _ConvNd

from wholefield.compat.lightstream.core.scnn import StreamingCNN
from wholefield.streaming.planning.sizes import sizes_per_axis

Callback = Callable[[nn.Module], None]


class StreamingConstructor:
    """Makes a StreamingCNN of a network.

    Attributes:
        model: The network.
        tile_size: Tile size in pixels, one number or one per axis.
        copy_to_gpu: Whether the image is copied to the network's device at once.
        keep_modules: What `add_keep_modules` named.

    Example:
        >>> from torch import nn
        >>> from wholefield.compat.lightstream import StreamingConstructor
        >>> StreamingConstructor(nn.Conv2d(3, 4, 3), 64).prepare_streaming_model().tile_shape
        (1, 3, 64, 64)
    """

    def __init__(
        self,
        model: nn.Module,
        tile_size: int | Sequence[int],
        verbose: bool = False,
        deterministic: bool = False,
        saliency: bool = False,
        copy_to_gpu: bool = False,
        statistics_on_cpu: bool = False,
        normalize_on_gpu: bool = False,
        mean: list[float] | None = None,
        std: list[float] | None = None,
        tile_cache: Mapping[str, Any] | None = None,
        add_keep_modules: list[type[nn.Module]] | None = None,
        before_streaming_init_callbacks: list[Callback] | None = None,
        after_streaming_init_callbacks: list[Callback] | None = None,
    ) -> None:
        """Take note of the options.

        Args:
            model: A network of local operations.
            tile_size: In pixels, one number or one per axis; any works.
            verbose: As for StreamingCNN, as are the next options.
            deterministic: Let cuDNN choose deterministic algorithms.
            saliency: Collect the gradient of the image.
            copy_to_gpu: Copy the image to the device at once, not tile by tile.
            statistics_on_cpu: Accepted and without effect: no tile is run to find the geometry.
            normalize_on_gpu: Normalize every tile by `mean` and `std`.
            mean: Per channel.
            std: Per channel.
            tile_cache: From StreamingCNN.get_tile_cache; one that belongs to another network or tile size is refused.
            add_keep_modules: Accepted and without effect: the geometry is read off the operations of the whole
                network, so no layer is replaced by an identity meanwhile and none need be kept from it.
            before_streaming_init_callbacks: Called with the network before the streaming module is made. What they do
                to weights is undone when it is made.
            after_streaming_init_callbacks: Called with the network when the streaming module is made and its
                weights are back.
        """
        self.model = model
        self.tile_size = tile_size
        self.copy_to_gpu = copy_to_gpu
        self.tile_cache = tile_cache
        self.keep_modules: list[type[nn.Module]] = []
        self.add_modules_to_keep(add_keep_modules or [])
        self._before = before_streaming_init_callbacks or []
        self._after = after_streaming_init_callbacks or []
        self._options: dict[str, Any] = {
            "verbose": verbose,
            "deterministic": deterministic,
            "saliency": saliency,
            "copy_to_gpu": copy_to_gpu,
            "statistics_on_cpu": statistics_on_cpu,
            "normalize_on_gpu": normalize_on_gpu,
            "mean": mean,
            "std": std,
        }

    def add_modules_to_keep(self, module_list: Sequence[type[nn.Module]]) -> None:
        """Accepted and without effect, as `add_keep_modules`."""
        self.keep_modules.extend(module_list)

    def prepare_streaming_model(self) -> StreamingCNN:
        """Make the streaming module.

        Raises:
            StreamingError: The tile cache belongs to another network or tile size.
        """
        weights = (
            {name: value.clone() for name, value in self.model.state_dict().items()} if self._before else {}
        )
        for callback in self._before:
            callback(self.model)
        streaming = StreamingCNN(
            self.model, tile_shape(self.model, self.tile_size), state_dict=self.tile_cache, **self._options
        )
        if weights:
            self.model.load_state_dict(weights)
        for callback in self._after:
            callback(self.model)
        return streaming


def tile_shape(network: nn.Module, tile_size: int | Sequence[int]) -> tuple[int, ...]:
    """(1, channels, *tile size per axis): channels and number of axes are those of the first convolution.

    Raises:
        StreamingError: The tile size is not a positive whole number, or given for another number of axes.
    """
    first = next((module for module in network.modules() if isinstance(module, _ConvNd)), None)
    channels, axes = (first.in_channels, len(first.kernel_size)) if first else (3, 2)
    return (1, channels, *sizes_per_axis(tile_size, axes))
