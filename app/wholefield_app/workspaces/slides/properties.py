"""What is known of the open slide: format, size, levels, spacing and what else the file tells."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wholefield.sources import ImageSource


def describe_slide(source: "ImageSource") -> list[tuple[str, str]]:
    """Names and values of all properties, the important ones first."""
    rows = [
        ("File", str(source.path)),
        ("Format", source.format_name),
        ("Size", f"{source.width:,} × {source.height:,} px"),
        ("Channels", f"{source.channels} × {source.dtype}"),
        ("Spacing", _spacing(source)),
    ]
    for index, level in enumerate(source.levels):
        size = f"{level.width:,} × {level.height:,} px, 1 : {level.downsample:.4g}"
        rows.append((f"Level {index}", size))
    return rows + sorted(source.metadata.items())


def _spacing(source: "ImageSource") -> str:
    if source.spacing is None:
        return "not in the file"
    y, x = source.spacing
    return f"{x:.4g} × {y:.4g} µm a pixel"
