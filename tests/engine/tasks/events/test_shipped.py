"""Flow that ships: its names, and that it is a provider, a command and a prediction like that of a checkpoint."""

from pathlib import Path

import numpy as np
import pytest

from wholefield.cli import main
from wholefield.errors import SettingError
from wholefield.export.flow import FlowFile
from wholefield.sources import open_recording
from wholefield.tasks.events.provider import FlowSource
from wholefield.tasks.events.shipped import CONTRAST, SHIPPED, TITLES, is_shipped, resolve, shipped_model


def test_names_stand_for_files_that_exist() -> None:
    for name in TITLES:
        path = resolve(Path(SHIPPED + name))
        assert path == shipped_model(name)
        assert path.is_file()
        assert is_shipped(path)
    assert resolve(Path("a/b.ckpt")) == Path("a/b.ckpt")
    assert not is_shipped(Path("a/fast.ckpt"))
    with pytest.raises(SettingError, match="No flow called slow ships; choose shipped:contrast"):
        shipped_model("slow")


@pytest.mark.parametrize("name", list(TITLES))
def test_one_moment_has_one_flow(clip: Path, name: str, tmp_path: Path) -> None:
    source = FlowSource(shipped_model(name))
    with open_recording(clip) as recording:
        played = source.open(recording)
        fields = [played.flow_at(time_us) for time_us in range(0, 160_000, 5_000)]
        jumped = source.open(recording).flow_at(155_000)
        assert played.name == TITLES[name]
    last = fields[31]
    assert last is not None
    assert jumped is not None
    np.testing.assert_allclose(jumped.flow, last.flow, rtol=1e-5, atol=1e-3)
    arguments = ["predict-flow", str(clip), "--checkpoint", SHIPPED + name, "--out", str(tmp_path / "run")]
    assert main(arguments) == 0
    (written,) = (tmp_path / "run").glob("*/clip_flow.h5")
    with FlowFile(written) as file:
        row = 155_000 // file.delta_t
        wanted = last.flow * np.float32(file.delta_t / 1e6)
        np.testing.assert_allclose(file.read(row), wanted, rtol=1e-4, atol=1e-4)


def test_contrast_maximization_is_better_than_no_flow(clip: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["score", str(clip), "--flow", SHIPPED + CONTRAST, "--json"]) == 0
    assert "aee" in capsys.readouterr().out.lower()
