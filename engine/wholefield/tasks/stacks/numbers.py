"""Lists of whole numbers as a user types them, such as `1-10` or `3, 7, 11-14`."""

import re

from wholefield.errors import SettingError


def whole_numbers(name: str, text: str) -> tuple[int, ...]:
    """The numbers of a list with commas and ranges, in the order given.

    Args:
        name: the setting, for the error.
        text: the list; a range holds both of its ends.

    Raises:
        SettingError: it is no such list.
    """
    numbers: list[int] = []
    for item in text.split(","):
        match = re.fullmatch(r"\s*(\d+)\s*(?:-\s*(\d+)\s*)?", item, re.ASCII)
        if match is None or (match[2] is not None and int(match[2]) < int(match[1])):
            raise SettingError(
                f"The setting {name} is {text!r} but must be whole numbers separated by commas, such as 1,2,4 or 1-10."
            )
        numbers += range(int(match[1]), int(match[2] or match[1]) + 1)
    return tuple(numbers)
