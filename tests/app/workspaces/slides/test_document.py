from collections.abc import Callable
from pathlib import Path

from tests.app.spaces import slides_of
from tests.there import there
from wholefield_app.panels.properties import Properties
from wholefield_app.window.main_window import MainWindow
from wholefield_app.workspaces.slides.document import describe_slide


def test_the_important_facts_come_first(
    window: MainWindow, make_slide: Callable[..., Path], open_and_wait: Callable[[Path], None]
) -> None:
    open_and_wait(make_slide("a.tif", side=300))
    source = there(slides_of(window).document.input)
    rows = dict(describe_slide(source))
    assert list(rows)[:5] == ["File", "Format", "Size", "Channels", "Spacing"]
    assert rows["Size"] == "300 × 300 px"
    assert rows["Channels"] == "3 × uint8"
    assert rows["Spacing"] == "not in the file"
    assert rows["Level 0"] == "300 × 300 px, 1 : 1"


def test_the_action_opens_a_table(
    window: MainWindow, make_slide: Callable[..., Path], open_and_wait: Callable[[Path], None]
) -> None:
    open_and_wait(make_slide("a.tif"))
    window.registry["slides.properties"].trigger()
    dialog = there(window.findChild(Properties))
    assert dialog.windowTitle() == "Properties of a.tif"
    assert dialog.table.topLevelItemCount() >= 6
    dialog.close()
