from pathlib import Path

from hypothesis import given, strategies as st

from wholefield.runs.reports import Direction, StepDone, TileDone
from wholefield_app.runs.coalesce import coalesce


def tile(number: int) -> TileDone:
    return TileDone(Direction.FORWARD, (0, number), (1, 1000), ((0, 1), (number, number + 1)), Path("a"))


@given(st.lists(st.booleans(), max_size=80), st.integers(0, 20))
def test_only_old_tiles_go_and_the_order_stays(kinds: list[bool], newest: int) -> None:
    reports = [tile(n) if is_tile else StepDone(n + 1, 80, 1, 1, 0.0) for n, is_tile in enumerate(kinds)]
    thinned = coalesce(iter(reports), newest)
    tiles = [report for report in reports if isinstance(report, TileDone)]
    kept = tiles[max(0, len(tiles) - newest) :]
    assert thinned == [report for report in reports if not isinstance(report, TileDone) or report in kept]
