"""Small generated slides in two or three classes, told apart by coloured spots."""

from pathlib import Path

import numpy as np
import pytest
import tifffile

COLOURS = {"blue": (60, 60, 220), "green": (60, 200, 80), "red": (220, 60, 60)}


def write_slide(
    path: Path, colour: tuple[int, int, int], seed: int, size: tuple[int, int] = (131, 150)
) -> None:
    """A pale two-level pyramid with a dozen spots of one colour."""
    random = np.random.default_rng(seed)
    image = random.integers(215, 245, (*size, 3), dtype=np.uint8)
    for y, x in random.integers(0, np.array(size) - 12, (12, 2)):
        image[y : y + 12, x : x + 12] = colour
    with tifffile.TiffWriter(path) as writer:
        options = {"photometric": "rgb", "tile": (64, 64), "compression": "zlib"}
        writer.write(image, subifds=1, resolution=(20000, 20000), resolutionunit="CENTIMETER", **options)
        writer.write(image[::2, ::2], subfiletype=1, **options)


@pytest.fixture(scope="session")
def slides(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of six slides each of three colours, with labels.csv (blue and red) and labels3.csv (all)."""
    folder = tmp_path_factory.mktemp("slides")
    rows = []
    for index in range(6):
        for offset, (name, colour) in enumerate(COLOURS.items()):
            file = f"{name}{index}.tif"
            write_slide(folder / file, colour, seed=10 * index + offset)
            rows.append(f"{file},{name}")
    (folder / "labels3.csv").write_text("\n".join(["file,label", *rows]) + "\n")
    (folder / "labels.csv").write_text(
        "\n".join(["file,label", *(r for r in rows if "green" not in r)]) + "\n"
    )
    return folder
