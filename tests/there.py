"""Says to the type checker what a test knows, and fails where it is not so."""

from typing import TypeVar

T = TypeVar("T")


def there(value: T | None) -> T:
    """The value, which must not be None."""
    assert value is not None
    return value


def a(kind: type[T], value: object) -> T:
    """The value, which must be of that class."""
    assert isinstance(value, kind), value
    return value
