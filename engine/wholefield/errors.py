"""Errors that a user can meet. Their text is a sentence that names the file or setting and the next step."""


class WholefieldError(Exception):
    """Base of every error whose text is meant for the user; the window shows it as it stands."""


class SourceError(WholefieldError):
    """A file cannot be opened or read."""


class SettingError(WholefieldError, ValueError):
    """A setting has a value that cannot work."""
