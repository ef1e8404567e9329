"""Colors, icons and the style sheet: a dark and a light theme that are switched while the window is open."""

from wholefield_app.theme.theme import Theme, ThemeName, load_theme

__all__ = ["Theme", "ThemeName", "load_theme"]
