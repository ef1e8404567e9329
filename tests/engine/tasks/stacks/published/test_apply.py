"""Published networks on stacks: what is written is what the plain network gives, after nnU-Net's own preparations."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
import tifffile
import torch
from scipy import ndimage
from torch import nn
from torch.nn import functional as F

from wholefield.errors import SettingError
from wholefield.networks import unet
from wholefield.networks.opening import Activation, Gives, Intensity, Measured, PublishedCard, published
from wholefield.runs.control import Control
from wholefield.runs.folder import RunFolder
from wholefield.runs.reports import Failed, Finished
from wholefield.tasks.applying import Wanted
from wholefield.tasks.registry import run_task
from wholefield.tasks.stacks.output_settings import StackFormat
from wholefield.tasks.stacks.published import apply
from wholefield.tasks.stacks.published.resampling import coarse_axis, resampled, resampled_shape
from wholefield.tasks.stacks.published.settings import StackApplySettings

RANDOM = np.random.default_rng(7)
VOXELS = RANDOM.integers(1, 500, (6, 21, 26), np.int16)
MEASURED = (Intensity(measured=Measured.MEAN),)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Runs the task with a network of the test on a stack; gives the result as an array (z, y, x)."""

    def running(network: nn.Module, card: PublishedCard, voxels: Any = VOXELS, **settings: Any) -> Any:
        image = nibabel.Nifti1Image(voxels.transpose(2, 1, 0), np.diag([0.5, 0.5, 2.0, 1.0]))
        image.header.set_xyzt_units("mm")
        nibabel.save(image, tmp_path / "stack.nii")
        (tmp_path / "net.pt2").touch()
        monkeypatch.setattr(apply, "open_model", lambda path: published(path, network, card))
        given = StackApplySettings(
            stack=tmp_path / "stack.nii",
            checkpoint=tmp_path / "net.pt2",
            tile_size=16,
            format=StackFormat.NIFTI,
            **settings,
        )
        folder = RunFolder.create(tmp_path / "runs", given).path
        end = run_task(given, folder, lambda report: None, Control())
        if isinstance(end, Failed):
            raise SettingError(end.message)
        assert isinstance(end, Finished)
        return np.asarray(nibabel.load(given.result(folder)).dataobj).transpose(2, 1, 0)

    return running


def card(axes: int, **more: Any) -> PublishedCard:
    given: dict[str, Any] = {
        "channels": 1,
        "gives": Gives.CLASSES,
        "outputs": 3,
        "unit_scale": False,
        "intensity": MEASURED,
    } | more
    return PublishedCard("test", "net", axes, **given)


def standardized(voxels: Any) -> Any:
    values = voxels.astype(np.float64)
    return (values - values.mean()) / values.std()


def plain(network: nn.Module, x: Any) -> Any:
    """The output of the network in float64, (outputs, ...)."""
    with torch.no_grad():
        found = network.double()(torch.from_numpy(x)[None])[0].numpy()
    network.float()
    return found


def test_slice_by_slice_and_as_a_volume(run: Callable[..., Any]) -> None:
    flat, deep = unet(1, 3, width=4, depth=1).eval(), unet(1, 3, axes=3, width=4, depth=1).eval()
    x = standardized(VOXELS)
    found = run(flat, card(2, values=(0, 4, 9)))
    expected = np.stack([np.array([0, 4, 9])[plain(flat, each[None]).argmax(0)] for each in x])
    assert (found != expected).mean() < 1e-3
    found = run(deep, card(3))
    assert (found != plain(deep, x[None]).argmax(0)).mean() < 1e-3


def test_neighboring_slices_are_channels(run: Callable[..., Any]) -> None:
    network = nn.Conv2d(3, 1, 3, padding=1).eval()
    found = run(network, card(2, channels=3, slices=3, outputs=1, gives=Gives.IMAGE))
    x = np.pad(standardized(VOXELS), ((1, 1), (0, 0), (0, 0)), "symmetric")
    expected = np.stack([plain(network, x[z : z + 3])[0] for z in range(len(VOXELS))])
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_a_scale_factor_makes_the_voxels_smaller(run: Callable[..., Any], tmp_path: Path) -> None:
    network = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.PixelShuffle(2)).eval()
    found = run(network, card(2, outputs=1, gives=Gives.IMAGE))
    x = standardized(VOXELS)
    np.testing.assert_allclose(found, np.stack([plain(network, each[None])[0] for each in x]), atol=1e-4)
    image = nibabel.load(next(tmp_path.rglob("result.nii.gz")))
    np.testing.assert_allclose(image.header.get_zooms(), (0.25, 0.25, 2.0))
    np.testing.assert_allclose(image.affine @ [0, 0, 0, 1], [-0.125, -0.125, 0, 1])


def test_probabilities_sum_to_one(run: Callable[..., Any], tmp_path: Path) -> None:
    network = unet(1, 3, width=4, depth=1).eval()
    with pytest.raises(SettingError, match="has 3 channels"):
        run(network, card(2, activation=Activation.SOFTMAX), wanted=Wanted.PROBABILITIES)
    with pytest.raises(SettingError, match="does not say how its output becomes probabilities"):
        run(network, card(2), wanted=Wanted.PROBABILITIES)
    with pytest.raises(SettingError, match="takes 2 channels"):
        run(nn.Conv2d(2, 1, 1), card(2, channels=2))
    assert not list(tmp_path.rglob("result.part"))


def test_as_nnunet_does_it(run: Callable[..., Any]) -> None:
    """Crop to what is not 0, z-score, cubic splines to the spacing of the training, linear ones back."""
    voxels = np.zeros((7, 24, 30), np.int16)
    voxels[1:6, 2:23, 3:29] = VOXELS[:5, :, :26]
    network = unet(1, 3, axes=3, width=4, depth=1).eval()
    about = PublishedCard(
        "nnU-Net v2", "net", 3, 1, Gives.CLASSES, 3, unit_scale=False, intensity=MEASURED, values=(0, 1, 2),
        spacing=(1.0, 0.4, 0.6), unit="mm",
    )  # fmt: skip
    found = run(network, about, voxels)
    x = standardized(VOXELS[:5, :, :26])
    # 2 mm beside 0.5 mm: slices alone, and the nearest one along z.
    shape = (10, 26, 22)
    slices = [ndimage.zoom(each, (26 / 21, 22 / 26), order=3, mode="nearest", grid_mode=True) for each in x]
    slices = [np.clip(each, low.min(), low.max()) for each, low in zip(slices, x, strict=True)]
    finer = np.repeat(np.stack(slices), 2, 0)
    assert finer.shape == shape
    logits = torch.from_numpy(plain(network, finer[None]))
    linear = F.interpolate(logits, (21, 26), mode="bilinear")[:, 1::2]
    expected = np.zeros(voxels.shape, int)
    expected[1:6, 2:23, 3:29] = linear.argmax(0)
    assert (found != expected).mean() < 2e-3


def test_resampling_is_linear_interpolation_at_centers() -> None:
    volume = RANDOM.random((5, 6, 7))
    expected = F.interpolate(torch.from_numpy(volume)[None, None], (8, 9, 4), mode="trilinear")[0, 0]
    np.testing.assert_allclose(resampled(volume, (8, 9, 4), None, 1), expected, atol=1e-12)
    assert resampled(volume, (5, 6, 7), None, 3) is volume


def test_the_coarse_axis_is_treated_apart() -> None:
    assert coarse_axis((5.0, 1.0, 1.0), (1.0, 1.0, 1.0)) == 0
    assert coarse_axis((1.0, 1.0, 1.0), (1.0, 4.0, 1.0)) == 1
    assert coarse_axis((0.2, 1.0, 1.0), (1.0, 1.0, 1.0)) is None
    assert coarse_axis((2.0, 1.0, 1.0), (1.0, 1.0, 1.0)) is None
    assert resampled_shape((10, 20, 30), (2.0, 1.0, 1.0), (1.0, 0.5, 3.0)) == (20, 40, 10)


def test_slides_and_stacks_have_their_own_command(tmp_path: Path) -> None:
    from wholefield.cli import main

    tifffile.imwrite(tmp_path / "a.tif", VOXELS, photometric="minisblack")
    torch.save(unet(1, 2, axes=3, width=4, depth=1).state_dict(), tmp_path / "net.pth")
    words = [
        "apply-stack",
        str(tmp_path / "a.tif"),
        "--checkpoint",
        str(tmp_path / "net.pth"),
        "--out",
        str(tmp_path),
    ]
    assert main(words) == 0
    assert tifffile.imread(next(tmp_path.rglob("result.tif"))).shape == VOXELS.shape


def test_predict_stack_takes_any_model(tmp_path: Path) -> None:
    from wholefield.cli import main

    tifffile.imwrite(tmp_path / "a.tif", VOXELS, photometric="minisblack")
    torch.save(unet(1, 2, width=4, depth=1).state_dict(), tmp_path / "net.pth")
    words = [
        "predict-stack",
        str(tmp_path / "a.tif"),
        "--checkpoint",
        str(tmp_path / "net.pth"),
        "--out",
        str(tmp_path),
    ]
    assert main(words) == 0
    assert tifffile.imread(next(tmp_path.rglob("prediction.tif"))).shape == VOXELS.shape
    assert main([*words, "--probability-of", "1"]) == 1
