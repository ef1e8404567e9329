"""What can go wrong with any file, as sentences that name it and the next step."""

from pathlib import Path

import pytest

from wholefield.errors import SourceError
from wholefield.sources.reading import closed, damaged, head_of, readable, reason_of, unreadable


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (PermissionError(13, "no"), "may not be read by you; ask its owner"),
        (FileNotFoundError(2, "no"), "does not exist; check the name"),
        (OSError(5, "broken disk"), "broken disk.*; check the disk"),
    ],
    ids=["permission", "missing", "disk"],
)
def test_errors_of_the_system(error: OSError, text: str) -> None:
    with pytest.raises(SourceError, match=f"a.tif .*{text}"), readable(Path("a.tif")):
        raise error


def test_sentences_pass_as_they_are() -> None:
    with pytest.raises(SourceError, match=r"^It is damaged\.$"), readable(Path("a.tif")):
        raise SourceError("It is damaged.")


def test_the_first_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"abcdef")
    assert head_of(path, 4) == b"abcd"
    path.write_bytes(b"")
    with pytest.raises(SourceError, match="a is empty; copy it again"):
        head_of(path, 4)


def test_reasons_are_one_line() -> None:
    assert reason_of(ValueError("two\n  lines")) == "two lines"
    assert reason_of(ValueError()) == "ValueError"
    path = Path("a.tif")
    assert str(damaged(path, "odd")) == "a.tif is damaged (odd); copy it again from where it came."
    assert str(unreadable(path, "a TIFF", "odd")) == "a.tif cannot be read as a TIFF (odd); copy it again."
    assert str(closed("a.tif")) == "a.tif has been closed; open it again to read from it."
