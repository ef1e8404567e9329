"""The classes that labels belong to: value, name, color, key, and whether they are shown or locked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from wholefield.errors import SettingError

MOST_CLASSES = 255
"""Masks and voxels are bytes, of which 0 is what nobody has labeled."""

# The colors of Okabe and Ito (2008), distinguishable with every kind of color vision; classes beyond start again.
COLORS = (
    (230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178), (213, 94, 0), (204, 121, 167),
)  # fmt: skip

Color = tuple[int, int, int]


@dataclass(frozen=True)
class LabelClass:
    """One class.

    Attributes:
        value: Its number in masks and voxels, 1 to 255.
        name: What it is called; unique.
        color: Red, green and blue, 0 to 255.
        key: The digit that chooses it, "1" to "9"; empty for none.
        visible: Whether its labels are shown.
        locked: Whether its labels must stay as they are.
    """

    value: int
    name: str
    color: Color
    key: str = ""
    visible: bool = True
    locked: bool = False


class LabelClasses:
    """The classes of one document, in the order of their values.

    Example:
        >>> from wholefield.labels import LabelClasses
        >>> classes = LabelClasses()
        >>> classes.add("Tumor").value, classes.add("Stroma").key
        (1, '2')
        >>> classes.named("Stroma").value
        2
    """

    def __init__(self, classes: Iterable[LabelClass] = ()) -> None:
        """Take over some classes.

        Raises:
            SettingError: Two have one value, name or key, or a value is not 1 to 255.
        """
        self._classes: dict[int, LabelClass] = {}
        for each in classes:
            self._put(each)

    def __iter__(self) -> Iterator[LabelClass]:
        return iter(sorted(self._classes.values(), key=lambda each: each.value))

    def __len__(self) -> int:
        return len(self._classes)

    def __contains__(self, value: object) -> bool:
        return value in self._classes

    def __getitem__(self, value: int) -> LabelClass:
        return self._classes[value]

    @property
    def names(self) -> tuple[str, ...]:
        """What they are called, in the order of their values."""
        return tuple(each.name for each in self)

    def add(self, name: str, color: Color | None = None) -> LabelClass:
        """Add a class under the smallest free value, with the color and the key that come next.

        Raises:
            SettingError: The name is empty or taken, or there are 255 classes.
        """
        free = (value for value in range(1, MOST_CLASSES + 1) if value not in self._classes)
        value = next(free, None)
        if value is None:
            raise SettingError(f"There are {MOST_CLASSES} classes already; delete one that is not used.")
        keys = {each.key for each in self}
        key = next((str(digit) for digit in range(1, 10) if str(digit) not in keys), "")
        return self._put(LabelClass(value, name.strip(), color or COLORS[(value - 1) % len(COLORS)], key))

    def change(self, value: int, **changes: Any) -> LabelClass:
        """Change fields of a class.

        Raises:
            SettingError: The new name is empty or taken, or the key is taken.
        """
        return self._put(replace(self._classes[value], **changes))

    def remove(self, value: int) -> None:
        """Forget a class; what becomes of its labels is up to the caller."""
        del self._classes[value]

    def named(self, name: str) -> LabelClass:
        """The class of that name; it is added where there is none."""
        found = next((each for each in self if each.name == name.strip()), None)
        return found or self.add(name)

    def join(self, others: Iterable[LabelClass]) -> dict[int, int]:
        """Add classes of another document where their names are new; returns the value here for each value there.

        Raises:
            SettingError: There would be more than 255.
        """
        names = set(self.names)
        return {
            each.value: (
                self.named(each.name) if each.name in names else self.add(each.name, each.color)
            ).value
            for each in others
        }

    def _put(self, one: LabelClass) -> LabelClass:
        others = [each for each in self._classes.values() if each.value != one.value]
        if not 1 <= one.value <= MOST_CLASSES:
            raise SettingError(
                f"The class {one.name!r} has the value {one.value}; values are 1 to {MOST_CLASSES}."
            )
        if not one.name:
            raise SettingError("A class needs a name; type one.")
        if any(each.name == one.name for each in others):
            raise SettingError(f"There is a class {one.name!r} already; choose another name.")
        if one.key and any(each.key == one.key for each in others):
            raise SettingError(f"The key {one.key} belongs to another class; choose another one.")
        self._classes[one.value] = one
        return one
