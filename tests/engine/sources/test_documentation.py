"""The list of formats in the documentation: up to date, and made from the table alone."""

from pathlib import Path

from wholefield.sources.documentation import documentation, main
from wholefield.sources.formats import FORMATS

FILE = Path(__file__).resolve().parents[3] / "docs" / "formats.md"


def test_the_file_is_up_to_date() -> None:
    assert FILE.read_text(encoding="utf-8") == documentation(), (
        "run python -m wholefield.sources.documentation docs/formats.md"
    )


def test_every_format_has_a_line(tmp_path: Path) -> None:
    assert main([str(tmp_path / "formats.md")]) == 0
    text = (tmp_path / "formats.md").read_text(encoding="utf-8")
    for row in FORMATS:
        assert text.count(f"| {row.name} |") == 1
        assert all(f"`{suffix}`" in text for suffix in row.suffixes)
