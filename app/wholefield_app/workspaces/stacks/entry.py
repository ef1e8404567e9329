"""The way into the stacks workspace."""

from typing import TYPE_CHECKING

from wholefield.sources.kinds import Kind
from wholefield_app.document.entry import Entry

if TYPE_CHECKING:
    from wholefield_app.workspaces.stacks.workspace import StacksWorkspace


def _load() -> "type[StacksWorkspace]":
    from wholefield_app.workspaces.stacks.workspace import StacksWorkspace

    return StacksWorkspace


# A single slice is a stack of one, hence the images.
STACKS = Entry(
    "stacks", "Stacks", "Look at CT stacks, train on them, predict.", "stack",
    Kind.STACK, _load, also=(Kind.IMAGE,),
)  # fmt: skip
