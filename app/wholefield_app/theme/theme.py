"""A theme: named colors read from resources/themes, and the palette and style sheet made from them."""

import json
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import cache
from pathlib import Path

from PySide6.QtGui import QColor, QPalette

import wholefield_resources

FOLDER = Path(wholefield_resources.__file__).parent / "themes"


class ThemeName(StrEnum):
    """The themes that ship with the application; the value is the name of the file."""

    DARK = "dark"
    LIGHT = "light"


@dataclass(frozen=True)
class Theme:
    """The colors of the window, each as #rrggbb.

    Attributes:
        title: What the menu calls the theme.
        dark: Whether text is lighter than its background.
        window: Behind everything.
        surface: Behind fields and lists.
        raised: Buttons and headings.
        border: Lines between things.
        text: Text that is read.
        muted: Text that explains; at least 4.5:1 against `window` and `surface`.
        faint: Text and icons that are disabled.
        accent: Lines and text that stand out.
        accent_fill: The fill of the main button and of progress.
        accent_text: Text on `accent_fill`.
        success: A good end.
        warning: Something to look at.
        danger: A failure.
        canvas: Behind an image.
        forward: The forward sweep and training curves.
        reverse: The reverse sweep and validation curves.
        selection: Behind a selected row.
    """

    title: str
    dark: bool
    window: str
    surface: str
    raised: str
    border: str
    text: str
    muted: str
    faint: str
    accent: str
    accent_fill: str
    accent_text: str
    success: str
    warning: str
    danger: str
    canvas: str
    forward: str
    reverse: str
    selection: str

    def palette(self) -> QPalette:
        """The Qt palette of these colors; Qt's own dark mode does nothing offscreen or on bare X11."""
        palette = QPalette()
        for role, color in self._roles().items():
            palette.setColor(role, QColor(color))
        for role in (
            QPalette.ColorRole.WindowText,
            QPalette.ColorRole.Text,
            QPalette.ColorRole.ButtonText,
            QPalette.ColorRole.HighlightedText,
        ):
            palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(self.faint))
        palette.setColor(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Highlight, QColor(self.raised))
        return palette

    def style_sheet(self) -> str:
        """The common style sheet with these colors filled in."""
        text = (FOLDER / "window.qss").read_text(encoding="utf-8")
        text = text.replace("@icons", (FOLDER.parent / "icons").as_posix())
        for field in sorted(fields(self), key=lambda item: -len(item.name)):
            text = text.replace(f"@{field.name}", str(getattr(self, field.name)))
        return text

    def _roles(self) -> dict[QPalette.ColorRole, str]:
        role = QPalette.ColorRole
        return {
            role.Window: self.window,
            role.WindowText: self.text,
            role.Base: self.surface,
            role.AlternateBase: self.window,
            role.ToolTipBase: self.raised,
            role.ToolTipText: self.text,
            role.PlaceholderText: self.faint,
            role.Text: self.text,
            role.Button: self.raised,
            role.ButtonText: self.text,
            role.BrightText: self.danger,
            role.Link: self.accent,
            role.LinkVisited: self.accent,
            role.Highlight: self.accent_fill,
            role.HighlightedText: self.accent_text,
            role.Light: self.raised,
            role.Midlight: self.raised,
            role.Mid: self.border,
            role.Dark: self.border,
            role.Shadow: self.canvas,
        }


@cache
def load_theme(name: ThemeName) -> Theme:
    """Read the theme called `name` from resources/themes."""
    return Theme(**json.loads((FOLDER / f"{name.value}.json").read_text(encoding="utf-8")))
