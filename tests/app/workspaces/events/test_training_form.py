"""Settings go through the form unchanged; only fields that the teacher has a use for show."""

from pathlib import Path

import pytest

from wholefield.errors import SettingError
from wholefield.flow.representations import PREPROCESSORS
from wholefield.tasks.events.settings import FlowNet, FlowSettings, RnnCell, Teacher
from wholefield.training.settings import Device, Precision
from wholefield_app.theme.theme import Theme
from wholefield_app.workspaces.events.training_fields import WEIGHTS
from wholefield_app.workspaces.events.training_form import FlowForm


@pytest.fixture
def form(qtbot, theme: Theme) -> FlowForm:
    made = FlowForm(theme)
    qtbot.addWidget(made)
    return made


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "clip.raw"
    path.touch()
    return path


def test_every_setting_goes_through_the_form_unchanged(form: FlowForm, recording: Path) -> None:
    for config in (
        FlowSettings(recordings=recording),
        FlowSettings(
            recordings=recording.parent, delta_t=5000, preprocess="timesurface", num_tbins=6, network=FlowNet.MIDINET2,
            base=12, scales=4, rnn_cell=RnnCell.GRU, teacher=Teacher.CONTRAST, weight_contrast=0.5,
            contrast_events=7000, weight_data=0.25, weight_time_consistency=0.125, weight_bw_deblur=0.0,
            weight_smoothness=0.01, weight_smoothness2=0.0, weight_l1=1e-5, epochs=7, repeats=3, batch_size=2,
            crop_size=0, augment=False, curriculum=1.2, learning_rate=3e-4, validation_fraction=0.35,
            preview_us=123_456, seed=9, precision=Precision.BF16, device=Device.CPU,
        ),
    ):  # fmt: skip
        form.set_config(config)
        assert form.config() == config
        assert form.runs == config.recordings.parent / "runs"


def test_the_form_begins_with_the_settings_of_the_engine(form: FlowForm, recording: Path) -> None:
    assert form.missing
    with pytest.raises(SettingError, match="Open a recording"):
        form.config()
    form.set_recording(recording)
    assert not form.missing
    assert form.config() == FlowSettings(recordings=recording)


def test_a_setting_that_cannot_work_is_named(form: FlowForm, recording: Path) -> None:
    form.set_recording(recording)
    form.fields.weight_bw_deblur.setValue(0)
    with pytest.raises(SettingError, match="weight_data"):
        form.config()
    form.set_recording(recording.with_name("gone.raw"))
    with pytest.raises(SettingError, match=r"gone\.raw"):
        form.config()


@pytest.mark.parametrize(
    ("teacher", "shown"),
    [
        (Teacher.FRAMES, {"weight_bw_deblur", "weight_data", "weight_time_consistency"}),
        (Teacher.CONTRAST, {"weight_contrast"}),
        (Teacher.LABELS, set()),
    ],
)
def test_the_weights_are_those_that_the_teacher_uses(
    form: FlowForm, teacher: Teacher, shown: set[str]
) -> None:
    form.fields.teacher.setCurrentIndex(form.fields.teacher.findData(teacher))
    visible = {name for name in WEIGHTS if not getattr(form.fields, name).isHidden()}
    assert visible == shown | {"weight_smoothness", "weight_smoothness2", "weight_l1"}


def test_every_representation_is_on_offer_and_every_field_explains_itself(form: FlowForm) -> None:
    box = form.fields.preprocess
    assert [box.itemText(row) for row in range(box.count())] == list(PREPROCESSORS)
    for name, field in vars(form.fields).items():
        assert field.toolTip() or name == "runs_folder", name
