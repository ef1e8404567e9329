"""The split of a run, kept in its folder by file: no slide changes sides when a run goes on. Imports no torch."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import PurePath

from wholefield.errors import SettingError
from wholefield.files import replacing
from wholefield.runs.folder import RunFolder

SPLIT = "split.json"
PART = "#"


@dataclass(frozen=True)
class KeptSplit:
    """What a run trains on and what it validates with, by name.

    A name is the real path of a file, with `#` and a part of it where files are divided.

    Attributes:
        training: Names of what is trained on.
        validation: Names of what is kept for validation.
    """

    training: tuple[str, ...]
    validation: tuple[str, ...]

    def sides(self, names: Sequence[str]) -> dict[str, bool]:
        """Which of some names are kept for validation (True) or trained on (False); unknown ones are left out.

        Data may have been moved since: a name that is not known by its path is found by its last part, where that is
        unmistakable.
        """
        by_name = dict.fromkeys(self.validation, True) | dict.fromkeys(self.training, False)
        # A file that was divided before and is whole now has been trained on; one that was whole keeps its side.
        whole = dict.fromkeys(map(_file_of, self.validation), True) | dict.fromkeys(
            map(_file_of, self.training), False
        )
        found = {name: by_name[name] for name in names if name in by_name}
        found |= {
            name: whole[_file_of(name)]
            for name in names
            if name not in found
            and _file_of(name) in whole
            and (_file_of(name) in by_name or PART not in name)
        }
        left = {name: side for name, side in by_name.items() if name not in found}
        known, asked = (_by_last_part(each) for each in (left, [name for name in names if name not in found]))
        return found | {asked[last]: left[known[last]] for last in asked if last in known}

    def new(self, names: Sequence[str]) -> tuple[str, ...]:
        """Those of some names that are not in the split."""
        known = self.sides(names)
        return tuple(name for name in dict.fromkeys(names) if name not in known)


def keep_split(folder: RunFolder, split: KeptSplit) -> None:
    """Write the split of a run into its folder."""
    with replacing(folder.path / SPLIT) as temporary:
        temporary.write_text(json.dumps(asdict(split), indent=1) + "\n", encoding="utf-8")


def kept_split(folder: RunFolder) -> KeptSplit | None:
    """The split of the earlier part of a run; None where there is no earlier part, or it kept none.

    Raises:
        SettingError: It cannot be read.
    """
    path = folder.path / SPLIT
    if not folder.last.exists() or not path.exists():
        return None
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        sides = [values["training"], values["validation"]]
        if not all(isinstance(name, str) for side in sides for name in side):
            raise TypeError("names are texts")
    except OSError as error:
        raise SettingError(f"The split of the run, {path}, cannot be read ({error.strerror}).") from error
    except (ValueError, KeyError, TypeError) as error:
        raise SettingError(
            f"The split of the run, {path}, is damaged ({error}); start a new run, or restore the file."
        ) from error
    return KeptSplit(tuple(sides[0]), tuple(sides[1]))


def _file_of(name: str) -> str:
    return name.rpartition(PART)[0] or name


def _by_last_part(names: Sequence[str] | dict[str, bool]) -> dict[str, str]:
    """Names by the name of the file, as far as it occurs once."""
    last = {name: PurePath(name.replace("\\", "/")).name for name in names}
    times = Counter(last.values())
    return {short: name for name, short in last.items() if times[short] == 1}
