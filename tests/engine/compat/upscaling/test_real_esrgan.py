"""The upsampler of Real-ESRGAN's interface, beside the network on the whole picture."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from wholefield.compat.upscaling import RealESRGANer, Tiler
from wholefield.errors import SettingError
from wholefield.streaming import StreamingError

RANDOM = np.random.default_rng(7)


def network(scale: int = 2) -> nn.Sequential:
    torch.manual_seed(4)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.LeakyReLU(), nn.Conv2d(8, 3 * scale**2, 3, padding=1),
        nn.PixelShuffle(scale), nn.Sigmoid(),
    ).eval()  # fmt: skip


def made(tmp_path: Path, scale: int = 2, **more: Any) -> RealESRGANer:
    torch.save({"params_ema": network(scale).state_dict()}, tmp_path / "net.pth")
    torch.manual_seed(99)
    model = nn.Sequential(*network(scale).children())
    return RealESRGANer(scale, str(tmp_path / "net.pth"), model=model, tile=16, device="cpu", **more)


def whole(picture: np.ndarray[Any, Any], pad: int = 10, scale: int = 2) -> np.ndarray[Any, Any]:
    """The network on a picture in BGR, in 0..1, in float64."""
    image = torch.from_numpy(picture[..., ::-1].transpose(2, 0, 1).copy())[None].double()
    filled = functional.pad(image, (0, pad, 0, pad), "reflect")
    odd = [-side % 2 for side in filled.shape[2:]]
    filled = functional.pad(filled, (0, odd[1], 0, odd[0]), "reflect") if scale == 2 else filled
    with torch.no_grad():
        found = network(scale).double()(filled)[0].numpy()
    rows, columns = (side * scale for side in picture.shape[:2])
    return found[::-1, :rows, :columns].transpose(1, 2, 0)


@pytest.mark.parametrize(("kind", "largest"), [(np.uint8, 255), (np.uint16, 65535)])
@pytest.mark.parametrize("scale", [2, 4])
def test_a_picture_is_that_of_the_whole(tmp_path: Path, kind: Any, largest: int, scale: int) -> None:
    picture = RANDOM.integers(0, largest + 1, (37, 45, 3)).astype(kind)
    found, mode = made(tmp_path, scale).enhance(picture)
    assert (found.dtype, mode) == (kind, "RGB")
    expected = whole(picture / largest, scale=scale) * largest
    assert np.abs(found - expected).max() <= 0.5 + 1e-5 * largest


def test_gray_pictures_stay_gray(tmp_path: Path) -> None:
    picture = RANDOM.integers(0, 256, (20, 30)).astype(np.uint8)
    found, mode = made(tmp_path, pre_pad=0).enhance(picture)
    color = whole(np.dstack([picture / 255.0] * 3), pad=0)
    assert mode == "L"
    assert np.abs(found - 255 * color @ [0.114, 0.587, 0.299]).max() <= 0.51


@pytest.mark.parametrize("upsampler", ["realesrgan", "linear"])
def test_opacity_is_upsampled(tmp_path: Path, upsampler: str) -> None:
    picture = RANDOM.integers(0, 256, (20, 30, 4)).astype(np.uint8)
    found, mode = made(tmp_path).enhance(picture, alpha_upsampler=upsampler)
    assert (found.shape, mode) == ((40, 60, 4), "RGBA")
    opacity = picture[..., 3] / 255.0
    if upsampler == "realesrgan":
        expected = whole(np.dstack([opacity] * 3)) @ [0.114, 0.587, 0.299]
    else:
        expected = cv2.resize(opacity, (60, 40))
    assert np.abs(found[..., 3] - 255 * expected).max() <= 0.51


def test_another_scale_is_interpolated(tmp_path: Path) -> None:
    picture = RANDOM.integers(0, 256, (20, 30, 3)).astype(np.uint8)
    found, _ = made(tmp_path).enhance(picture, outscale=1.5)
    assert found.shape == (30, 45, 3)


def test_two_files_are_mixed(tmp_path: Path) -> None:
    torch.save(network().state_dict(), tmp_path / "a.pth")
    twice = {name: 3 * value for name, value in network().state_dict().items()}
    torch.save({"params": twice}, tmp_path / "b.pth")
    paths = [str(tmp_path / "a.pth"), str(tmp_path / "b.pth")]
    mixed = RealESRGANer(2, paths, [0.5, 0.5], model=nn.Sequential(*network().children()), device="cpu")
    for name, value in network().state_dict().items():
        torch.testing.assert_close(mixed.model.state_dict()[name], 2 * value)
    with pytest.raises(SettingError, match="argument model"):
        RealESRGANer(2, paths, [0.5, 0.5])


def test_a_network_that_does_not_stream_is_an_error_unless_asked_for() -> None:
    model = nn.Sequential(nn.Flatten(2), nn.Softmax(1), nn.Unflatten(2, (8, 9)), nn.LayerNorm(9))
    image = torch.rand(1, 3, 8, 9)
    with pytest.raises(StreamingError):
        Tiler(model, 4)(image)
    with pytest.warns(UserWarning, match="as a whole"):
        assert torch.equal(Tiler(model, 4, fallback=True)(image), model(image))
