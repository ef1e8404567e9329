"""Published networks on slides: what is written is what the plain network gives for the whole image."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
import zarr
from torch import Tensor, nn
from torch.nn import functional as F

from wholefield.errors import SettingError, SourceError
from wholefield.networks import small_cnn, unet
from wholefield.networks.opening import Activation, Gives, Intensity, Measured, PublishedCard, published
from wholefield.networks.resnet import resnet18
from wholefield.runs.control import Control
from wholefield.runs.folder import RunFolder
from wholefield.runs.reports import Failed, Finished, Report
from wholefield.sources import Kind, open_image
from wholefield.sources.choices import Reading
from wholefield.sources.format import Format
from wholefield.sources.signatures import ends
from wholefield.tasks.applying import Wanted
from wholefield.tasks.registry import run_task
from wholefield.tasks.slides.predict import published_settings
from wholefield.tasks.slides.published import apply
from wholefield.tasks.slides.published.network_input import NetworkInput, measured_intensity, plain_image
from wholefield.tasks.slides.published.settings import ApplySettings, PictureFormat
from wholefield.tasks.slides.results.prediction import PREDICTION, SlidePrediction
from wholefield.tasks.slides.settings import PredictSettings

RANDOM = np.random.default_rng(5)
PIXELS = RANDOM.integers(0, 256, (45, 62, 3), np.uint8)


class Twice(nn.Module):
    """Super-resolution by two, for even sizes only."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, padding=1)
        self.last = nn.Conv2d(8, 12, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.first(x))
        low = F.interpolate(F.max_pool2d(y, 2), scale_factor=2.0, mode="nearest")
        return torch.sigmoid(F.pixel_shuffle(self.last(y + low), 2))


def card(**more: Any) -> PublishedCard:
    return PublishedCard("test", "net", 2, 3, Gives.MAPS, 0, **more)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Runs the task with a network of the test on a picture; gives the run folder."""

    def running(network: nn.Module, about: PublishedCard, **settings: Any) -> Path:
        tifffile.imwrite(tmp_path / "slide.tif", PIXELS, photometric="rgb")
        (tmp_path / "net.pt2").touch()
        monkeypatch.setattr(apply, "open_model", lambda path: published(path, network, about))
        given = ApplySettings(
            slide=tmp_path / "slide.tif", checkpoint=tmp_path / "net.pt2", tile_size=16, **settings
        )
        folder = RunFolder.create(tmp_path / "runs", given).path
        reports: list[Report] = []
        end = run_task(given, folder, reports.append, Control())
        if isinstance(end, Failed):
            raise SettingError(end.message)
        assert isinstance(end, Finished)
        return given.result(folder) if given.result(folder).exists() else folder / PREDICTION

    return running


def whole(network: nn.Module, mean: float = 0.0, std: float = 1.0, rows: int = 0) -> Tensor:
    """The plain network on the whole image and so many mirrored rows below it, in float64."""
    x = (torch.from_numpy(PIXELS / 255.0).permute(2, 0, 1)[None] - mean) / std
    with torch.no_grad():
        found: Tensor = network.double()(F.pad(x, (0, 0, 0, rows), "reflect"))
    network.float()
    return found[0]


@pytest.mark.parametrize("form", list(PictureFormat))
def test_an_image_twice_as_large_is_written_in_the_type_of_the_slide(
    run: Callable[..., Path], form: PictureFormat
) -> None:
    network = Twice().eval()
    path = run(network, card(), format=form)
    expected = np.rint(whole(network, rows=1)[:, : 2 * 45].permute(1, 2, 0).numpy() * 255)
    if form is PictureFormat.OME_ZARR:
        found = np.moveaxis(np.asarray(zarr.open_group(path, mode="r")["0"]), 0, -1)
    else:
        found = tifffile.imread(path)
    assert found.dtype == np.uint8
    assert found.shape == (90, 124, 3)
    assert np.abs(found - expected).max() <= 1
    assert (found != expected).mean() < 1e-3
    with open_image(path) as result:
        assert (result.height, result.width, result.channels) == (90, 124, 3)


def test_classes_probabilities_and_values(run: Callable[..., Path]) -> None:
    network = unet(3, 4, width=4, depth=1).eval()
    about = card(
        activation=Activation.SOFTMAX, intensity=(Intensity(offset=0.5, divisor=0.25),), classes=tuple("abcd")
    )
    logits = whole(network, 0.5, 0.25)
    classes = tifffile.imread(run(network, about))
    assert (classes != logits.argmax(0).numpy()).mean() < 1e-3
    probabilities = tifffile.imread(run(network, about, wanted=Wanted.PROBABILITIES))
    np.testing.assert_allclose(probabilities, logits.softmax(0).permute(1, 2, 0), atol=1e-5)
    values = tifffile.imread(run(network, about, wanted=Wanted.VALUES))
    np.testing.assert_allclose(values, logits.permute(1, 2, 0), atol=1e-4)


def test_the_classes_of_a_slide_as_a_whole(run: Callable[..., Path]) -> None:
    network = resnet18(num_classes=3).eval()
    about = PublishedCard("test", "net", 2, 3, Gives.VECTOR, 3, activation=Activation.SOFTMAX)
    found = SlidePrediction.load(run(network, about))
    x = torch.from_numpy(PIXELS / 255.0).permute(2, 0, 1)[None]
    with torch.no_grad():
        expected = network.double()(x).softmax(1)[0]
    np.testing.assert_allclose(found.probabilities, expected, atol=1e-4)
    assert found.classes == ("Output 1", "Output 2", "Output 3")


def test_what_does_not_stream_is_refused_with_its_reason(run: Callable[..., Path]) -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 1), nn.Softmax(dim=3))
    with pytest.raises(SettingError, match=r"net\.pt2: .*softmax"):
        run(network, card())


def test_intensities_of_the_image_are_measured(tmp_path: Path) -> None:
    pixels = RANDOM.random((40, 50, 3), np.float32) * 9 - 3
    pixels[:7] = 0
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb", planarconfig="contig")
    intensity = (
        Intensity(measured=Measured.MEAN, nonzero=True), Intensity(measured=Measured.RANGE), Intensity(clip=(0, 1)),
    )  # fmt: skip
    about = card(intensity=intensity, unit_scale=False)
    with open_image(tmp_path / "a.tif") as source:
        plain = plain_image(source, 0, about)
        measured = measured_intensity(plain, about, lambda done, total: None)
        image = NetworkInput(plain, about, measured, torch.empty(0, dtype=torch.float64))
        found = image.read(((0, 40), (0, 50)))[0].numpy()
    first, second = pixels[..., 0].astype(float), pixels[..., 1].astype(float)
    inside = first[first != 0]
    expected = np.where(first != 0, (first - inside.mean()) / inside.std(), 0)
    np.testing.assert_allclose(found[0], expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(
        found[1], (second - second.min()) / (second.max() - second.min()), rtol=0, atol=1e-12
    )
    np.testing.assert_allclose(found[2], np.clip(pixels[..., 2], 0, 1), rtol=0, atol=0)


def test_beyond_the_far_border_the_image_is_mirrored(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", PIXELS, photometric="rgb")
    about = published(Path("net"), Twice(), card()).card
    with open_image(tmp_path / "a.tif") as source:
        image = NetworkInput(plain_image(source, 0, about), about, (Intensity(),) * 3, torch.empty(0))
        assert image.shape == (1, 3, 46, 62)
        assert torch.equal(image.read(((45, 46), (3, 9))), image.read(((43, 44), (3, 9))))


def test_another_package_adds_a_format_of_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from wholefield.networks.opening import open_model
    from wholefield.sources import detection, formats

    row = Format("TOY", Kind.MODEL, (".toy",), ends(".toy"), f"{__name__}:open_toy")
    monkeypatch.setattr(formats, "FORMATS", (row, *formats.FORMATS))
    formats.all_formats.cache_clear()
    (tmp_path / "a.toy").write_bytes(b"toy")
    try:
        assert open_model(tmp_path / "a.toy").card.architecture == "toy"
        with pytest.raises(SourceError, match="is a model"):
            detection.open_as(None, tmp_path / "a.toy")
    finally:
        formats.all_formats.cache_clear()


def open_toy(path: Path, reading: Reading) -> object:
    del reading
    return published(path, nn.Conv2d(1, 1, 3), PublishedCard("toy", "toy", 2, 1, Gives.MAPS, 0))


def test_predict_takes_any_model(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "slide.tif", PIXELS, photometric="rgb")
    torch.save(unet(3, 2, width=4, depth=1).state_dict(), tmp_path / "net.pth")
    given = PredictSettings(slide=tmp_path / "slide.tif", checkpoint=tmp_path / "net.pth", tile_size=32)
    folder = RunFolder.create(tmp_path / "runs", given).path
    assert isinstance(run_task(given, folder, lambda report: None, Control()), Finished)
    assert tifffile.imread(folder / "result.ome.tif").shape == (45, 62)


def normalizing() -> nn.Module:
    torch.manual_seed(2)
    return nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.InstanceNorm2d(4), nn.Conv2d(4, 2, 1)).eval()


def test_statistics_of_regions_are_used_instead_of_those_of_the_slide(run: Callable[..., Path]) -> None:
    network = normalizing()
    found = tifffile.imread(run(network, card(), wanted=Wanted.VALUES, statistics="3,5,20,16"))
    x = torch.from_numpy(PIXELS / 255.0).permute(2, 0, 1)[None].float()
    with torch.no_grad():
        patch = network[0](x[..., 5:21, 3:23])  # type: ignore[index]
        mean, variance = patch.mean((0, 2, 3)), patch.var((0, 2, 3), correction=0)
        expected = network[2](F.batch_norm(network[0](x), mean, variance))[0]  # type: ignore[index]
    torch.testing.assert_close(torch.from_numpy(np.moveaxis(found, -1, 0)), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("statistics", ["1,2,3", "-1,0,5,5", "40,30,30,30"])
def test_regions_that_are_none_are_refused(run: Callable[..., Path], statistics: str) -> None:
    with pytest.raises(SettingError, match="The setting statistics"):
        run(normalizing(), card(), statistics=statistics)


def test_background_is_skipped_as_the_color_of_the_glass(run: Callable[..., Path], monkeypatch: Any) -> None:
    """Gray dirt on the glass is not seen any more; sizes that are filled up and normalization change nothing."""
    clean = np.full((301, 403, 3), 240, np.uint8)
    clean[100:200, 100:230] = RANDOM.integers((150, 60, 90), (220, 120, 160), (100, 130, 3))
    dirty = clean.copy()
    dirty[12:18, 340:360] = 90
    about = card(intensity=(Intensity(offset=0.5, divisor=0.25),))
    network = unet(3, 2, width=2, depth=2).eval()
    found = {}
    for name, pixels in (("clean", clean), ("dirty", dirty)):
        monkeypatch.setattr(f"{__name__}.PIXELS", pixels)
        for skip in (False, True):
            path = run(network, about, wanted=Wanted.VALUES, skip_background=skip)
            found[name, skip] = tifffile.imread(path)
    for name in ("clean", "dirty"):
        np.testing.assert_allclose(found[name, True], found["clean", False], atol=1e-5)
    assert np.abs(found["dirty", False] - found["clean", False]).max() > 1e-2


def test_a_classifier_skips_background(run: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer for a slide with dirt on the glass is that for the clean one."""
    clean = np.full((301, 403, 3), 240, np.uint8)
    clean[100:200, 100:230] = RANDOM.integers((150, 60, 90), (220, 120, 160), (100, 130, 3))
    dirty = clean.copy()
    dirty[12:18, 340:360] = 90
    torch.manual_seed(0)
    network = small_cnn(num_classes=3).eval()
    nn.init.normal_(network.head.fc.weight, std=0.1)
    about = PublishedCard("test", "net", 2, 3, Gives.VECTOR, 3, activation=Activation.SOFTMAX)
    monkeypatch.setattr(f"{__name__}.PIXELS", clean)
    expected = SlidePrediction.load(run(network, about)).probabilities
    monkeypatch.setattr(f"{__name__}.PIXELS", dirty)
    found = SlidePrediction.load(run(network, about, skip_background=True)).probabilities
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert np.abs(SlidePrediction.load(run(network, about)).probabilities - expected).max() > 1e-5


def test_background_that_counts_is_not_skipped(run: Callable[..., Path]) -> None:
    network = nn.Sequential(nn.Conv2d(3, 2, 3, padding=1), nn.InstanceNorm2d(2)).eval()
    with pytest.raises(SettingError, match="to which background counts, so that it cannot be skipped"):
        run(network, card(), skip_background=True)


def test_a_prediction_hands_all_its_settings_to_a_published_model(tmp_path: Path) -> None:
    given = PredictSettings(
        slide=tmp_path / "a", checkpoint=tmp_path / "b", level=2, tile_size=64, workers=3, exact_kernels=True,
        skip_background=True,
    )  # fmt: skip
    handed = published_settings(given)
    assert {name: getattr(handed, name) for name in vars(given)} == vars(given)
