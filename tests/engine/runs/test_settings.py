"""What is declared of a setting, and how settings are checked, saved, and read again by today's and former names."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, ClassVar

import pytest
from annotated_types import Ge, Gt, Le, Lt
from hypothesis import given, strategies as st

from wholefield.errors import SettingError
from wholefield.runs.settings import (
    Choice,
    Former,
    Group,
    PathKind,
    Requires,
    RunSettings,
    Setting,
    convert,
    read_settings,
    renamed,
    save_settings,
    words,
)


class Roast(Choice):
    """How dark."""

    LIGHT = "light", "Cinnamon"
    VERY_DARK = "very-dark"


def beans() -> Mapping[str, str]:
    """Values on offer."""
    return {"arabica": "Arabica", "robusta": "Robusta"}


@dataclass(frozen=True, kw_only=True)
class Brew(RunSettings):
    """Settings of every type."""

    task: ClassVar[str] = "brew"
    former: ClassVar[Mapping[str, Former]] = MappingProxyType(
        {
            "spoons": renamed("grams", int),
            "dark": Former(
                bool, lambda values, on: values.__setitem__("roast", "very-dark" if on else "light")
            ),
        }
    )

    roast: Annotated[Roast, Setting("How dark.", group=Group.COMPUTATION)] = Roast.LIGHT
    seconds: Annotated[float | None, Gt(0), Le(600), Setting("How long.", unit="s", none="By taste")] = None
    grams: Annotated[int, Ge(1), Lt(100), Setting("How much.", label="Coffee", unit="g")]
    milk: Annotated[bool, Setting("Whether with milk.")] = False
    sort: Annotated[
        str, Setting("Which.", choices=f"{__name__}:beans"), Requires("milk", "Add milk first.")
    ] = "arabica"
    foam: Annotated[
        int,
        Setting("How high."),
        Requires("milk", "Add milk first."),
        Requires("roast", "Only dark.", (Roast.VERY_DARK,)),
    ] = 0
    pot: Annotated[Path | None, Setting("Where.", group=Group.DATA, path=PathKind.FOLDER)] = None


def plain(**changes: Any) -> dict[str, Any]:
    return {"task": "brew", "grams": 9} | changes


def refused(**changes: Any) -> str:
    with pytest.raises(SettingError) as caught:
        Brew.from_json(plain(**changes))
    return str(caught.value)


def test_settings_are_listed_by_group_and_what_must_be_given_first() -> None:
    assert list(Brew.declarations()) == ["pot", "grams", "seconds", "milk", "sort", "foam", "roast"]
    assert Brew.declarations() is Brew.declarations()


def test_what_is_declared() -> None:
    declared = Brew.declarations()
    assert (declared["grams"].required, declared["grams"].optional, declared["grams"].type) == (
        True,
        False,
        int,
    )
    assert (declared["seconds"].required, declared["seconds"].optional) == (False, True)
    assert declared["seconds"].type is float
    assert declared["pot"].type is Path
    assert [declared[name].label for name in ("grams", "milk")] == ["Coffee", "Milk"]
    assert [declared[name].bounds for name in ("grams", "seconds", "milk")] == [
        (1, 100),
        (0, 600),
        (None, None),
    ]


def test_values_on_offer() -> None:
    declared = Brew.declarations()
    assert declared["roast"].choices == {Roast.LIGHT: "Cinnamon", Roast.VERY_DARK: "Very dark"}
    assert declared["sort"].choices == beans()
    assert declared["grams"].choices == {}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, "Add milk first."),
        ({"milk": True}, "Only dark."),
        ({"roast": Roast.VERY_DARK}, "Add milk first."),
        ({"milk": True, "roast": Roast.VERY_DARK}, ""),
    ],
)
def test_why_a_setting_has_no_meaning(changes: dict[str, Any], reason: str) -> None:
    brew = replace(Brew(grams=9), **changes)
    assert Brew.declarations()["foam"].disabled_because(lambda name: getattr(brew, name)) == reason


@given(st.integers(-5, 200))
def test_limits_hold_the_numbers_between_them(grams: int) -> None:
    fault = Brew.declarations()["grams"].fault(grams)
    assert fault == ("at least 1" if grams < 1 else "below 100" if grams >= 100 else "")


@pytest.mark.parametrize(
    ("seconds", "fault"),
    [
        (0, "above 0"), (-1.5, "above 0"), (1e-9, ""), (600, ""), (600.5, "at most 600"),
        (math.nan, "a finite number"), (math.inf, "a finite number"), (None, ""),
    ],
)  # fmt: skip
def test_numbers_at_their_limits(seconds: float | None, fault: str) -> None:
    assert Brew.declarations()["seconds"].fault(seconds) == fault
    brew = Brew(grams=9, seconds=seconds)
    if not fault:
        brew.validate()
        return
    with pytest.raises(SettingError, match=f"The setting seconds is .+ but must be {fault}"):
        brew.validate()


@pytest.mark.parametrize("limit", [Ge(2), Gt(2), Le(2), Lt(2)])
def test_limits_in_words(limit: Ge | Gt | Le | Lt) -> None:
    said = {Ge: "at least 2", Gt: "above 2", Le: "at most 2", Lt: "below 2"}
    assert words(limit) == said[type(limit)]


@given(
    st.builds(
        Brew,
        roast=st.sampled_from(Roast),
        seconds=st.none() | st.floats(allow_nan=False, allow_infinity=False),
        grams=st.integers(),
        milk=st.booleans(),
        sort=st.text(),
        foam=st.integers(),
        pot=st.none() | st.text(min_size=1).map(Path),
    )
)
def test_json_gives_back_what_was_saved(brew: Brew) -> None:
    values = json.loads(json.dumps(brew.to_json()))
    assert values["task"] == "brew"
    again = Brew.from_json(values)
    assert again == brew
    assert [type(getattr(again, name)) for name in Brew.declarations()] == [
        type(getattr(brew, name)) for name in Brew.declarations()
    ]


def test_whole_numbers_are_numbers_and_truth_values_are_not() -> None:
    found = Brew.from_json(plain(seconds=30))
    assert (found.seconds, type(found.seconds)) == (30.0, float)
    assert refused(seconds=True) == "The setting seconds is True but must be a number."
    assert refused(grams=True) == "The setting grams is True but must be a whole number."


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"grams": 9.0}, "The setting grams is 9.0 but must be a whole number."),
        ({"grams": None}, "The setting grams is None but must be a whole number."),
        ({"milk": 1}, "The setting milk is 1 but must be true or false."),
        ({"roast": "burnt"}, "The setting roast is 'burnt' but must be one of light, very-dark."),
        ({"sort": 3}, "The setting sort is 3 but must be text."),
        ({"pot": 3}, "The setting pot is 3 but must be a path."),
        ({"sugar": 1, "cream": 2}, "The task brew has no setting cream; remove it."),
    ],
)
def test_json_that_cannot_be(changes: dict[str, Any], sentence: str) -> None:
    assert refused(**changes) == sentence


def test_what_must_be_given_is_asked_for() -> None:
    with pytest.raises(SettingError, match="The task brew needs the setting grams; add it"):
        Brew.from_json({"task": "brew", "milk": True})


def test_former_names_still_work_and_leave_what_they_are_given_alone() -> None:
    values = {"task": "brew", "spoons": 12, "dark": True}
    assert Brew.from_json(values) == Brew(grams=12, roast=Roast.VERY_DARK)
    assert values == {"task": "brew", "spoons": 12, "dark": True}
    assert Brew.from_json(plain(dark=False)).roast is Roast.LIGHT
    assert refused(spoons="many") == "The setting grams is 'many' but must be a whole number."


def test_one_setting_above_another() -> None:
    Brew(grams=9).require_above("seconds", "grams")
    Brew(grams=9, seconds=9.5).require_above("seconds", "grams")
    with pytest.raises(SettingError, match=r"The setting seconds is 9 but must be above grams\."):
        Brew(grams=9, seconds=9).require_above("seconds", "grams")


@pytest.mark.parametrize(
    ("kind", "file", "folder", "absent"),
    [
        (PathKind.FILE, "", "is not a file", "is not a file"),
        (PathKind.FOLDER, "is not a folder", "", "is not a folder"),
        (PathKind.EXISTING, "", "", "does not exist"),
        (PathKind.ANY, "", "", ""),
        (PathKind.NEW, "", "", ""),
    ],
)
def test_paths_that_must_exist(tmp_path: Path, kind: PathKind, file: str, folder: str, absent: str) -> None:
    @dataclass(frozen=True, kw_only=True)
    class Shelf(RunSettings):
        place: Annotated[Path, Setting("Where.", path=kind)] = field(default=Path())

    (tmp_path / "file").touch()
    for path, fault in ((tmp_path / "file", file), (tmp_path, folder), (tmp_path / "absent", absent)):
        if not fault:
            Shelf(place=path).validate()
            continue
        with pytest.raises(SettingError) as caught:
            Shelf(place=path).validate()
        assert str(caught.value) == f"The setting place names {path}, which {fault}; choose an existing one."


def test_files_of_settings(tmp_path: Path) -> None:
    brew = Brew(grams=9, pot=tmp_path / "p\N{LATIN SMALL LETTER O WITH DIAERESIS}t")
    save_settings(brew, tmp_path / "a.json")
    assert Brew.from_json(read_settings(tmp_path / "a.json")) == brew
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]
    for text, sentence in (("{", "is not valid JSON"), ("[1]", "must contain one JSON object with a task")):
        (tmp_path / "b.json").write_text(text)
        with pytest.raises(SettingError, match=rf"b\.json {sentence}"):
            read_settings(tmp_path / "b.json")
    with pytest.raises(SettingError, match=r"absent\.json cannot be read \(No such file"):
        read_settings(tmp_path / "absent.json")


def test_words_as_numbers() -> None:
    assert convert("grams", "12", int) == 12
    with pytest.raises(SettingError, match=r"The setting grams is '1\.5' but must be a whole number"):
        convert("grams", "1.5", int)


def test_numbers_in_quotes_are_read_as_people_type_them(tmp_path: Path) -> None:
    assert Brew.from_json(plain(seconds="0,5")).seconds == Brew.from_json(plain(seconds="0.5")).seconds == 0.5
    assert Brew.from_json(plain(grams="12")).grams == 12
    for text in ("1,500", "1.500"):
        assert refused(seconds=text) == (
            f"The setting seconds: '{text}' can be read as 1.5 or as 1500; write 1.5 or 1500."
        )
    (tmp_path / "a.json").write_text('{"task": "brew",\n "seconds": 0,5,\n "grams": 9}')
    with pytest.raises(SettingError, match=r'not valid JSON .+; write 0\.5, or "0,5" in quotes\.'):
        read_settings(tmp_path / "a.json")


def test_a_text_that_a_form_could_not_read_is_said() -> None:
    with pytest.raises(SettingError, match=r"The setting seconds: '1,500' can be read as 1\.5 or as 1500"):
        replace(Brew(grams=9), seconds="1,500").validate()  # type: ignore[arg-type]
    with pytest.raises(SettingError, match="The setting seconds is 'a lot' but must be a number"):
        replace(Brew(grams=9), seconds="a lot").validate()  # type: ignore[arg-type]
