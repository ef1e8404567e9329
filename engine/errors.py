"""Errors that a user can meet. Their text is a sentence that names the file or setting and the next step."""


class TesseraError(Exception):
    """Base of every error whose text is meant for the user; the window shows it as it stands."""


class SourceError(TesseraError):
    """A file cannot be opened or read."""


class SettingError(TesseraError, ValueError):
    """A setting has a value that cannot work."""
