"""The region of interest as a filter: where in the chain it stands, and what of it is in sight."""

from __future__ import annotations

from dataclasses import replace

from wholefield.sources.events.filters.chain import EventFilter, FilterChain
from wholefield_app.viewer.events.region_hand import Points
from wholefield_app.workspaces.events.filtering import Filtering

REGION = "roi"
BOX = 4


def with_region(chain: FilterChain, points: Points) -> FilterChain:
    """A chain that keeps the events of a region as it was drawn: behind all filters that move events.

    Args:
        chain: The filters before, with or without a region.
        points: Left top and right bottom of a box, or the corners of a polygon, in px as they are in sight.
    """
    numbers = tuple(round(value, 1) for point in points for value in point)
    first = _first_in_sight(chain)
    later = tuple(each for each in chain.filters[first:] if each.name != REGION)
    return replace(chain, filters=(*chain.filters[:first], EventFilter(REGION, (numbers,)), *later))


def regions_in_sight(chain: FilterChain) -> tuple[Points, ...]:
    """The regions that lie in the picture as they were drawn, by their corners."""
    found: list[Points] = []
    for each in chain.filters[_first_in_sight(chain) :]:
        if each.name == REGION and each.enabled:
            points = each.values[0]
            if len(points) == BOX:
                left, top, right, bottom = points
                found.append(((left, top), (right, top), (right, bottom), (left, bottom)))
            else:
                found.append(tuple(zip(points[::2], points[1::2], strict=True)))
    return tuple(found)


def clear_region(filtering: Filtering) -> None:
    """Keep the events of the whole sensor again."""
    chain = filtering.chain
    first = _first_in_sight(chain)
    later = tuple(each for each in chain.filters[first:] if each.name != REGION)
    filtering.set_chain(replace(chain, filters=(*chain.filters[:first], *later)))


def _first_in_sight(chain: FilterChain) -> int:
    """The number of the first filter behind all those that move events."""
    moving = [number for number, each in enumerate(chain.filters) if each.enabled and each.kind.moves]
    return moving[-1] + 1 if moving else 0
