"""An upsampler with the interface of Real-ESRGAN's RealESRGANer that streams the network over the whole image."""

from pathlib import Path
from typing import Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from wholefield.compat.upscaling.tiler import Tiler
from wholefield.errors import SettingError
from wholefield.networks.opening import open_model
from wholefield.networks.state_files import load_state, read_content

Picture: TypeAlias = npt.NDArray[Any]

TILE = 512
MULTIPLES = {1: 4, 2: 2}
"""What the sides of images must be multiples of, by the scale of the network; networks of scale 4 take any."""


class RealESRGANer:
    """Upsamples pictures without seams, in bounded memory.

    `tile` bounds the tile and does not change the result; `tile_pad` is not needed::

        from wholefield.compat.upscaling import RealESRGANer
    """

    def __init__(
        self,
        scale: int,
        model_path: str | Path | list[str],
        dni_weight: list[float] | None = None,
        model: nn.Module | None = None,
        tile: int = 0,
        tile_pad: int = 10,
        pre_pad: int = 10,
        half: bool = False,
        device: torch.device | str | None = None,
        gpu_id: int | None = None,
    ) -> None:
        """Load a network.

        Args:
            scale: How many times as large the network makes an image.
            model_path: Its weights; with `dni_weight` two files.
            dni_weight: How much of each of the two files is taken.
            model: The network; None finds its architecture in the weights (`pip install "wholefield[spandrel]"`).
            tile: Tile size in pixels; 0 takes 512.
            tile_pad: Taken and not needed.
            pre_pad: Mirrored pixels behind the image on the right and below.
            half: Whether to compute in half precision, on a GPU.
            device: Where to compute; None takes a GPU if there is one.
            gpu_id: Which.

        Raises:
            SourceError: The weights cannot be read or are of another network.
            SettingError: Two files are given without a model.
        """
        gpu = "cuda" if gpu_id is None else f"cuda:{gpu_id}"
        self.device = torch.device(device or (gpu if torch.cuda.is_available() else "cpu"))
        self.scale, self.pre_pad = scale, pre_pad
        self.half = half and self.device.type != "cpu"
        network = _loaded(model, model_path, dni_weight).eval().to(self.device)
        self.model = network.half() if self.half else network
        self._upsample = Tiler(self.model, tile or TILE)

    def enhance(
        self, img: Picture, outscale: float | None = None, alpha_upsampler: str = "realesrgan"
    ) -> tuple[Picture, str]:
        """Upsample a picture.

        Args:
            img: (height, width), or with 3 (BGR) or 4 (BGRA) channels, of 8 or 16 bits, as OpenCV reads it.
            outscale: How many times as large the result is; None takes the scale of the network.
            alpha_upsampler: "realesrgan" passes opacity through the network, anything else interpolates it.

        Returns:
            The picture in the same channels and bits, and its mode, "L", "RGB" or "RGBA".

        Raises:
            StreamingError: The network cannot be streamed; the text names layer and reason.
        """
        height, width = img.shape[:2]
        # Real-ESRGAN takes a picture for one of 16 bits by its values.
        largest = 65535 if img.max() > 256 else 255
        values = img.astype(np.float32) / largest
        mode = "L" if img.ndim == 2 else "RGBA" if img.shape[2] == 4 else "RGB"
        color = cv2.cvtColor(values, cv2.COLOR_GRAY2BGR) if mode == "L" else values[..., :3]
        result = self._upsampled(color)
        if mode == "L":
            result = cv2.cvtColor(result, cv2.COLOR_BGR2GRAY)
        if mode == "RGBA":
            result = np.dstack([result, self._opacity(values[..., 3], alpha_upsampler)])
        kind = np.uint16 if largest == 65535 else np.uint8
        found = (result * largest).round().astype(kind)
        if outscale is not None and outscale != self.scale:
            sides = int(width * outscale), int(height * outscale)
            found = np.asarray(cv2.resize(found, sides, interpolation=cv2.INTER_LANCZOS4), kind)
        return found, mode

    def _upsampled(self, picture: Picture) -> Picture:
        """A picture (height, width, 3 in the order BGR) in 0..1."""
        height, width = picture.shape[:2]
        image = torch.from_numpy(np.ascontiguousarray(picture[..., ::-1].transpose(2, 0, 1)))[None]
        image = self._padded(image.to(self.device, torch.float16 if self.half else torch.float32))
        found = self._upsample(image)[0, :, : height * self.scale, : width * self.scale]
        return np.ascontiguousarray(found.float().clamp(0, 1).cpu().numpy()[::-1].transpose(1, 2, 0))

    def _padded(self, image: Tensor) -> Tensor:
        if self.pre_pad:
            image = functional.pad(image, (0, self.pre_pad, 0, self.pre_pad), "reflect")
        multiple = MULTIPLES.get(self.scale, 1)
        below, right = (-side % multiple for side in image.shape[2:])
        return functional.pad(image, (0, right, 0, below), "reflect") if below or right else image

    def _opacity(self, opacity: Picture, upsampler: str) -> Picture:
        if upsampler == "realesrgan":
            return cv2.cvtColor(
                self._upsampled(cv2.cvtColor(opacity, cv2.COLOR_GRAY2BGR)), cv2.COLOR_BGR2GRAY
            )
        sides = opacity.shape[1] * self.scale, opacity.shape[0] * self.scale
        return cv2.resize(opacity, sides, interpolation=cv2.INTER_LINEAR)


def _loaded(model: nn.Module | None, path: str | Path | list[str], shares: list[float] | None) -> nn.Module:
    """The network with its weights, or a mixture of those of two files."""
    paths = path if isinstance(path, list) else [path]
    if model is None:
        if len(paths) != 1:
            raise SettingError("Two files of weights are mixed for a given network; set the argument model.")
        return open_model(paths[0]).network
    states = [_state(Path(each)) for each in paths]
    state = states[0]
    if shares is not None:
        first, second = states
        state = {name: shares[0] * value + shares[1] * second[name] for name, value in first.items()}
    load_state(model, state, str(paths[0]))
    return model


def _state(path: Path) -> Any:
    """The parameters of a file: those that were averaged in training, where it has them."""
    content = read_content(path)
    return next((content[key] for key in ("params_ema", "params") if key in content), content)
