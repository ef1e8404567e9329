"""Damaged files of every format end in a picture or a sentence: some here, as many as one likes by `make fuzz`."""

import random
import sys
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from tests.fuzz.files import SOUND, sound_files
from tests.fuzz.mutations import mutated
from tests.fuzz.trials import Reader, broken_copy, trials
from wholefield.sources import format_of
from wholefield.sources.formats import FORMATS
from wholefield.sources.kinds import Kind

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is measured by /proc")

FILES = 300
SLOW = 20.0


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return sound_files(tmp_path_factory.mktemp("sound") / "files")


def test_sound_files_are_read(sound: list[Path]) -> None:
    with Reader(SLOW) as reader:
        assert {path.parent.name: reader.open(path) for path in sound} == dict.fromkeys(SOUND, ("read", ""))


# Of these there are no small files to be written: OpenSlide's own, and those that are read only as one is told.
NOT_WRITTEN = {
    "Scanner TIFF", "MIRAX", "Hamamatsu VMS", "Zeiss CZI", "Sakura", "RAW or DAT without a header", "Headerless volume",
    "OME-Zarr plane", "TIFF page",
}  # fmt: skip


def test_every_format_that_is_read_has_a_file(sound: list[Path]) -> None:
    found = {row.name for row in map(format_of, sound) if row is not None}
    read = {row.name for row in FORMATS if row.opener and row.kind is not Kind.MODEL}
    assert read - found == NOT_WRITTEN


def test_damaged_files_are_read_or_refused_with_a_sentence(sound: list[Path], tmp_path: Path) -> None:
    found = list(trials(sound, iter(range(FILES)), tmp_path, SLOW))
    assert [trial for trial in found if not trial.good] == []
    assert len(found) == FILES
    assert {trial.outcome for trial in found} == {"read", "sentence"}
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "outcome", "text"),
    [
        ("hang", "hang", "no answer"),
        ("signal", "signal", "SIGKILL"),
        ("exit", "signal", "exit status 3"),
        ("memory", "memory", "MB"),
    ],
)
def test_what_must_not_be_is_noticed(name: str, outcome: str, text: str) -> None:
    with Reader(0.3 if name == "hang" else SLOW, "tests.fuzz.wild") as reader:
        found, told = reader.open(Path(name))
        assert found == outcome
        assert text in told
        # What is fine may take its time.
        reader.limit_s = 10 * SLOW
        assert reader.open(Path("fine")) == ("read", "fine")


@given(st.integers(0, 2**40), st.binary(max_size=300))
def test_a_seed_damages_a_file_in_one_way(seed: int, content: bytes) -> None:
    first, second = (mutated(random.Random(seed), content) for _ in range(2))
    assert first == second


def test_the_same_seed_makes_the_same_file(sound: list[Path], tmp_path: Path) -> None:
    made = []
    for index in range(2):
        path = broken_copy(sound[0], tmp_path / str(index), random.Random(5))
        made.append(path.read_bytes())
    assert made[0] == made[1] != sound[0].read_bytes()
