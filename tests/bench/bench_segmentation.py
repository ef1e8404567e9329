"""Nuclei of a fluorescence image, one quadrant of it held out: python -m tests.bench segmentation [epochs].

Trains a U-Net on the other three, each streamed whole, and prints the Dice of the one held out beside that of calling
all of it nuclei; then how far its probabilities depend on the tiles: in tiles of 64, of 256 and in one, by the plain
network and by that in float64. The last weights are judged, not the best, which the held-out quadrant chose.
"""

import csv
import sys
import time
from itertools import combinations, product
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import Tensor

from tests.bench.measure import machine
from wholefield.runs.control import Control
from wholefield.runs.folder import RunFolder
from wholefield.runs.reports import EpochDone, Failed, Report
from wholefield.sources import open_image
from wholefield.sources.slides.slide_image import Pixels, SlideImage
from wholefield.streaming import Streamed
from wholefield.tasks.registry import run_task
from wholefield.tasks.slides.data.mask_data import MaskedArea
from wholefield.tasks.slides.data.slide_input import labeled_area
from wholefield.tasks.slides.labels import MaskedSlide, read_masks, split_rows
from wholefield.tasks.slides.models.segmenter import load_segmenter
from wholefield.tasks.slides.segment import mean_dice
from wholefield.tasks.slides.settings import SegmentSettings
from wholefield.training.label_values import LabelSet
from wholefield.training.settings import Augmentation

SLIDES = Path(__file__).resolve().parents[3] / "shared" / "data" / "slides"
SLIDE = "cardio_B03_mip_v04.zarr"
MASK = f"{SLIDE}/labels/nuclei"
WIDTH, DEPTH, TILE = 32, 2, 256
TILES = (64, 256)


def settings(folder: Path, epochs: int) -> SegmentSettings:
    """A run on the quadrants of the image; its table of masks is written into the folder."""
    table = folder / "quadrants.csv"
    with open_image(SLIDES / SLIDE) as source, table.open("w", newline="") as file:
        width, height = source.width // 2, source.height // 2
        rows = csv.writer(file)
        rows.writerow(("file", "mask", "x", "y", "width", "height"))
        rows.writerows((SLIDE, MASK, x, y, width, height) for y, x in product((0, height), (0, width)))
    return SegmentSettings(
        slides=SLIDES,
        masks=table,
        binarize_labels=True,
        tile_size=TILE,
        width=WIDTH,
        depth=DEPTH,
        epochs=epochs,
        learning_rate=3e-3,
        augmentation=Augmentation.FLIPS_AND_ROTATIONS,
    )


def train(config: SegmentSettings, folder: Path) -> Path:
    """Train and print how it goes; the last checkpoint."""

    def report(item: Report) -> None:
        if isinstance(item, EpochDone):
            values = ", ".join(f"{name} {value:.3f}" for name, value in item.metrics.items())
            print(f"epoch {item.epoch}, {time.perf_counter() - start:.0f} s: {values}", flush=True)

    start = time.perf_counter()
    end = run_task(config, folder, report, Control())
    if isinstance(end, Failed):
        sys.exit(end.message)
    return RunFolder(folder).last


def held_out(config: SegmentSettings) -> MaskedSlide:
    """The quadrant that the run does not train on."""
    rows = read_masks(config.masks, config.slides).rows
    (index,) = split_rows(rows, config.validation_fraction, config.seed).validation
    return rows[index]


def read(row: MaskedSlide, pixels: Pixels) -> tuple[Tensor, Tensor]:
    """The image (1, C, h, w) and the classes (h, w) of a quadrant."""
    with open_image(row.path) as source, open_image(row.mask) as mask:
        area = labeled_area(source, row.region, 0)
        both = MaskedArea(
            SlideImage(source, area=area, mean=pixels.mean, std=pixels.std),
            mask,
            LabelSet((0, 1), binarize=True),
        )
        values = both.read(((0, area.height), (0, area.width)))
    return values[:, :-1], values[0, -1].long()


@torch.no_grad()
def chances(checkpoint: Path, image: Tensor) -> dict[str, Tensor]:
    """The probability of a nucleus (h, w), streamed in several tiles, by the plain network, and by that in float64."""
    network = load_segmenter(checkpoint, TILE)[0].network
    tiles = {f"tile {tile}": tile for tile in TILES} | {"one tile": max(image.shape)}
    found = {name: Streamed(network, tile)(image) for name, tile in tiles.items()}
    found["plain"] = network(image)
    found["plain in float64"] = network.double()(image.double())
    return {name: logits.double().softmax(1)[0, 1] for name, logits in found.items()}


def dice(chance: Tensor, classes: Tensor) -> float:
    """Dice of the class 1, called where its probability is above one half."""
    pairs = torch.bincount(2 * classes.flatten() + (chance > 0.5).flatten(), minlength=4)
    return mean_dice(pairs.reshape(2, 2))


def main(epochs: int = 10) -> None:
    """Train, predict and print."""
    print(f"{machine()}\nU-Net of width {WIDTH} and depth {DEPTH}, tile {TILE}", flush=True)
    with TemporaryDirectory() as folder:
        config = settings(Path(folder), epochs)
        checkpoint = train(config, Path(folder) / "run")
        row = held_out(config)
        card = load_segmenter(checkpoint, TILE)[1]
        image, classes = read(row, Pixels(card.input.mean, card.input.std))
        found = chances(checkpoint, image)
    chance = found["plain"]
    print(f"{row.region}, {classes.float().mean():.1%} nuclei: Dice {dice(chance, classes):.3f}")
    print(f"  of the background {dice(1 - chance, 1 - classes):.3f}")
    print(f"  of calling all of it nuclei {dice(torch.ones_like(chance), classes):.3f}")
    print("largest difference of the probabilities")
    for one, other in combinations(found, 2):
        print(f"  {one:10} {other:18} {(found[one] - found[other]).abs().max():.1e}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
