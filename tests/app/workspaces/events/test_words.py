"""The line about the pixel under the mouse."""

from wholefield_app.viewer.events.frame_view import PixelReadout
from wholefield_app.workspaces.events.words import describe_pixel


def test_a_pixel_is_told_with_its_events_and_its_flow() -> None:
    assert describe_pixel(PixelReadout(3, 4, 12_345, 1, None)) == "x 3, y 4   12,345 µs   1 event"
    assert describe_pixel(PixelReadout(3, 4, 12_345, 0, (30.0, -40.0))) == (
        "x 3, y 4   12,345 µs   0 events   flow 30, -40 px/s (50)"
    )
