"""A part of a slide is predicted as in the prediction of all of it, wherever it lies."""

from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch

from wholefield.networks import freeze_normalization, unet
from wholefield.sources import Rect, SlideImage, open_image
from wholefield.tasks.slides.strokes.regions import RegionPredictor

SIZE = (157, 201)
PARTS = (
    Rect(0, 0, 64, 64),
    Rect(77, 61, 33, 50),
    Rect(150, 100, 51, 57),
    Rect(90, 80, 1, 1),
    Rect(0, 0, 201, 157),
)


@pytest.mark.parametrize("depth", [1, 3])
def test_parts_equal_the_whole(tmp_path: Path, depth: int) -> None:
    torch.manual_seed(0)
    pixels = np.random.default_rng(0).integers(0, 4000, (2, *SIZE)).astype(np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", pixels, metadata={"axes": "CYX"})
    network = freeze_normalization(unet(2, 3, width=4, depth=depth).double())
    with open_image(tmp_path / "a.tif") as source:
        image = SlideImage(source, mean=(0.02, 0.03), std=(0.01, 0.02), dtype=torch.float64)
        predictor = RegionPredictor(network, image)
        with torch.no_grad():
            whole = network(image.read(((0, SIZE[0]), (0, SIZE[1]))))[0].float()
        for part in PARTS:
            found = predictor.logits(part)
            torch.testing.assert_close(
                found, whole[:, part.y : part.bottom, part.x : part.right], rtol=0, atol=1e-6
            )
        read = predictor.read_for(Rect(77, 61, 33, 50))
    assert read.x % 2**depth == read.y % 2**depth == 0
    assert read.width < SIZE[1], "what is far away is not read"
