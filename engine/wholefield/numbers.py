"""Numbers as people type them: a point or a comma before the decimals, and no sign taken for what it may not be.

The rule, the same in the window, on the command line, in settings files and in tables: `0.5` and `0,5` are one half.
Spaces, apostrophes and underscores may stand between groups of three digits, and so may points or commas where the
text cannot mean anything else, as in `1,234.5` or `1.234.567`. One to three digits, a single point or comma, and
three digits, such as `1,000` or `1.000`, may be one or a thousand: that is refused, with both readings named.
"""

import math
import re

from wholefield.errors import SettingError

RULE = (
    "Decimals stand after a point or a comma: `0.5` and `0,5` are the same number. Spaces, apostrophes and underscores "
    "may separate groups of three digits (`10 000`), and so may points and commas where only one reading is possible "
    "(`1,234.5`). `1,000` and `1.000` may be one or a thousand and are refused: write `1` or `1000`, and `1.2340` for "
    "the number between one and two."
)
"""The rule in a paragraph, for the documentation."""

# Signs that only separate groups: spaces of every width, apostrophes, the underscore of programming languages.
GROUPING = "[ \u00a0\u2009\u202f'\u2019_]"
NUMBER = re.compile(
    rf"(?P<sign>[+-]?)(?P<body>\d[\d.,]*|[.,]\d+|\d{{1,3}}(?:{GROUPING}\d{{3}})+(?:[.,]\d*)?)(?P<power>e[+-]?\d{{1,4}})?",
    re.ASCII | re.IGNORECASE,
)
EITHER = re.compile(r"[1-9]\d{0,2}[.,]\d{3}", re.ASCII)
GROUPED = re.compile(r"[1-9]\d{0,2}(?:\.\d{3})+|[1-9]\d{0,2}(?:,\d{3})+", re.ASCII)
# Above this a float no longer tells neighboring whole numbers apart.
LARGEST_EXACT = 2**53
# A range of more numbers than any stack has slices is a slip of the finger.
MOST_LISTED = 10**7


class AmbiguousNumberError(SettingError):
    """A text can be read as two numbers; the sentence names both, and how to write each.

    Example:
        >>> from wholefield.numbers import AmbiguousNumberError, real_of
        >>> try:
        ...     real_of("1,500")
        ... except AmbiguousNumberError as error:
        ...     print(error)
        '1,500' can be read as 1.5 or as 1500; write 1.5 or 1500.
    """


def real_of(text: str) -> float:
    """The number that a text means.

    Args:
        text: What was typed.

    Returns:
        The number; always finite.

    Raises:
        AmbiguousNumberError: It may be a number between groups of whose digits a sign stands, or one with decimals.
        ValueError: It is not a number.

    Example:
        >>> from wholefield.numbers import real_of
        >>> real_of("0,5"), real_of("1,234.5"), real_of("1e-3")
        (0.5, 1234.5, 0.001)
    """
    value = float(_plain(text))
    if not math.isfinite(value):
        raise ValueError(f"{text.strip()!r} is too large for a number")
    return value


def whole_of(text: str) -> int:
    """The whole number that a text means; decimals may only be zeros, as in tables that hold nothing but reals.

    Args:
        text: What was typed.

    Returns:
        The number.

    Raises:
        AmbiguousNumberError: It may be a number between groups of whose digits a sign stands, or one with decimals.
        ValueError: It is not a whole number.

    Example:
        >>> from wholefield.numbers import whole_of
        >>> whole_of("10 000"), whole_of("12,0"), whole_of("1.234.567")
        (10000, 12, 1234567)
    """
    plain = _plain(text)
    if plain.lstrip("+-").isdigit():
        return int(plain)
    value = float(plain)
    if not (abs(value) <= LARGEST_EXACT and value.is_integer()):
        raise ValueError(f"{text.strip()!r} is not a whole number")
    return int(value)


def number_as(kind: type[int] | type[float], text: str) -> int | float:
    """A text as a whole number or as a number.

    Raises:
        AmbiguousNumberError: It can be read as two.
        ValueError: It is not one.
    """
    return whole_of(text) if kind is int else real_of(text)


def clear(text: str) -> str:
    """A number that has just been written with a point before its decimals, so that it reads back as itself.

    Example:
        >>> from wholefield.numbers import clear
        >>> clear("1.234"), clear("0.125")
        ('1.2340', '0.125')
    """
    return f"{text}0" if EITHER.fullmatch(text.removeprefix("-")) else text


def written(value: float) -> str:
    """A number in as many digits as tell it, in a way that `real_of` reads back as the same number."""
    return clear(repr(value))


def whole_numbers(name: str, text: str, *, negative: bool = False) -> tuple[int, ...]:
    """The numbers of a list with commas or semicolons and ranges, such as `1-10` or `3, 7, 11-14`.

    A comma of a list never is a sign within a number: `1,234` is a list of two. A group of thousands gives itself away
    by its zeros, as in `1,000`, and is refused.

    Args:
        name: The setting, for the error.
        text: The list; a range holds both of its ends.
        negative: Whether numbers below zero may stand in it.

    Returns:
        The numbers in the order given.

    Raises:
        SettingError: It is no such list.

    Example:
        >>> from wholefield.numbers import whole_numbers
        >>> whole_numbers("slices", "1-3, 7; 11")
        (1, 2, 3, 7, 11)
    """
    number = r"-?\d+" if negative else r"\d+"
    found: list[int] = []
    for place, item in enumerate(re.split("[,;]", text)):
        match = re.fullmatch(rf"\s*({number})\s*(?:-\s*({number})\s*)?", item, re.ASCII)
        if match is None or (match[2] is not None and int(match[2]) < int(match[1])):
            raise SettingError(
                f"The setting {name} is {text!r} but must be whole numbers separated by commas, such as 1,2,4 or 1-10."
            )
        if place and re.fullmatch(r"0\d\d", match[1]):
            raise SettingError(
                f"The setting {name} is {text!r}, in which {item.strip()} may be a number or the end of one in the "
                "thousands; write numbers without leading zeros, and without signs between thousands."
            )
        if match[2] and int(match[2]) - int(match[1]) >= MOST_LISTED:
            raise SettingError(
                f"The setting {name} is {text!r}, which lists more than {MOST_LISTED:,} numbers."
            )
        found += range(int(match[1]), int(match[2] or match[1]) + 1)
    return tuple(found)


def _plain(text: str) -> str:
    """A number with nothing but digits, a point before its decimals and an exponent."""
    typed = text.strip().replace("\u2212", "-")
    match = NUMBER.fullmatch(typed)
    if match is None:
        raise ValueError(f"{text.strip()!r} is not a number")
    body = match["body"]
    power = match["power"] or ""
    if EITHER.fullmatch(body) and not power:
        raise _either(typed, match["sign"].replace("+", ""), body)
    digits = _digits(body)
    if digits is None:
        raise ValueError(f"{text.strip()!r} is not a number")
    return f"{match['sign']}{digits}{power}"


def _digits(body: str) -> str | None:
    """Digits with a point before the decimals; None where the signs between them fit no way of writing."""
    spaced = re.sub(GROUPING, "", body)
    if spaced != body:
        return spaced.replace(",", ".")
    signs = re.findall("[.,]", body)
    if len(signs) <= 1:
        return body.replace(",", ".")
    if len(set(signs)) == 1:
        return re.sub("[.,]", "", body) if GROUPED.fullmatch(body) else None
    before, sign, after = re.split(rf"([{signs[-1]}])", body, maxsplit=1)
    if sign in before or not after.isdigit() or not GROUPED.fullmatch(before):
        return None
    return f"{re.sub('[.,]', '', before)}.{after}"


def _either(typed: str, sign: str, body: str) -> AmbiguousNumberError:
    one, thousands = sign + f"{float(body.replace(',', '.')):g}", sign + re.sub("[.,]", "", body)
    return AmbiguousNumberError(
        f"{typed!r} can be read as {one} or as {thousands}; write {clear(one)} or {thousands}."
    )
