"""The slide viewer: a pyramid of any size with grid, sweeps, maps and marks over it."""

from wholefield_app.viewer.view import SlideView

__all__ = ["SlideView"]
