"""The limits of numbers in settings: whether a number keeps to one, and what one is called."""

from annotated_types import Ge, Gt, Le, Lt

Limit = Ge | Gt | Le | Lt
LIMIT_WORDS = {Ge: "at least {:g}", Gt: "above {:g}", Le: "at most {:g}", Lt: "below {:g}"}


def words(limit: Limit) -> str:
    """A limit in words, such as "at least 1"."""
    (bound,) = (getattr(limit, name) for name in ("ge", "gt", "le", "lt") if hasattr(limit, name))
    return LIMIT_WORDS[type(limit)].format(bound)


def holds(limit: Limit, value: float) -> bool:
    """Whether a number keeps to a limit."""
    match limit:
        case Ge(bound):
            return bool(value >= bound)  # type: ignore[operator]
        case Gt(bound):
            return bool(value > bound)  # type: ignore[operator]
        case Le(bound):
            return bool(value <= bound)  # type: ignore[operator]
        case Lt(bound):
            return bool(value < bound)  # type: ignore[operator]
