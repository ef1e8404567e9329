"""Many files: all are done, broken ones are reported and skipped, a later batch goes on, processes give the same."""

import csv
import os
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch

from wholefield.cli import main
from wholefield.errors import SettingError
from wholefield.networks import small_cnn
from wholefield.runs.control import Control
from wholefield.runs.reports import Level, Message, Report, ReportFunction, ignore
from wholefield.tasks.batch import processes
from wholefield.tasks.batch.jobs import DONE, FAILED, Job, Outcome, is_batch, jobs_of, keep_settings
from wholefield.tasks.batch.processes import Processes
from wholefield.tasks.batch.run import one_by_one, run_batch
from wholefield.tasks.batch.table import rows_of, write_csv, write_parquet
from wholefield.tasks.registry import find_task
from wholefield.tasks.slides.results.prediction import SlidePrediction
from wholefield.tasks.slides.settings import PredictSettings
from wholefield.tasks.stacks.output_settings import StackPredictSettings
from wholefield.training.checkpoints import CARD, PREFIX
from wholefield.training.model_card import ClassCard, InputCard, ModelCard

INPUT = InputCard(3, 0, None, "", (0.5,) * 3, (0.25,) * 3)
BROKEN = {"broken.tif", "cut.tif"}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model, and a folder with four slides in two folders, two broken ones, and files that are no slides."""
    folder = tmp_path_factory.mktemp("data")
    torch.manual_seed(4)
    network = small_cnn(num_classes=2).eval()
    card = ModelCard("classify", "small_cnn", {"head": "average"}, tuple(map(ClassCard, "ab")), INPUT)
    state = {PREFIX + name: value for name, value in network.state_dict().items()}
    torch.save({"state_dict": state, CARD: card.to_plain()}, folder / "best.ckpt")
    random = np.random.default_rng(0)
    (folder / "slides" / "more").mkdir(parents=True)
    for index, name in enumerate(("a.tif", "b.tif", "c.tif", "more/a.tif")):
        image = random.integers(0, 255, (70 + 9 * index, 80, 3), dtype=np.uint8)
        tifffile.imwrite(folder / "slides" / name, image, photometric="rgb", tile=(64, 64))
    (folder / "slides" / "broken.tif").write_bytes(b"not a picture" * 9)
    whole = (folder / "slides" / "c.tif").read_bytes()
    (folder / "slides" / "cut.tif").write_bytes(whole[: len(whole) // 3])
    (folder / "slides" / "labels.csv").write_text("file,label\n")
    return folder


@pytest.fixture
def config(data: Path) -> PredictSettings:
    return PredictSettings(slide=data, checkpoint=data / "best.ckpt", tile_size=64)


def probabilities(found: list[tuple[Job, Outcome]]) -> dict[str, bytes]:
    """The bits of the results of all files that are done, by the names of their folders."""
    return {
        "/".join(job.folder.parts[-2:]): SlidePrediction.load(
            job.folder / "prediction.npz"
        ).probabilities.tobytes()
        for job, outcome in found
        if outcome.status == DONE
    }


def test_a_folder_stands_for_its_files(data: Path, config: PredictSettings, tmp_path: Path) -> None:
    jobs = jobs_of(config, [data / "slides", data / "slides" / "a.tif"], tmp_path)
    names = [job.folder.relative_to(tmp_path).as_posix() for job in jobs]
    assert names == ["a.tif", "b.tif", "broken.tif", "c.tif", "cut.tif", "more/a.tif"]
    assert [job.settings for job in jobs] == [replace(config, slide=job.file) for job in jobs]
    # Files of one name from two folders.
    jobs = jobs_of(config, [data / "slides" / "a.tif", data / "slides" / "more" / "a.tif"], tmp_path)
    assert [job.folder.name for job in jobs] == ["a.tif", "a.tif_2"]
    with pytest.raises(SettingError, match="There is no image in"):
        jobs_of(config, [tmp_path], tmp_path / "out")


def test_one_file_is_no_batch(data: Path, tmp_path: Path) -> None:
    predict, stacks = find_task("predict"), find_task("stack-predict")
    assert not is_batch(predict, [data / "slides" / "a.tif"])
    assert is_batch(predict, [data / "slides"])
    assert is_batch(predict, [Path("a"), Path("b")])
    for index in range(3):
        tifffile.imwrite(tmp_path / f"{index}.tif", np.zeros((20, 20), np.float32))
    # A folder of slices is one stack.
    assert not is_batch(stacks, [tmp_path])


def test_a_result_for_one_file_is_refused(tmp_path: Path) -> None:
    settings = StackPredictSettings(stack=tmp_path, checkpoint=tmp_path, output=tmp_path / "a.tif")
    with pytest.raises(SettingError, match="output names one file, but there are many"):
        jobs_of(settings, [tmp_path / "a", tmp_path / "b"], tmp_path)


def test_results_of_other_settings_are_not_mixed(config: PredictSettings, tmp_path: Path) -> None:
    keep_settings(config, tmp_path / "out")
    keep_settings(replace(config, slide=Path("other")), tmp_path / "out")
    with pytest.raises(SettingError, match="holds results of other settings"):
        keep_settings(replace(config, tile_size=96), tmp_path / "out")


def test_broken_files_are_skipped_and_a_later_batch_goes_on(
    data: Path, config: PredictSettings, tmp_path: Path
) -> None:
    reports: list[Report] = []
    jobs = jobs_of(config, [data / "slides"], tmp_path)
    control = Control()

    def stop_after_two(report: Report) -> None:
        reports.append(report)
        if isinstance(report, Message) and "failed" in report.text:
            control.stop_and_keep()

    first = run_batch(jobs, one_by_one, stop_after_two, control)
    assert 0 < len(first) < len(jobs)
    reports.clear()
    found = run_batch(jobs, one_by_one, reports.append, Control())
    done = sum(outcome.status == DONE for _, outcome in first)
    assert not done or Message(Level.INFO, f"{done} of 6 files are done already.") in reports
    assert {job.file.name for job, outcome in found if outcome.status == FAILED} == BROKEN
    assert all(outcome.error for _, outcome in found if outcome.status == FAILED)
    assert [job for job, _ in found] == jobs
    assert all(outcome.figures["class"] in ("a", "b") for _, outcome in found if outcome.status == DONE)

    def nothing_left(left: object, report: ReportFunction, control: Control) -> list[tuple[int, Outcome]]:
        assert [job.file.name for job in left] == ["cut.tif", "broken.tif"]  # type: ignore[attr-defined]
        return []

    again = run_batch(jobs, nothing_left, ignore, Control())  # type: ignore[arg-type]
    assert again == [(job, outcome) for job, outcome in found if outcome.status == DONE]
    # A file that has changed since is done again.
    jobs[0].file.touch()
    assert len(run_batch(jobs, nothing_left, ignore, Control())) == 4  # type: ignore[arg-type]


def live_or_die(job: Job) -> Outcome | None:
    """A job whose process dies of some files every time, of others the first time."""
    if job.file.name == "deadly.tif":
        os.kill(os.getpid(), signal.SIGKILL)
    if job.file.name == "b.tif" and not (mark := job.folder / "died.mark").exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return Outcome(str(job.file), DONE, figures={"process": os.getpid()})


def test_processes_that_die_are_replaced(
    config: PredictSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "do_job", live_or_die)
    monkeypatch.setattr(processes, "DEATHS", 2)
    jobs = [Job(tmp_path / name, tmp_path, config) for name in ("a.tif", "deadly.tif", "b.tif", "c.tif")]
    found = run_batch(jobs, Processes(2), ignore, Control())
    assert [job for job, _ in found] == jobs
    assert (tmp_path / "died.mark").exists()
    (failed,) = [outcome for _, outcome in found if outcome.status == FAILED]
    assert failed.file.endswith("deadly.tif")
    assert failed.error.startswith("The process that worked on it died 2 times")
    assert os.getpid() not in [outcome.figures.get("process") for _, outcome in found]


def test_other_processes_give_the_same_bits(data: Path, config: PredictSettings, tmp_path: Path) -> None:
    slides = [data / "slides" / name for name in ("a.tif", "c.tif", "broken.tif")]
    expected = run_batch(jobs_of(config, slides, tmp_path / "one"), one_by_one, ignore, Control())
    found = run_batch(jobs_of(config, slides, tmp_path / "two"), Processes(1), ignore, Control())
    assert [outcome.status for _, outcome in found] == [DONE, DONE, FAILED]
    assert found[2][1].error == expected[2][1].error
    assert len(probabilities(expected)) == 2
    assert {name.replace("two", "one"): bits for name, bits in probabilities(found).items()} == probabilities(
        expected
    )


def test_the_table_has_a_column_a_figure(tmp_path: Path) -> None:
    settings = PredictSettings(slide=Path("a"), checkpoint=Path("m"))
    (tmp_path / "a").mkdir()
    for name in ("prediction.npz", "config.json", "outcome.json"):
        (tmp_path / "a" / name).touch()
    rows = rows_of(
        [
            (
                Job(Path("a"), tmp_path / "a", settings),
                Outcome("a", DONE, "", 1.5, "", {"class": "x", "p": 1 / 3}),
            ),
            (Job(Path("b"), tmp_path / "b", settings), Outcome("b", FAILED, 'It is broken, and "more".')),
        ]
    )
    write_csv(tmp_path / "t.csv", rows)
    with (tmp_path / "t.csv").open(newline="") as file:
        first, second = csv.DictReader(file)
    assert (first["outputs"], first["class"], float(first["p"])) == ("prediction.npz", "x", 1 / 3)
    assert (second["status"], second["error"], second["p"]) == ("failed", 'It is broken, and "more".', "")
    write_parquet(tmp_path / "t.parquet", rows)
    from pyarrow import parquet

    assert parquet.read_table(tmp_path / "t.parquet").to_pylist() == [
        dict(rows[0]),
        dict(rows[1]) | {"class": None, "p": None},
    ]


def test_the_command(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["predict", str(data / "slides"), f"--checkpoint={data / 'best.ckpt'}", "--tile-size=64"]
    assert main(words) == 2
    assert "Many files need --out" in capsys.readouterr().err
    assert main([*words, f"--out={tmp_path}", "--parquet"]) == 3
    out, err = capsys.readouterr()
    assert out == f"{tmp_path / 'results.csv'}: 4 done, 2 failed\n"
    assert "broken.tif failed: " in err
    with (tmp_path / "results.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 6
    assert (tmp_path / "results.parquet").exists()
    good = next(row for row in rows if row["status"] == "done")
    assert float(good["probability a"]) + float(good["probability b"]) == pytest.approx(1, abs=1e-6)
    slide = str(data / "slides" / "a.tif")
    assert main([words[0], slide, str(data / "gone.tif"), *words[2:], f"--out={tmp_path / 'two'}"]) == 3
    assert main([words[0], slide, slide, *words[2:], f"--out={tmp_path / 'three'}", "--processes=0"]) == 2


def test_without_dask_and_pyarrow_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    from wholefield.tasks.batch import table

    monkeypatch.setattr(processes, "find_spec", lambda name: None)
    monkeypatch.setattr(table, "find_spec", lambda name: None)
    with pytest.raises(SettingError, match=r'pip install "wholefield\[batch\]"'):
        Processes(2)
    with pytest.raises(SettingError, match=r'pip install "wholefield\[batch\]"'):
        table.demand_pyarrow()
