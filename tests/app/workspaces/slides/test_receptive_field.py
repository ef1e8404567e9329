"""A receptive field as boxes on the slide, whatever the level."""

from itertools import pairwise

import pytest

from wholefield.tasks.slides.inspection import Inspection, inspect_network
from wholefield_app.workspaces.slides.receptive_field import (
    CELL,
    FIELD,
    MOST_OUTLINES,
    TILE,
    Grid,
    field_boxes,
)

WIDTH, HEIGHT, TILE_SIZE = 437, 301, 64


@pytest.fixture(scope="module")
def inspection() -> Inspection:
    return inspect_network("small_cnn", (HEIGHT, WIDTH), TILE_SIZE)


@pytest.mark.parametrize("pitch", [1.0, 4.0, 4.02])
@pytest.mark.parametrize("pixel", [(0, 0), (150, 212), (300, 436)])
def test_field_cell_and_tiles_lie_on_the_slide(
    inspection: Inspection, pixel: tuple[int, int], pitch: float
) -> None:
    grid = Grid(TILE_SIZE, WIDTH, HEIGHT, pitch, pitch)
    seen = inspection.look(inspection.output.node, pixel)
    *tiles, field, cell = field_boxes(seen, grid)
    assert [box[5] for box in tiles] == [TILE] * seen.tile_count
    assert (field[5], cell[5]) == (FIELD, CELL)
    (top, bottom), (left, right) = seen.field
    assert field[:4] == pytest.approx(
        (left * pitch, top * pitch, (right - left) * pitch, (bottom - top) * pitch)
    )
    for x, y, width, height, _, _ in (*tiles, field, cell):
        assert 0 <= x < x + width <= WIDTH * pitch + 1e-9
        assert 0 <= y < y + height <= HEIGHT * pitch + 1e-9
    # The tiles together hold the field, and each of them meets it.
    assert min(box[0] for box in tiles) <= field[0]
    assert max(box[0] + box[2] for box in tiles) >= field[0] + field[2] - 1e-9
    for x, y, width, height, _, _ in tiles:
        assert x < field[0] + field[2]
        assert field[0] < x + width
        assert y < field[1] + field[3]
        assert field[1] < y + height


def test_the_labels_say_what_is_seen(inspection: Inspection) -> None:
    seen = inspection.look(inspection.output.node, (150, 212))
    boxes = field_boxes(seen, Grid(TILE_SIZE, WIDTH, HEIGHT, 1, 1))
    labels = [box[4] for box in boxes if box[4]]
    y, x = seen.position
    assert labels == [f"features.13 sees 151 × 151 px in {seen.tile_count} tiles", f"({x}, {y})"]
    one = inspection.look(0, (10, 10))
    assert field_boxes(one, Grid(TILE_SIZE, WIDTH, HEIGHT, 1, 1))[-2][4] == "image sees 1 × 1 px in 1 tile"


def test_very_many_tiles_get_one_outline() -> None:
    inspection = inspect_network("resnet18", (HEIGHT, WIDTH), 16)
    seen = inspection.look(inspection.output.node, (150, 212))
    assert seen.tile_count > MOST_OUTLINES
    tiles, *_ = field_boxes(seen, Grid(16, WIDTH, HEIGHT, 1, 1))
    (top, bottom), (left, right) = seen.tiles
    assert tiles[:4] == (
        left * 16,
        top * 16,
        min(right * 16, WIDTH) - left * 16,
        min(bottom * 16, HEIGHT) - top * 16,
    )
    assert len(field_boxes(seen, Grid(16, WIDTH, HEIGHT, 1, 1))) == 3


def test_boxes_of_neighbouring_tiles_meet(inspection: Inspection) -> None:
    grid = Grid(TILE_SIZE, WIDTH, HEIGHT, 4.02, 4.02)
    *tiles, _, _ = field_boxes(inspection.look(inspection.output.node, (150, 212)), grid)
    first_row = [box for box in tiles if box[1] == tiles[0][1]]
    for before, after in pairwise(first_row):
        assert before[0] + before[2] == pytest.approx(after[0])
