"""`wholefield score --dsec` and `--mvsec` on files in those layouts, against sums written out."""

import json
from pathlib import Path

import h5py
import numpy as np
import pytest

from tests.engine.sources.events.writers import random_events
from wholefield.cli import main
from wholefield.errors import SettingError, SourceError
from wholefield.export.flow import write_dsec_png, write_flow_hdf5
from wholefield.export.recordings.about import About
from wholefield.export.recordings.columns import write_dsec
from wholefield.flow.scores.benchmark import Errors
from wholefield.sources.events.filters.chain import FilterChain
from wholefield.tasks.events.benchmark import displacement, dsec_sequences
from wholefield.tasks.events.flow_field import FlowField
from wholefield.tasks.events.mvsec import propagated
from wholefield.tasks.events.provider import FlowSource
from wholefield.tasks.events.score_settings import ScoreSettings

WIDTH, HEIGHT, START_US = 640, 480, 50_000_000
STEP_US = 100_000


class Fields:
    """Flow that changes every 30 ms."""

    name = "fields"
    source = FlowSource(Path("fields.ckpt"))

    def __init__(self, fields: list[np.ndarray]) -> None:
        self.fields = fields

    def flow_at(self, time_us: int) -> FlowField | None:
        number = time_us // 30_000
        if number >= len(self.fields):
            return None
        return FlowField(self.fields[number].astype(np.float32), number * 30_000, (number + 1) * 30_000)

    def close(self) -> None:
        """Nothing to close."""


def dsec_sequence(folder: Path, truth: list[np.ndarray], valid: np.ndarray) -> Path:
    """A sequence in DSEC's layout: fields from START_US on, one every 100 ms."""
    (folder / "events" / "left").mkdir(parents=True)
    (folder / "flow" / "forward").mkdir(parents=True)
    events = random_events(3000, STEP_US * len(truth) + 1)
    events["t"][-1] = STEP_US * len(truth)
    write_dsec(folder / "events" / "left" / "events.h5", [events], About(WIDTH, HEIGHT, START_US))
    rows = []
    for number, flow in enumerate(truth):
        write_dsec_png(folder / "flow" / "forward" / f"{number:06d}.png", flow, valid)
        rows.append(f"{START_US + number * STEP_US}, {START_US + (number + 1) * STEP_US}")
    table = "# from_timestamp_us, to_timestamp_us\n" + "\n".join(rows)
    (folder / "flow" / "forward_timestamps.txt").write_text(table)
    return folder


def plain_errors(pairs: list[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> dict[str, float]:
    """The measures pixel by pixel in plain Python."""
    epe, angle, far, outliers = [], [], [], 0
    for flow, truth, known in pairs:
        for y, x in np.argwhere(known).tolist():
            a, b = [*flow[:, y, x].tolist(), 1.0], [*truth[:, y, x].tolist(), 1.0]
            error = sum((p - q) ** 2 for p, q in zip(a, b, strict=True)) ** 0.5
            size = sum(q * q for q in b[:2]) ** 0.5
            dot = sum(p * q for p, q in zip(a, b, strict=True))
            norm = (sum(p * p for p in a) * sum(q * q for q in b)) ** 0.5
            epe.append(error)
            angle.append(float(np.degrees(np.arccos(min(dot / norm, 1.0)))))
            far.append([error > 1, error > 2, error > 3])
            outliers += error > 3 and error > 0.05 * size
    one, two, three = 100 * np.mean(far, 0)
    return {
        "epe": float(np.mean(epe)), "ae": float(np.mean(angle)), "1": one, "2": two, "3": three,
        "outliers": 100 * outliers / len(epe), "pixels": len(epe),
    }  # fmt: skip


def test_measures_against_plain_sums() -> None:
    random = np.random.default_rng(0)
    pairs = [
        (random.normal(0, 3, (2, 9, 7)), random.normal(0, 3, (2, 9, 7)), random.random((9, 7)) < 0.6)
        for _ in range(3)
    ]
    pairs.append((np.full((2, 9, 7), 84.0), np.full((2, 9, 7), 80.0), np.ones((9, 7), bool)))
    pairs.append((np.full((2, 9, 7), 83.0), np.full((2, 9, 7), 80.0), np.ones((9, 7), bool)))
    errors = Errors()
    for flow, truth, known in pairs:
        errors.add(flow, truth, known)
    row, plain = errors.row("a"), plain_errors(pairs)
    assert row.pixels == plain["pixels"]
    assert (row.epe, row.ae) == pytest.approx((plain["epe"], plain["ae"]), rel=1e-12)
    assert row.npe == pytest.approx((plain["1"], plain["2"], plain["3"]))
    assert row.outliers == pytest.approx(plain["outliers"])
    assert row.outliers < row.npe[2]


def test_dsec(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    truth = [np.full((2, HEIGHT, WIDTH), 2.0), np.full((2, HEIGHT, WIDTH), -1.0)]
    valid = np.zeros((HEIGHT, WIDTH), bool)
    valid[100:110, 200:220] = True
    for name in ("a", "b"):
        dsec_sequence(tmp_path / "train" / name, truth, valid)
    estimate = np.stack([np.full((HEIGHT, WIDTH), 2.0), np.full((HEIGHT, WIDTH), -1.0)])
    write_flow_hdf5(tmp_path / "flow.h5", [estimate, estimate], (2, HEIGHT, WIDTH), STEP_US)
    words = ["score", "--dsec", str(tmp_path / "train"), "--flow", str(tmp_path / "flow.h5")]
    assert main([*words, "--json"]) == 0
    card = json.loads(capsys.readouterr().out)
    known = [(estimate, each, valid) for each in truth]
    plain = plain_errors(known)
    assert [row["name"] for row in card["rows"]] == ["a", "b", "all"]
    assert [row["pixels"] for row in card["rows"]] == [400, 400, 800]
    for row in card["rows"]:
        assert row["epe"] == pytest.approx(plain["epe"], rel=1e-5)
        assert row["ae"] == pytest.approx(plain["ae"], rel=1e-5)
        assert row["npe"] == pytest.approx([plain["1"], plain["2"], plain["3"]])
    assert main(words) == 0
    table = capsys.readouterr().out.splitlines()
    assert table[0].split()[:4] == ["sequence", "fields", "pixels", "EPE"]
    assert table[-1].startswith("flow.h5 on DSEC: all pixels with true flow")


def mvsec_file(
    folder: Path, flow: np.ndarray, stamps: np.ndarray, frames: np.ndarray, events: np.ndarray
) -> Path:
    path = folder / "outdoor_day1_data.hdf5"
    with h5py.File(path, "w") as file:
        file["davis/left/events"] = events
        file["davis/left/image_raw_ts"] = frames
    with h5py.File(folder / "outdoor_day1_gt.hdf5", "w") as file:
        file["davis/left/flow_dist"], file["davis/left/flow_dist_ts"] = flow, stamps
    return path


def test_mvsec(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    width, height, begin = 346, 260, 1_504_645_177.0
    events = np.array(
        [(10, 20, 0.0, 1), (11, 200, 0.03, -1), (12, 21, 0.035, 1), (300, 5, 0.2, 1)], np.float64
    )
    events = np.concatenate([events, [(x, 30, 0.05, 1) for x in range(20)]])
    events = events[np.argsort(events[:, 2])]
    events[:, 2] += begin
    truth = np.full((4, 2, height, width), 5.0)
    truth[:, :, 30, :10] = 0
    stamps, frames = begin + np.arange(4) * 0.05, begin + np.array([0.0, 0.025, 0.1])
    path = mvsec_file(tmp_path, truth, stamps, frames, events)
    # 100 px per s in both directions is the truth; the estimate has 140 in x.
    estimate = np.stack([np.full((height, width), 14.0), np.full((height, width), 10.0)])
    write_flow_hdf5(tmp_path / "flow.h5", [estimate, estimate], (2, height, width), 100_000)
    assert main(["score", "--mvsec", str(path), "--flow", str(tmp_path / "flow.h5"), "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["rows"]
    # (10, 20) in the first frame; (12, 21) and ten of row 30 in the second, but not row 200 and not where flow is 0.
    assert (row["fields"], row["pixels"]) == (2, 1 + 1 + 10)
    assert row["epe"] == pytest.approx((1.0 + 11 * 3.0) / 12, rel=1e-5)
    with pytest.raises(SettingError, match=r"NAME_gt\.hdf5 beside it"):
        raise_from(
            ["score", "--mvsec", str(tmp_path / "flow.h5"), "--flow", str(tmp_path / "flow.h5")], capsys
        )


def raise_from(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """The error that a command prints, as an exception."""
    capsys.readouterr()
    assert main(words) == 2
    raise SettingError(capsys.readouterr().err)


def test_true_flow_follows_pixels() -> None:
    """Five px to the right in the first field and, only from there, three down in the second."""
    fields = np.zeros((2, 2, 8, 12))
    fields[0, 0], fields[0, 1] = 5.0, 1e-9
    fields[1, 1, :, 5:] = 3.0
    moved, known = propagated(fields, np.array([0.0, 1.0, 2.0]), 0.0, 2.0)
    assert known[:, :7].all()
    assert not known[:, 7:].any()
    np.testing.assert_allclose(moved[0, 2, 3], 5)
    np.testing.assert_allclose(moved[1, 2, 3], 3)
    half, _ = propagated(fields, np.array([0.0, 1.0, 2.0]), 0.25, 0.75)
    np.testing.assert_allclose(half[0], 2.5)


def test_displacements_follow_fields() -> None:
    right, split = np.zeros((2, 8, 40)), np.zeros((2, 8, 40))
    right[0] = 1000.0
    split[1, :, 20:] = 100.0
    moved = displacement(Fields([right, split]), 0, 60_000)
    np.testing.assert_allclose(moved[0, 4, 2], 30, rtol=1e-6)
    np.testing.assert_allclose(moved[1, 4, 2], 3, rtol=1e-6)
    np.testing.assert_allclose(displacement(Fields([right]), 10_000, 20_000)[0], 10, rtol=1e-6)
    with pytest.raises(SettingError, match="no flow at 30000 us"):
        displacement(Fields([right]), 0, 60_000)


def test_events_are_rectified(tmp_path: Path) -> None:
    path = tmp_path / "rectify_map.h5"
    places = np.zeros((5, 7, 2), np.float32)
    places[..., 0] = np.arange(7) + 1.4
    places[..., 1] = np.arange(5)[:, None] - 0.6
    with h5py.File(path, "w") as file:
        file["rectify_map"] = places
    events = random_events(500, 1000)
    events["x"] %= 7
    events["y"] %= 5
    found, kept = FilterChain.parse(f'rectify="{path}"').start((7, 5)).run(events)
    expected = [(x + 1, y - 1) for x, y in zip(events["x"].tolist(), events["y"].tolist(), strict=True)]
    assert list(zip(found["x"].tolist(), found["y"].tolist(), strict=True)) == [
        (x, y) for x, y in expected if x < 7 and y >= 0
    ]
    assert int(kept.sum()) == len(found)
    with pytest.raises(SettingError, match=r"must be \(9, 7, 2\) here"):
        FilterChain.parse(f"rectify={path}").start((7, 9))
    with pytest.raises(SourceError, match="holds no rectify_map"):
        FilterChain.parse("rectify=none.h5").start((7, 5))


def test_what_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="has no sequence of DSEC"):
        dsec_sequences(tmp_path)
    with pytest.raises(SettingError, match="Give a recording, --dsec with a folder, or --mvsec"):
        ScoreSettings(flow=tmp_path / "flow.h5").validate()
