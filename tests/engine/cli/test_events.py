"""`wholefield simulate` and `wholefield features` as a user gives them."""

from pathlib import Path

import pytest

from wholefield.cli import main
from wholefield.export.flow import FlowFile
from wholefield.flow.features import FeatureFile

SMALL = "--width 31 --height 23 --duration-us 40000 --label-delta-us 10000 --planes 1".split()


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("simulated") / "scene_td.dat"
    assert main(["simulate", str(path), *SMALL, "--seed", "2"]) == 0
    return path


def test_simulate_writes_events_and_flow(recording: Path) -> None:
    with FlowFile(recording.with_name("scene_flow.h5")) as file:
        assert file.shape == (4, 2, 23, 31)


def test_features_of_it(recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "a.h5"
    arguments = ["features", str(recording), str(out), "--delta-t", "10000", "--argument", "num_utbins=2"]
    assert main(arguments) == 0
    assert "4 time bins" in capsys.readouterr().out
    with FeatureFile(out) as file:
        assert (file.shape, file.preprocess) == ((4, 4, 23, 31), "event_cube")
    assert main(arguments) == 2
    assert "exists; choose another name or pass --replace" in capsys.readouterr().err
    assert main([*arguments, "--replace", "--preprocess", "histo"]) == 2
    assert "histo has no argument num_utbins" in capsys.readouterr().err


def test_mistakes_are_sentences(recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["features", str(recording), str(tmp_path / "a.h5"), "--argument", "num_utbins"]) == 2
    assert "must be NAME=VALUE" in capsys.readouterr().err
    assert main(["features", str(recording), str(tmp_path / "absent" / "a.h5")]) == 1
    assert "cannot be written" in capsys.readouterr().err
    assert main(["simulate", str(tmp_path / "a.raw"), *SMALL]) == 2
    assert "must end in .dat, .h5 or .hdf5" in capsys.readouterr().err
    assert main(["simulate", str(tmp_path / "a.h5"), "--threshold", "0"]) == 2
    assert "threshold is 0" in capsys.readouterr().err


def test_help_explains_every_setting_of_a_scene(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "--help"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "--threshold-noise" in text
    assert "between pixels, as a share of it. Default: 0.03." in text


def test_a_varied_scene(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "varied_td.dat"
    assert main(["simulate", str(path), "--varied", "--seed", "5", "--duration-us", "20000"]) == 0
    assert "exact flow" in capsys.readouterr().out
    with FlowFile(path.with_name("varied_flow.h5")) as file:
        assert (file.shape[0], file.delta_t) == (2, 10_000)


def test_pretraining_names_its_networks(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pretrain-flow", "--help"]) == 0
    assert "{accurate,fast}" in capsys.readouterr().out
