"""Copies of a slide are found by what they hold, and said."""

from pathlib import Path

from wholefield.tasks.slides.labels.same_content import SAMPLE, copies, notes_on_copies


def test_copies_are_groups_of_files_of_one_size_and_content(tmp_path: Path) -> None:
    big = bytes(range(256)) * (SAMPLE // 32)
    contents = {
        "a": big, "b": big, "c": big[:-1] + b"x", "d": big[: len(big) // 2] + b"y" + big[len(big) // 2 + 1 :],
        "e": b"small", "f": b"small", "g": b"Small", "h": b"", "i": b"",
    }  # fmt: skip
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "link").symlink_to(tmp_path / "c")
    found = {tuple(path.name for path in group) for group in copies(tmp_path.iterdir())}
    assert found == {("a", "b"), ("e", "f")}
    (note,) = notes_on_copies(tmp_path.iterdir())
    assert note.startswith("2 of the slides are copies of others (")
    assert "a and b" in note
    assert notes_on_copies([tmp_path / "a", tmp_path / "c"]) == ()
