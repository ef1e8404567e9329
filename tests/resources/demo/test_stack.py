import subprocess
import sys
from pathlib import Path

import numpy as np
import platformdirs
import pytest

from wholefield.errors import SourceError
from wholefield.sources import Kind, kind_of, open_stack
from wholefield.tomography.projections import read_projections
from wholefield_resources.demo.phantom import Material
from wholefield_resources.demo.stack import (
    StackDemo,
    StackDemoSettings,
    is_complete,
    make_stack_demo,
    stack_demo,
)

TINY = StackDemoSettings(slices=5, size=48, angles=60, bodies=6)


class Stopped(Exception):
    pass


def refuse(done: int, total: int) -> None:
    raise Stopped


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> StackDemo:
    return make_stack_demo(tmp_path_factory.mktemp("demo"), settings=TINY)


def test_lies_in_the_data_folder_of_the_user() -> None:
    assert Path(platformdirs.user_data_dir("Wholefield", appauthor=False)) in stack_demo().folder.parents


def test_a_noisy_input_with_its_truth(demo: StackDemo) -> None:
    with open_stack(demo.noisy) as noisy, open_stack(demo.clean) as clean, open_stack(demo.labels) as labels:
        assert noisy.shape == clean.shape == labels.shape == (5, 48, 48)
        assert {stack.geometry.spacing for stack in (noisy, clean, labels)} == {(6.5, 6.5, 6.5)}
        assert {kind_of(file) for file in demo.files} == {Kind.STACK}
        error = noisy.read().astype("f8") - clean.read()
        rock = labels.read() == Material.ROCK
        assert set(np.unique(labels.read())) <= set(Material)
    # The reconstruction is right on average, and the noise is worth removing.
    assert abs(error[rock].mean()) < 2e-4
    assert 2e-3 < error[rock].std() < 2e-2


def test_more_photons_give_less_noise(demo: StackDemo, tmp_path: Path) -> None:
    bright = make_stack_demo(tmp_path, settings=StackDemoSettings(5, 48, 60, 1e4, 6))
    errors = []
    for each in (demo, bright):
        with (
            open_stack(each.noisy) as noisy,
            open_stack(each.clean) as clean,
            open_stack(each.labels) as labels,
        ):
            errors.append((noisy.read() - clean.read())[labels.read() == Material.ROCK].std())
    assert errors[1] < 0.75 * errors[0]


def test_projections_are_a_scan(demo: StackDemo) -> None:
    scan = read_projections(demo.projections)
    assert scan.data.shape == (60, 5, 48)
    assert float(scan.angles[1]) == pytest.approx(np.pi / 60)
    assert 90 < scan.darks.mean() < 110
    assert 900 < scan.flats.mean() < 1300
    # Beside the sample all of the beam arrives.
    assert scan.line_integrals()[:, :, :2].mean() == pytest.approx(0, abs=0.02)
    with open_stack(demo.projections) as stack:
        assert (stack.dataset, stack.shape) == ("data", (60, 5, 48))


def test_is_made_once_and_in_steps(tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    demo = make_stack_demo(tmp_path / "a" / "b", lambda *step: steps.append(step), TINY)
    assert steps == [(done, 15) for done in range(1, 16)]
    assert is_complete(demo, TINY)
    assert make_stack_demo(tmp_path / "a" / "b", refuse, TINY) == demo


def test_two_makings_are_equal(demo: StackDemo, tmp_path: Path) -> None:
    other = make_stack_demo(tmp_path, settings=TINY)
    for one, two in zip(demo.files[1:], other.files[1:], strict=True):
        with open_stack(one) as first, open_stack(two) as second:
            np.testing.assert_array_equal(first.read(), second.read())
    with open_stack(demo.projections) as first, open_stack(other.projections) as second:
        np.testing.assert_array_equal(first.read(), second.read())


@pytest.mark.parametrize("last", [1, 7, 12])
def test_an_interrupted_making_is_taken_up_again(tmp_path: Path, last: int) -> None:
    def stop(done: int, total: int) -> None:
        if done == last:
            raise Stopped

    with pytest.raises(Stopped):
        make_stack_demo(tmp_path, stop, TINY)
    assert not is_complete(stack_demo(tmp_path), TINY)
    assert not [path for path in tmp_path.rglob("*") if path.suffix == ".part"]
    assert is_complete(make_stack_demo(tmp_path, settings=TINY), TINY)


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SourceError, match=r"cannot be written to .*make room there, or allow writing"):
        make_stack_demo(tmp_path / "file" / "demo", settings=TINY)


def test_torch_waits_until_it_is_made() -> None:
    code = "import sys, wholefield_resources.demo.stack; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
