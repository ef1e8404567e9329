"""A painter must end before what it paints on goes; an error in between would otherwise end the whole program."""

import re
from pathlib import Path

import wholefield_app

MADE = re.compile(r"\bQPainter\(")
IN_A_BLOCK = re.compile(r"with QPainter\(.*\) as \w+:")


def test_every_painter_is_made_in_a_with_block() -> None:
    sources = sorted(Path(wholefield_app.__file__).parent.rglob("*.py"))
    lines = [(path.name, line.strip()) for path in sources for line in path.read_text("utf-8").splitlines()]
    made = [(name, line) for name, line in lines if MADE.search(line)]
    assert len(made) > 5
    assert [(name, line) for name, line in made if not IN_A_BLOCK.search(line)] == []
