"""What a view asks of the tool in hand."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import Qt


class Hand(Protocol):
    """Takes what mouse and keys do over a view; positions are in px of level 0, scales in logical px for one."""

    @property
    def active(self) -> bool:
        """Whether a tool is in hand that takes the left button."""

    def press(self, x: float, y: float, scale: float, modifiers: Qt.KeyboardModifier) -> bool:
        """The left button went down; True if the tool takes it."""

    def move(self, x: float, y: float, scale: float, *, pressed: bool) -> None:
        """The mouse moved, with the button held down that the tool took or without."""

    def release(self) -> None:
        """The button went up that the tool took."""

    def leave(self) -> None:
        """The mouse left the view."""

    def double_click(self) -> bool:
        """The left button was clicked twice; True if that ends something."""

    def wheel(self, notches: float, modifiers: Qt.KeyboardModifier) -> bool:
        """The wheel turned; True if the tool takes it."""

    def key(self, key: Qt.Key, text: str) -> bool:
        """A key went down; True if the tool takes it."""
