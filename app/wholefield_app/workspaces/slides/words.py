"""The words of the slides workspace: of its actions, and of the status bar."""

from typing import TYPE_CHECKING

from wholefield_app.document.words import Words
from wholefield_app.panels.words import length

if TYPE_CHECKING:
    from wholefield.sources import ImageSource

# An objective of x10 is commonly scanned at 1 um per pixel.
SPACING_OF_X1_UM = 10.0
WORDS = Words(
    noun="slide",
    purpose="Exact deep learning on images of any size, tile by tile.",
    hint="Or drop a slide or a folder of slides anywhere in this window.",
    open_icon="slide",
    open_about="Choose a slide or another image to view.",
    folder_about="Choose a folder of slides, with a labels.csv to train on.",
    demo="project",
    demo_about="Open synthetic slides, ready for training.",
    making_demo="Creating the slides of the demo project",
    properties_about="Show format, size, levels and spacing of the open slide.",
    picture_about="Save the view with all its overlays as a PNG file.",
    whole="&Whole slide",
    whole_about="Show the whole slide.",
    zoom_out_about="Show more of the slide.",
    pause_about="Pause after the current tile.",
    predict="Pre&dict on the open slide",
    predict_about="Predict the class of the open slide with its evidence, or the class of every pixel.",
    export="&Export the classes…",
    export_about="Export the class of every pixel as a pyramidal image, or as outlines for QuPath.",
)


def describe_position(
    x: float, y: float, spacing: tuple[float, float] | None, color: tuple[int, int, int] | None = None
) -> str:
    """A level-0 position in px, and in um where the (y, x) spacing is known; and the color shown there."""
    text = f"x {int(x)}, y {int(y)} px"
    if spacing is not None:
        text += f"   {length(x * spacing[1])}, {length(y * spacing[0])}"
    return f"{text}{describe_color(color)}"


def describe_color(color: tuple[int, int, int] | None) -> str:
    """Red, green and blue as the view shows them at its level, or one number for gray; empty while nothing is there."""
    if color is None:
        return ""
    red, green, blue = color
    return f"   value {red}" if red == green == blue else f"   RGB {red}, {green}, {blue}"


def describe_zoom(source: "ImageSource", scale: float) -> str:
    """The level that is drawn, the scale in percent, and the magnification where the spacing is known."""
    percent = f"{scale:.0%}" if scale >= 0.1 else f"{scale:.1%}"
    text = f"Level {source.level_for(1 / scale)}   {percent}"
    if source.spacing is None:
        return text
    magnification = SPACING_OF_X1_UM * scale / source.spacing[1]
    return f"{text}   ×{magnification:.3g}"
