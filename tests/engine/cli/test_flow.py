"""`wholefield score` and `wholefield export-flow` as a user gives them."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.app.workspaces.events.dots import HEIGHT, SPEED, STEP_US, WIDTH, drifting_dots
from wholefield.cli import main
from wholefield.export.events import write_events_hdf5
from wholefield.export.flow import labels_path, read_flo, write_flo, write_flow_hdf5


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Dots that drift to the right, with their exact flow beside them."""
    path = tmp_path_factory.mktemp("dots") / "dots.hdf5"
    write_events_hdf5(path, [drifting_dots()], WIDTH, HEIGHT)
    flow = np.zeros((2, HEIGHT, WIDTH))
    flow[0] = SPEED * STEP_US / 1e6
    write_flow_hdf5(labels_path(path), [flow] * 10, (10, HEIGHT, WIDTH), STEP_US)
    return path


def test_a_score_card_is_a_table_or_json(clip: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["score", str(clip), f"--flow={labels_path(clip)}", "--start-us=10000", "--end-us=80000"]
    assert main(words) == 0
    table = capsys.readouterr().out.splitlines()
    assert table[0].split() == ["FWL", "leaving", "AEE", "px", "%3PE", "AAE", "deg", "AEE/zero"]
    assert table[1].startswith("dots_flow.h5")
    assert "from 10 to 80 ms" in table[4]
    assert main([*words, "--json"]) == 0
    card = json.loads(capsys.readouterr().out)
    assert (card["start_us"], card["end_us"], card["enough_motion"]) == (10_000, 80_000, True)
    assert [score["name"] for score in card["scores"]] == ["dots_flow.h5", "best translation", "zero flow"]
    assert card["scores"][0]["errors"]["aee"] == pytest.approx(0, abs=1e-6)
    assert f"{card['scores'][0]['fwl']:.2f}" == table[1].split()[1]


def test_what_is_infinite_is_null_in_json(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    still, moving = tmp_path / "still.hdf5", tmp_path / "moving.flo"
    still.write_bytes(clip.read_bytes())
    write_flow_hdf5(labels_path(still), [np.zeros((2, HEIGHT, WIDTH))], (1, HEIGHT, WIDTH), 100_000)
    write_flo(moving, np.ones((2, HEIGHT, WIDTH), np.float32))
    assert main(["score", str(still), f"--flow={moving}", "--span-us=100000", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["scores"][0]["errors"]["of_zero"] is None


def test_flow_is_exported(clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = [
        "export-flow",
        str(clip),
        f"--flow={labels_path(clip)}",
        "-o",
        str(tmp_path / "out"),
        "--format=flo",
    ]
    assert main(words) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "out")
    assert len(list((tmp_path / "out").iterdir())) == 10
    field, _ = read_flo(tmp_path / "out" / "000003.flo")
    assert np.allclose(field[0], SPEED * STEP_US / 1e6)
    assert main(words) == 2
    assert "exists; choose another name or pass --replace" in capsys.readouterr().err
    assert main([*words, "--replace"]) == 0


def test_mistakes_are_sentences(clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flow = tmp_path / "flow.flo"
    write_flo(flow, np.zeros((2, HEIGHT, WIDTH), np.float32))
    for words, sentence in (
        (["score", str(clip)], "required: --flow"),
        (["score", str(clip), f"--flow={flow}"], "flow.flo does not state the time"),
        (["score", str(clip), f"--flow={flow}", "--start-us=3"], "both start_us and end_us"),
        (["export-flow", str(clip), f"--flow={flow}", "-o", "a.flo"], "a.flo must end in .h5"),
    ):
        assert main(words) == 2
        assert sentence in capsys.readouterr().err


def test_an_interrupt_ends_it_without_a_trace(
    clip: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("wholefield.tasks.events.judging.judge", interrupted)
    assert main(["score", str(clip), f"--flow={labels_path(clip)}"]) == 130
    assert capsys.readouterr().err == ""
