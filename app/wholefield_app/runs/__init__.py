"""Runs in the window: a thread that does the work, and a session in the GUI thread that steers and watches it."""

from wholefield_app.runs.session import RunSession, SessionState

__all__ = ["RunSession", "SessionState"]
