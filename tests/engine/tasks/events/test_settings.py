"""Settings of the flow tasks."""

from pathlib import Path

import pytest

from wholefield.cli.options import arguments_of, command_line
from wholefield.errors import SettingError
from wholefield.runs.settings import save_settings
from wholefield.tasks.events.settings import FlowFormat, FlowPredictSettings, FlowSettings, Teacher
from wholefield.tasks.registry import load_settings


def test_settings_survive_a_file_and_become_a_command(tmp_path: Path) -> None:
    config = FlowSettings(recordings=tmp_path, teacher=Teacher.CONTRAST, weight_l1=0.5, crop_size=0)
    save_settings(config, tmp_path / "config.json")
    assert load_settings(tmp_path / "config.json") == config
    assert arguments_of(config)[:2] == ["train", "flow"]
    assert "--teacher=contrast" in command_line(config)
    predict = FlowPredictSettings(recording=tmp_path / "a.raw", checkpoint=tmp_path / "best.ckpt")
    assert command_line(predict).startswith("wholefield predict-flow --checkpoint")


def test_weights_between_frames_count_only_where_frames_teach() -> None:
    config = FlowSettings(recordings=Path("x"), weight_data=2.0, weight_smoothness2=0.1)
    assert config.loss_weights == {"data": 2.0, "bw_deblur": 1.0, "smoothness2": 0.1}
    other = FlowSettings(recordings=Path("x"), teacher=Teacher.LABELS, weight_smoothness2=0.1)
    assert other.loss_weights == {"smoothness2": 0.1}


def test_what_cannot_work_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="which does not exist"):
        FlowSettings(recordings=tmp_path / "none").validate()
    with pytest.raises(SettingError, match="no representation named picture"):
        FlowSettings(recordings=tmp_path, preprocess="picture").validate()
    with pytest.raises(SettingError, match="No loss trains"):
        FlowSettings(recordings=tmp_path, weight_bw_deblur=0).validate()
    with pytest.raises(SettingError, match="delta_t"):
        FlowSettings(recordings=tmp_path, delta_t=0).validate()
    file = tmp_path / "a.raw"
    file.touch()
    with pytest.raises(SettingError, match="end_us"):
        FlowPredictSettings(recording=file, checkpoint=file, start_us=5, end_us=5).validate()
    with pytest.raises(SettingError, match="checkpoint"):
        FlowPredictSettings(recording=file, checkpoint=tmp_path).validate()


def test_results_are_named_after_the_recording() -> None:
    config = FlowPredictSettings(recording=Path("a/clip_td.dat"), checkpoint=Path("c"))
    assert config.result(Path("run")) == Path("run/clip_flow.h5")
    pictures = FlowPredictSettings(recording=Path("b.raw"), checkpoint=Path("c"), format=FlowFormat.PNG)
    assert pictures.result(Path("run")) == Path("run/b_flow")
