"""How long the viewer takes for a frame while panning and zooming, and how soon a view is complete.

Run it on slides of your own with: python -m tests.bench.bench_viewer FILE ...
"""

import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtCore import QEventLoop, QPointF, QTimer
from PySide6.QtWidgets import QApplication

from wholefield.sources import ImageSource, open_source
from wholefield_app.viewer.slides.view import SlideView

SLIDES = Path(__file__).resolve().parents[3] / "shared" / "data" / "slides"
WIDTH, HEIGHT = 1600, 1000
FRAMES = 100
GIVE_UP_MS = 60_000

Step = Callable[[], None]


def main(arguments: list[str]) -> None:
    """Measure the files named, or the slides among the real data."""
    application = QApplication.instance() or QApplication([])
    paths = [Path(name) for name in arguments] or [
        SLIDES / "CMU-1-Small-Region.svs",
        *sorted((SLIDES / "large_image").glob("*.tif*")),
    ]
    print(f"{platform.machine()}, {os.cpu_count()} cores, {WIDTH}x{HEIGHT} offscreen, times in ms")
    for path in paths:
        measure(path)
    application.processEvents()


def measure(path: Path) -> None:
    """Print the figures of one file, without and with everything that can lie over the image."""
    with open_source(path) as source:
        assert isinstance(source, ImageSource)
        view = SlideView()
        view.resize(WIDTH, HEIGHT)
        view.show()
        start = time.perf_counter()
        view.set_source(source)
        settle(view)
        print(f"{path.name}, {source.width}x{source.height}: complete in {time.perf_counter() - start:.3f} s")
        for over in ("", " + grid, map, sweep"):
            for name, steps in (("pan", pan), ("zoom", zoom)):
                report(f"{name}{over}, tiles arriving", [frame(view, step) for step in steps(view)])
                settle(view)
                report(f"{name}{over}, tiles there", [frame(view, step) for step in steps(view)])
            lay_over(view)
        view.close()


def report(title: str, times: list[tuple[float, float]]) -> None:
    """Print median and 95th percentile of painting, and of painting with all the events between two frames."""
    paint, whole = (np.percentile(column, (50, 95)) for column in np.array(times).T)
    print(f"  {title:38} paint {paint[0]:5.1f} {paint[1]:5.1f}   whole frame {whole[0]:5.1f} {whole[1]:5.1f}")


def frame(view: SlideView, step: Step) -> tuple[float, float]:
    """Milliseconds to change the view and paint it; and the same with the events that follow."""
    start = time.perf_counter()
    step()
    view.repaint()
    painted = time.perf_counter()
    QApplication.processEvents()
    return 1e3 * (painted - start), 1e3 * (time.perf_counter() - start)


def pan(view: SlideView) -> Iterator[Step]:
    """Across the image at 100 %, in steps of a brisk drag."""
    assert view.source is not None
    width, height = view.source.width, view.source.height
    view.zoom_to(1.0)
    for part in np.linspace(0.2, 0.8, FRAMES):
        yield partial(view.center_on, width * part, height * (0.3 + 0.4 * part))


def zoom(view: SlideView) -> Iterator[Step]:
    """From the whole image to 200 % and back, in steps of a wheel, about a place beside the middle."""
    view.fit()
    start = view.scale
    for part in np.sin(np.linspace(0, np.pi, FRAMES)):
        yield partial(zoom_about, view, start * (2.0 / start) ** part)


def zoom_about(view: SlideView, scale: float) -> None:
    """Zoom as the wheel does."""
    view._zoom_by(scale / view.scale, QPointF(0.4 * WIDTH, 0.6 * HEIGHT))


def lay_over(view: SlideView) -> None:
    """Lay a grid, a map and a finished sweep over the image."""
    source = view.source
    assert source is not None
    view.set_tile_grid(512)
    rows, columns = np.mgrid[: source.height // 32, : source.width // 32]
    view.set_map(0.5 + 0.5 * np.sin(rows / 7) * np.cos(columns / 9))
    for y in range(0, source.height, 512):
        for x in range(0, source.width, 512):
            view.show_sweep("forward", (x, y, min(512, source.width - x), min(512, source.height - y)))


def settle(view: SlideView) -> None:
    """Wait until every tile in sight is there."""
    if view.is_settled:
        return
    loop = QEventLoop()
    view.settled.connect(loop.quit)
    QTimer.singleShot(GIVE_UP_MS, loop, loop.quit)
    loop.exec()
    if not view.is_settled:
        assert view.source is not None
        raise TimeoutError(f"{view.source.name} is not complete after {GIVE_UP_MS / 1000:.0f} s")


if __name__ == "__main__":
    main(sys.argv[1:])
