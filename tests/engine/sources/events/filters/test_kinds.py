"""The filters are described where users read of them."""

from pathlib import Path

import pytest

from wholefield.sources.events.filters.kinds import KINDS, FilterKind

PAGE = Path(__file__).resolve().parents[5] / "docs" / "events.md"


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_the_page_defines_each(kind: FilterKind) -> None:
    assert f"| {kind.help} |" in PAGE.read_text(encoding="utf-8")
