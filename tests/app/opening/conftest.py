"""The toy format for all tests of opening."""

from tests.app.opening.toys import toy, toy_format

__all__ = ["toy", "toy_format"]
