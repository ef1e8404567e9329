import re

import pytest
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from wholefield_app.theme.manager import ThemeManager
from wholefield_app.theme.theme import Theme, ThemeName, load_theme


def luminance(color: str) -> float:
    """Relative luminance of #rrggbb (WCAG 2.1)."""

    def linear(value: float) -> float:
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(int(color[start : start + 2], 16) / 255) for start in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two colors (WCAG 2.1), 1 to 21."""
    lighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_the_measure_of_contrast_is_right() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("name", list(ThemeName))
@pytest.mark.parametrize("text", ["text", "muted", "accent", "danger", "warning", "success"])
@pytest.mark.parametrize("ground", ["window", "surface"])
def test_what_is_read_can_be_read(name: ThemeName, text: str, ground: str) -> None:
    theme = load_theme(name)
    assert contrast(getattr(theme, text), getattr(theme, ground)) >= 4.5


@pytest.mark.parametrize("name", list(ThemeName))
@pytest.mark.parametrize(
    ("text", "ground"),
    [("accent_text", "accent_fill"), ("text", "selection"), ("text", "raised"), ("muted", "canvas")],
)
def test_text_on_filled_areas_can_be_read(name: ThemeName, text: str, ground: str) -> None:
    theme = load_theme(name)
    assert contrast(getattr(theme, text), getattr(theme, ground)) >= 4.5


@pytest.mark.parametrize("name", list(ThemeName))
def test_the_style_sheet_is_filled_in(name: ThemeName) -> None:
    sheet = re.sub(r"/\*.*?\*/", "", load_theme(name).style_sheet(), flags=re.DOTALL)
    assert "@" not in sheet
    for path in re.findall(r'url\("(.*?)"\)', sheet):
        assert path.endswith(".svg")
        with open(path, encoding="utf-8") as file:
            assert "<svg" in file.read()


def test_the_palette_holds_the_colors(theme: Theme) -> None:
    palette = theme.palette()
    assert palette.color(QPalette.ColorRole.Window) == QColor(theme.window)
    disabled = palette.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.ButtonText)
    assert disabled == QColor(theme.faint)


def test_a_switch_is_told_once(themes: ThemeManager, qapp: QApplication) -> None:
    told: list[Theme] = []
    themes.changed.connect(told.append)
    themes.use(ThemeName.DARK)
    themes.use(ThemeName.LIGHT)
    assert told == [load_theme(ThemeName.LIGHT)]
    assert qapp.palette().color(QPalette.ColorRole.Window) == QColor(told[0].window)
    assert qapp.styleSheet() == told[0].style_sheet()
