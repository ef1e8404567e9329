"""Sentences for what can go wrong with a file."""

from pathlib import Path

import pytest

from wholefield.errors import SourceError
from wholefield.sources.reading import closed, damaged, head_of, readable, reason_of, unreadable

PATH = Path("slides") / "a.svs"


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (PermissionError(13, "Permission denied"), "cannot be read: permission denied; ask its owner"),
        (FileNotFoundError(2, "No such file"), "does not exist; check the name, or whether its disk"),
        (OSError(5, "Input/output error"), "cannot be read ([Errno 5] Input/output error); check the disk"),
    ],
)
def test_errors_of_the_system_become_sentences(error: OSError, sentence: str) -> None:
    with pytest.raises(SourceError) as caught, readable(PATH):
        raise error
    assert str(caught.value).startswith(f"{PATH} {sentence}")
    assert caught.value.__cause__ is error


def test_other_errors_stay_what_they_are() -> None:
    with pytest.raises(ZeroDivisionError), readable(PATH):
        raise ZeroDivisionError
    with pytest.raises(SourceError, match="as it was"), readable(PATH):
        raise SourceError("as it was")


def test_first_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert head_of(tmp_path / "a", 2) == b"ab"
    assert head_of(tmp_path / "a", 9) == b"abc"
    (tmp_path / "b").touch()
    with pytest.raises(SourceError, match="b is empty; copy it again from its source"):
        head_of(tmp_path / "b", 2)
    with pytest.raises(SourceError, match="does not exist"), readable(tmp_path / "c"):
        head_of(tmp_path / "c", 2)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ValueError("two\n  lines"), "two lines"),
        (ValueError(), "ValueError"),
        (ValueError(" \n"), "ValueError"),
        ("a text", "a text"),
    ],
)
def test_reasons_are_one_line(error: object, reason: str) -> None:
    assert reason_of(error) == reason
    assert str(damaged(PATH, error)).startswith(f"{PATH} is damaged ({reason}); copy it again")
    assert (
        str(unreadable(PATH, "a TIFF", error))
        == f"{PATH} cannot be read as a TIFF ({reason}); copy it again."
    )


def test_closed_sources() -> None:
    assert str(closed("a.svs")) == "a.svs has been closed; open it again to read from it."
