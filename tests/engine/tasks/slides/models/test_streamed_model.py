"""Models on slides that are read tile by tile: the numbers of the plain network, and never more than a few tiles."""

import threading
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from wholefield.networks import small_cnn, unet
from wholefield.networks.classifier import AttentionClassifier
from wholefield.networks.registry import find_model
from wholefield.sources.rect import Rect
from wholefield.sources.slides.image import AnyArray, Description, ImageSource, levels_from_sizes
from wholefield.sources.slides.orientation import Orientation
from wholefield.sources.slides.slide_image import SlideImage
from wholefield.tasks.slides.data.mask_data import MaskedArea
from wholefield.tasks.slides.data.masks import IGNORED
from wholefield.tasks.slides.models.classifier import StreamedClassifier
from wholefield.tasks.slides.models.segmenter import StreamedSegmenter
from wholefield.training.augmentation import ColorJitter
from wholefield.training.label_values import LabelSet

SCALE: dict[str, Any] = {"mean": (0.5, 0.4, 0.6), "std": (0.2, 0.25, 0.3)}
AREA = Rect(7, 3, 501, 478)
SMALL = Rect(7, 3, 201, 133)
TILE = 32
# The side of a square of as many pixels as a network may let gather for its deep layers.
LARGEST = 160


class Counted(ImageSource):
    """An image in memory that counts what is read of it, and how much of that is alive at once."""

    def __init__(self, pixels: AnyArray) -> None:
        height, width, channels = pixels.shape
        levels = levels_from_sizes([(width, height)])
        super().__init__(Path("x.tif"), Description("x", levels, channels, pixels.dtype, None, {}))
        self._pixels = pixels
        self._lock = threading.Lock()
        self._alive = 0
        self.largest = self.peak = self.total = 0

    def _read_inside(self, level: int, x: int, y: int, width: int, height: int) -> AnyArray:
        region = self._pixels[y : y + height, x : x + width].copy()
        size = width * height
        with self._lock:
            self._alive += size
            self.total += size
            self.largest, self.peak = max(self.largest, size), max(self.peak, self._alive)
        weakref.finalize(region, self._let_go, size)
        return region

    def _let_go(self, size: int) -> None:
        with self._lock:
            self._alive -= size

    def assert_frugal(self, visits: int, area: Rect[int]) -> None:
        """The area was read `visits` times, a block at a time, and at most three blocks were alive."""
        assert self.largest <= LARGEST**2
        assert self.peak <= 3 * LARGEST**2 < area.width * area.height
        # Small tiles wait for the first layer, and what has gathered is read again with the next.
        assert 1 <= self.total / (visits * area.width * area.height) < 2


@pytest.fixture
def slide() -> Counted:
    random = np.random.default_rng(0)
    return Counted(random.integers(0, 256, (500, 550, 3), dtype=np.uint8))


def in_memory(slide: Counted, turn: Orientation, area: Rect[int] = AREA) -> torch.Tensor:
    """The area as a tensor, computed here."""
    pixels = slide._pixels[3 : 3 + area.height, 7 : 7 + area.width]
    # Single precision, as what is read: where two pixels of a pool are nearly equal, rounding decides.
    mean, std = np.float32(SCALE["mean"]), np.float32(SCALE["std"])
    values = (turn.of(pixels).astype(np.float32) / np.float32(255) - mean) / std
    return torch.from_numpy(values.transpose(2, 0, 1).copy())[None].double()


@pytest.mark.parametrize("turn", [Orientation(), Orientation(3, mirrored=True)])
@pytest.mark.parametrize("attention", [False, True])
def test_classifier(slide: Counted, attention: bool, turn: Orientation) -> None:
    torch.manual_seed(1)
    plain = small_cnn(num_classes=3)
    network = (AttentionClassifier(plain, 3) if attention else plain).double().eval()
    model = StreamedClassifier(network, TILE)
    parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
    image = SlideImage(slide, area=AREA, orientation=turn, **SCALE).on(model.like)
    logits = model.logits(image)
    found = torch.autograd.grad(logits[0, 1], parameters, allow_unused=True)
    slide.assert_frugal(2, AREA)
    expected = network(in_memory(slide, turn))
    torch.testing.assert_close(logits, expected, rtol=1e-11, atol=1e-12)
    for one, other in zip(found, torch.autograd.grad(expected[0, 1], parameters), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("name", "area"), [("small_cnn", AREA), ("convnext_tiny", SMALL)])
def test_evidence_of_an_unread_image(slide: Counted, name: str, area: Rect[int]) -> None:
    torch.manual_seed(2)
    model = StreamedClassifier(find_model(name).build(num_classes=2).double().eval(), TILE)
    logits, maps = model.evidence(SlideImage(slide, area=area, **SCALE).on(model.like))
    if area is AREA:
        slide.assert_frugal(1, area)
    with torch.no_grad():
        features = model.streamed.network(in_memory(slide, Orientation(), area))
        torch.testing.assert_close(logits, model.head(features), rtol=1e-11, atol=1e-12)
        torch.testing.assert_close(maps, model.head.class_map(features), rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("turn", [Orientation(), Orientation(1)])
def test_segmenter(slide: Counted, turn: Orientation) -> None:
    torch.manual_seed(3)
    values = np.random.default_rng(1).integers(0, 4, (500, 550, 1), dtype=np.uint8)
    mask = Counted(values)
    model = StreamedSegmenter(unet(3, 3, width=3, depth=2).double(), TILE, (1.0, 2.0, 3.0))
    parameters = list(model.network.parameters())
    image = MaskedArea(
        SlideImage(slide, area=AREA, orientation=turn, **SCALE), mask, LabelSet((0, 1, 2), (3,))
    ).on(model.like)
    total, table = model.judge(image)
    found = torch.autograd.grad(total, parameters)
    slide.assert_frugal(2, AREA)
    mask.assert_frugal(2, AREA)

    wanted = torch.from_numpy(turn.of(values[3 : 3 + 478, 7 : 7 + 501, 0]).astype(np.int64))
    wanted[wanted == 3] = IGNORED
    weights = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)
    logits = model.network(in_memory(slide, turn))
    expected = functional.cross_entropy(logits, wanted[None], weights, ignore_index=IGNORED, reduction="sum")
    assert float(total.detach()) == pytest.approx(float(expected.detach()), rel=1e-12)
    assert int(table.sum()) == int((wanted != IGNORED).sum())
    for one, other in zip(found, torch.autograd.grad(expected, parameters), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-9)


def test_tints_do_not_depend_on_the_tiles(slide: Counted) -> None:
    image = SlideImage(
        slide, area=AREA, orientation=Orientation(2), tint=ColorJitter(0.1, 1.3, 0.6).of, **SCALE
    )
    whole = image.read(((0, 478), (0, 501)))
    torch.testing.assert_close(image.read(((20, 91), (300, 333))), whole[..., 20:91, 300:333])
    assert not torch.allclose(
        whole, SlideImage(slide, area=AREA, orientation=Orientation(2), **SCALE).read(((0, 478), (0, 501)))
    )


def test_boxes_of_turned_images_lie_on_the_slide(slide: Counted) -> None:
    image = SlideImage(slide, area=AREA, orientation=Orientation(1), **SCALE)
    assert image.shape == (1, 3, 501, 478)
    # The first rows of the turned image are the last columns of the area.
    assert image.box(((0, 10), (0, 478))) == ((3, 481), (498, 508))
