from pathlib import Path

import numpy as np

from wholefield.runs.own_process.journal import NEWEST, Journal, JournalReader
from wholefield.runs.reports import Level, Message, PartDone, PreviewReady, Report, StepDone


def steps(*numbers: int) -> list[Report]:
    return [StepDone(number, 9, 1, 1, 1 / 3) for number in numbers]


def test_reports_arrive_once_and_in_order(tmp_path: Path) -> None:
    journal, reader = Journal(tmp_path), JournalReader(tmp_path)
    assert reader.read() == []
    for step in steps(1, 2):
        journal(step)
    assert reader.read() == []
    journal.flush()
    assert reader.read() == steps(1, 2)
    journal(*steps(3))
    journal.flush()
    journal.flush()
    assert reader.read() == steps(3)
    assert reader.read() == []
    assert JournalReader(tmp_path).read() == steps(1, 2, 3)


def test_of_what_passes_the_newest_arrives_and_takes_no_room(tmp_path: Path) -> None:
    journal, reader = Journal(tmp_path), JournalReader(tmp_path)
    parts = [PartDone("Predicting", number, 1000) for number in range(1000)]
    for part in parts:
        journal(part)
    journal.flush()
    assert reader.read() == parts[-NEWEST:]
    journal.flush()
    assert reader.read() == []
    size = sum(file.stat().st_size for file in tmp_path.iterdir())
    for part in parts:
        journal(part)
        journal.flush()
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) <= size


def test_half_a_line_waits_for_its_other_half(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal(Message(Level.INFO, "Grüße"))
    journal.flush()
    (lines,) = tmp_path.iterdir()
    whole = lines.read_bytes()
    reader = JournalReader(tmp_path)
    for end in range(len(whole)):
        lines.write_bytes(whole[:end])
        assert reader.read() == []
    lines.write_bytes(whole)
    assert reader.read() == [Message(Level.INFO, "Grüße")]


def test_a_preview_is_left_out_once_its_pictures_are_gone(tmp_path: Path) -> None:
    journal, live = Journal(tmp_path), JournalReader(tmp_path)
    for epoch in range(30):
        journal(PreviewReady(epoch, 0, {"input": np.full((2, 2), epoch)}))
        journal.flush()
        (preview,) = live.read()
        assert isinstance(preview, PreviewReady)
        assert (preview.pictures["input"] == epoch).all()
    late = [each.epoch for each in JournalReader(tmp_path).read() if isinstance(each, PreviewReady)]
    assert late == list(range(14, 30))


def test_a_full_disk_loses_no_report(tmp_path: Path) -> None:
    journal, reader = Journal(tmp_path), JournalReader(tmp_path)
    journal(*steps(1))
    (tmp_path / "reports.jsonl").mkdir()
    try:
        journal.flush()
    except OSError:
        pass
    else:
        raise AssertionError("a folder was written to")
    (tmp_path / "reports.jsonl").rmdir()
    journal(*steps(2))
    journal.flush()
    assert reader.read() == steps(1, 2)
