"""The order of the slides: seeded, complete, and continued where it was left."""

import itertools
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
import torch

from wholefield.errors import SourceError
from wholefield.sources.slides.slide_image import Pixels
from wholefield.tasks.slides.data.slides_data import SlideLoader
from wholefield.tasks.slides.labels import LabeledSlide
from wholefield.training.settings import Augmentation

PIXELS = Pixels((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))


def make(slides: Path, **options: Any) -> SlideLoader:
    rows = [LabeledSlide(slides / f"red{index}.tif", "red") for index in range(5)]
    return SlideLoader(rows, range(5), 1, PIXELS, **options)


def targets(loader: SlideLoader) -> list[int]:
    return [int(item.target) for (item,) in loader]


def test_items(slides: Path) -> None:
    (item,) = next(iter(make(slides)))
    assert item.image.shape == (1, 3, 66, 75)
    assert item.image.dtype == torch.float32
    assert item.target.tolist() == [0]
    assert item.image.slide == slides / "red0.tif"


def test_a_slide_is_open_while_it_is_the_item_in_hand(slides: Path) -> None:
    visits = iter(make(slides))
    (first,) = next(visits)
    assert first.image.read(((0, 5), (0, 7))).shape == (1, 3, 5, 7)
    next(visits)
    with pytest.raises(SourceError):
        first.image.read(((0, 5), (0, 7)))
    assert isinstance(visits, Generator)
    visits.close()


def test_changes_of_training_images_are_drawn_anew_each_visit(slides: Path) -> None:
    loader = make(slides, seed=1, repeats=4, augmentation=Augmentation.FLIPS_AND_ROTATIONS, color_jitter=0.3)

    def visits() -> list[tuple[object, float]]:
        return [
            (item.image.orientation, float(item.image.read(((0, 9), (0, 9))).mean())) for (item,) in loader
        ]

    first = visits()
    loader.begin(1)
    loader.begin(0)
    assert first == visits()
    assert len(set(first)) == 20
    assert len({turn for turn, _ in first}) > 4


def test_without_a_seed_in_the_order_of_the_rows_every_time(slides: Path) -> None:
    loader = make(slides)
    assert targets(loader) == targets(loader) == [0, 1, 2, 3, 4]


def test_every_epoch_shuffles_anew_and_is_complete(slides: Path) -> None:
    loader = make(slides, seed=1, repeats=2)
    orders = []
    for epoch in range(3):
        loader.begin(epoch)
        orders.append(targets(loader))
    assert all(sorted(order) == sorted([*range(5)] * 2) for order in orders)
    assert len({tuple(order) for order in orders}) == 3
    assert len(loader) == 10


def test_seed_decides_order_and_squares(slides: Path) -> None:
    def visits(seed: int) -> list[tuple[int, float, float]]:
        loader = make(slides, seed=seed, square=20)
        return [(int(item.target), item.image.area.x, item.image.area.y) for (item,) in loader]

    assert visits(1) == visits(1)
    assert visits(1) != visits(2)


def test_squares_change_from_epoch_to_epoch(slides: Path) -> None:
    loader = make(slides, seed=1, square=20)
    places = []
    for epoch in range(2):
        loader.begin(epoch)
        places.append({int(item.target): (item.image.area.x, item.image.area.y) for (item,) in loader})
        assert all(place is not None for place in places[-1].values())
    assert places[0] != places[1]


@pytest.mark.parametrize("taken", range(1, 6))
def test_goes_on_with_the_item_that_was_not_finished(slides: Path, taken: int) -> None:
    loader = make(slides, seed=3)
    loader.begin(2)
    whole = targets(loader)
    loader = make(slides, seed=3)
    loader.begin(2)
    visits = iter(loader)
    seen = [int(item.target) for (item,) in itertools.islice(visits, taken)]
    other = make(slides, seed=3)
    other.load_state_dict(loader.state_dict())
    other.begin(2)
    assert seen[:-1] + targets(other) == whole
    other.begin(3)
    assert len(targets(other)) == 5
