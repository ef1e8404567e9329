"""The workspaces of the window, one for each kind of image; a new kind is a folder here and a line in `WORKSPACES`."""

from app.workspaces.slides.workspace import SlidesWorkspace

WORKSPACES = (SlidesWorkspace,)
