"""Where an image lies on the screen: pan and zoom as arithmetic on numbers, without Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace

from wholefield.sources.rect import Rect

FIT_MARGIN = 0.96
LARGEST_SCALE = 64.0
SMALLEST_FIT_FRACTION = 0.25


@dataclass(frozen=True)
class View:
    """The part of an image that a viewport shows.

    The scaled image is laid on the pixel grid of the screen, so that moving it never changes how it is sampled.

    Attributes:
        width: Width of the viewport in device px.
        height: Height of the viewport in device px.
        scale: Device px per level-0 px.
        left: Left edge of the viewport on the scaled image, in device px.
        top: Top edge of the viewport on the scaled image, in device px.
        ratio: Device px per logical px of the window system.
    """

    width: int
    height: int
    scale: float = 1.0
    left: int = 0
    top: int = 0
    ratio: float = 1.0

    def to_image(self, x: float, y: float) -> tuple[float, float]:
        """The level-0 position under a position of the widget in logical px."""
        return (x * self.ratio + self.left) / self.scale, (y * self.ratio + self.top) / self.scale

    def to_screen(self, x: float, y: float) -> tuple[float, float]:
        """The position in the widget, in logical px, of a level-0 position."""
        return (x * self.scale - self.left) / self.ratio, (y * self.scale - self.top) / self.ratio

    def box_to_screen(self, box: Rect[float]) -> Rect[float]:
        """A level-0 rectangle in logical px of the widget, its edges rounded to device px."""
        x, y, width, height = self.box_to_device(box)
        return Rect(x / self.ratio, y / self.ratio, width / self.ratio, height / self.ratio)

    def box_to_device(self, box: Rect[float]) -> Rect[float]:
        """A level-0 rectangle in device px of the viewport, its edges rounded so that neighbors meet."""
        x, y = round(box.x * self.scale) - self.left, round(box.y * self.scale) - self.top
        right, bottom = round(box.right * self.scale) - self.left, round(box.bottom * self.scale) - self.top
        return Rect(x, y, right - x, bottom - y)

    @property
    def visible(self) -> Rect[float]:
        """The level-0 rectangle under the viewport; it may reach beyond the image."""
        return self.device_to_box(Rect(0, 0, self.width, self.height))

    def device_to_box(self, area: Rect[float]) -> Rect[float]:
        """The level-0 rectangle under an area of the viewport in device px."""
        return Rect(
            (area.x + self.left) / self.scale,
            (area.y + self.top) / self.scale,
            area.width / self.scale,
            area.height / self.scale,
        )

    @property
    def center(self) -> tuple[float, float]:
        """The level-0 position in the middle of the viewport."""
        return (self.left + self.width / 2) / self.scale, (self.top + self.height / 2) / self.scale

    def centered(self, x: float, y: float) -> View:
        """The same zoom with a level-0 position in the middle."""
        return replace(
            self,
            left=round(x * self.scale - self.width / 2),
            top=round(y * self.scale - self.height / 2),
        )

    def panned(self, dx: float, dy: float) -> View:
        """Moved so that the picture follows by (dx, dy) device px."""
        return replace(self, left=self.left - round(dx), top=self.top - round(dy))

    def zoomed(self, scale: float, x: float, y: float) -> View:
        """At another scale, with what lies under (x, y), in logical px of the widget, staying there."""
        image_x, image_y = self.to_image(x, y)
        return replace(
            self,
            scale=scale,
            left=round(image_x * scale - x * self.ratio),
            top=round(image_y * scale - y * self.ratio),
        )

    def resized(self, width: int, height: int, ratio: float) -> View:
        """For a viewport of another size in device px, with the same middle and the same zoom in logical px."""
        x, y = self.center
        scale = self.scale * ratio / self.ratio
        return replace(self, width=width, height=height, ratio=ratio, scale=scale).centered(x, y)

    def shift_to(self, other: View) -> tuple[int, int] | None:
        """How many device px the picture moves from this view to the other; None if it is drawn again."""
        if replace(self, left=other.left, top=other.top) != other:
            return None
        return self.left - other.left, self.top - other.top


def fit_scale(view: View, width: float, height: float) -> float:
    """The scale at which an image of (width, height) level-0 px fills the viewport with a small margin."""
    return FIT_MARGIN * max(min(view.width / width, view.height / height), 1e-9)


def fitted(view: View, width: float, height: float) -> View:
    """The whole image in the middle of the viewport."""
    return replace(view, scale=fit_scale(view, width, height)).centered(width / 2, height / 2)


def limited_scale(view: View, scale: float, width: float, height: float) -> float:
    """The nearest scale that is neither uselessly small nor uselessly large for the image."""
    smallest = min(fit_scale(view, width, height) * SMALLEST_FIT_FRACTION, 1.0)
    return min(max(scale, smallest), LARGEST_SCALE)


def limited(view: View, width: float, height: float) -> View:
    """The nearest view whose middle lies on the image, so that the image is never lost."""
    x, y = view.center
    inside = min(max(x, 0.0), width), min(max(y, 0.0), height)
    return view if inside == (x, y) else view.centered(*inside)
