"""Thins a batch of reports to what a window can show."""

from collections.abc import Iterable

from wholefield.runs.reports import Report, TileDone

NEWEST_TILES = 16


def coalesce(reports: Iterable[Report], newest_tiles: int = NEWEST_TILES) -> list[Report]:
    """All reports in order, but of the tile visits only the newest few: the rest would never be seen."""
    batch = list(reports)
    tiles = [index for index, report in enumerate(batch) if isinstance(report, TileDone)]
    dropped = set(tiles[: max(0, len(tiles) - newest_tiles)])
    return [report for index, report in enumerate(batch) if index not in dropped]
