"""Recordings keep their split when a run goes on, whatever the settings say by then."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from wholefield.errors import SettingError
from wholefield.flow.sequences import SpanBins, open_bins
from wholefield.runs.control import Control
from wholefield.runs.reports import Failed, Finished, Report
from wholefield.tasks.events.settings import FlowSettings
from wholefield.tasks.events.split import demand_apart, divided, kept_of
from wholefield.tasks.registry import run_task
from wholefield.training.kept_split import KeptSplit

DELTA_T = 10_000


@pytest.fixture
def config(clip: Path) -> FlowSettings:
    return FlowSettings(
        recordings=clip,
        delta_t=DELTA_T,
        num_tbins=1,
        base=2,
        crop_size=24,
        epochs=1,
        validation_fraction=0.25,
    )


def test_a_recording_keeps_its_ranges(config: FlowSettings, clip: Path, tmp_path: Path) -> None:
    with open_bins(clip, "histo", DELTA_T) as source:
        first = divided(source, config, None)
        kept = kept_of(([first[0]], [first[1]]))
        assert kept == KeptSplit(
            (f"{clip.resolve()}#0-{first[0].bins}",), (f"{clip.resolve()}#{first[0].bins}-{source.bins}",)
        )
        again = divided(source, replace(config, validation_fraction=0.6), kept)
        assert [part.bins for part in again] == [part.bins for part in first]
        moved = KeptSplit(*([name.replace(str(clip.parent), "/elsewhere") for name in side] for side in
                            (kept.training, kept.validation)))  # type: ignore[arg-type]  # fmt: skip
        assert divided(source, replace(config, validation_fraction=0.6), moved)[0].bins == first[0].bins
        # A longer one than before: what is new is kept for validation.
        short = divided(SpanBins(source, 0, source.bins - 1), config, kept)
        assert [part.bins for part in short] == [first[0].bins, first[1].bins - 1]
        with pytest.raises(SettingError, match="was trained on"):
            divided(SpanBins(source, 0, 1), config, kept)
        # All of it was trained on.
        whole = kept_of(([SpanBins(source, 0, source.bins)], [SpanBins(source, source.bins, 0)]))
        assert divided(source, config, whole)[1].bins == 0


def test_a_file_cannot_change_its_folder(clip: Path) -> None:
    with open_bins(clip, "histo", DELTA_T) as source:
        demand_apart(([], [source]), None)
        demand_apart(([], [source]), KeptSplit((), (str(clip.resolve()),)))
        with pytest.raises(
            SettingError, match="is in the folder for validation, but the earlier part of the run was"
        ):
            demand_apart(([], [source]), KeptSplit((str(clip.resolve()),), ()))


def test_a_run_goes_on_with_its_split(config: FlowSettings, clip: Path, tmp_path: Path) -> None:
    reports: list[Report] = []
    run_task(config, tmp_path / "run", reports.append, Control())
    assert isinstance(reports[-1], Finished), reports[-1]
    before = json.loads((tmp_path / "run" / "split.json").read_text())
    run_task(replace(config, epochs=2, validation_fraction=0.6), tmp_path / "run", reports.append, Control())
    assert isinstance(reports[-1], Finished), reports[-1]
    assert json.loads((tmp_path / "run" / "split.json").read_text()) == before


def test_a_file_that_moves_to_the_validation_is_refused(
    config: FlowSettings, clip: Path, tmp_path: Path
) -> None:
    for part in ("train", "val"):
        (tmp_path / part).mkdir()
        shutil.copy(clip, tmp_path / part / f"{part}{clip.suffix}")
    config = replace(config, recordings=tmp_path)
    reports: list[Report] = []
    run_task(config, tmp_path / "run", reports.append, Control())
    assert isinstance(reports[-1], Finished), reports[-1]
    shutil.copy(clip, tmp_path / "train" / f"other{clip.suffix}")
    (tmp_path / "train" / f"train{clip.suffix}").rename(tmp_path / "val" / f"train{clip.suffix}")
    run_task(replace(config, epochs=2), tmp_path / "run", reports.append, Control())
    assert isinstance(reports[-1], Failed)
    assert "but the earlier part of the run was trained on it" in reports[-1].message
