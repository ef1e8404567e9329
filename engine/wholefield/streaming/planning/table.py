"""Plain-text tables and sizes."""

from collections.abc import Sequence


def as_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table with aligned columns, headings above a line."""
    lines = [tuple(headings), *(tuple(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]
    texts = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]
    return "\n".join((texts[0], "  ".join("-" * width for width in widths), *texts[1:]))


def in_bytes(number: int) -> str:
    """A number of bytes in the unit that a person would use (decimal, as operating systems show them)."""
    value = float(number)
    for unit in ("B", "kB", "MB"):
        if value < 999.5:
            return f"{value:.3g} {unit}"
        value /= 1000
    return f"{value:.3g} GB"
