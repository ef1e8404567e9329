"""What a position of a layer sees, as boxes on the slide."""

from typing import NamedTuple

from wholefield.tasks.slides.inspection import ReceptiveField

# Okabe and Ito's palette: distinguishable by people with color vision deficiency, and on pink and violet stains.
TILE, FIELD, CELL = "#56b4e9", "#f0e442", "#d55e00"
# More outlines than this would be a carpet; one around all of them says the same.
MOST_OUTLINES = 100

Box = tuple[float, float, float, float, str, str]
"""x, y, width, height in px of level 0; label; color."""


class Grid(NamedTuple):
    """The tiles of a level on the slide.

    Attributes:
        tile_size: side of a tile in px of the level.
        width: of the level in px.
        height: of the level in px.
        pitch_x: px of level 0 per px of the level.
        pitch_y: px of level 0 per px of the level.
    """

    tile_size: int
    width: int
    height: int
    pitch_x: float
    pitch_y: float

    def box(self, rows: tuple[float, float], columns: tuple[float, float], label: str, color: str) -> Box:
        """The part of a range of rows and columns of the level that lies on it, as a box on the slide."""
        top, bottom = (min(max(value, 0), self.height) for value in rows)
        left, right = (min(max(value, 0), self.width) for value in columns)
        x, y = left * self.pitch_x, top * self.pitch_y
        return x, y, right * self.pitch_x - x, bottom * self.pitch_y - y, label, color

    def tiles(self, rows: tuple[int, int], columns: tuple[int, int]) -> Box:
        """The box around a range of tiles."""
        size = self.tile_size
        return self.box((rows[0] * size, rows[1] * size), (columns[0] * size, columns[1] * size), "", TILE)


def field_boxes(seen: ReceptiveField, grid: Grid) -> list[Box]:
    """The tiles involved, the receptive field, and on top the position's own pixels."""
    height, width = (stop - start for start, stop in seen.field)
    tiles = f"{seen.tile_count:,} tile" + ("s" if seen.tile_count > 1 else "")
    y, x = seen.position
    return [
        *_tiles(seen, grid),
        grid.box(
            seen.field[0], seen.field[1], f"{seen.row.name} sees {width} × {height} px in {tiles}", FIELD
        ),
        grid.box(seen.cell[0], seen.cell[1], f"({x}, {y})", CELL),
    ]


def _tiles(seen: ReceptiveField, grid: Grid) -> list[Box]:
    (top, bottom), (left, right) = seen.tiles
    if seen.tile_count > MOST_OUTLINES:
        return [grid.tiles((top, bottom), (left, right))]
    places = [(row, column) for row in range(top, bottom) for column in range(left, right)]
    return [grid.tiles((row, row + 1), (column, column + 1)) for row, column in places]
