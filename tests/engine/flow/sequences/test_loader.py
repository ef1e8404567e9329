"""Batches: order, masks, labels, events, and resuming in the middle of an epoch."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from wholefield.errors import SettingError
from wholefield.flow.sequences import BinSource, FileMetadata, SequenceLoader, open_bins


@pytest.fixture
def source(recording_file: Path) -> Iterator[BinSource]:
    with open_bins(recording_file, "event_cube", 10_000) as opened:
        yield opened


def test_whole_files_in_order(source: BinSource) -> None:
    loader = SequenceLoader([source], num_tbins=3)
    batches = list(loader)
    assert len(batches) == len(loader) == 3
    assert [float(batch["mask_keep_memory"][0]) for batch in batches] == [0, 1, 1]
    found = torch.cat([batch["inputs"] for batch in batches])[:, 0].numpy()
    np.testing.assert_array_equal(found, source.read(0, 9).features)
    metadata, start, duration = batches[1]["video_infos"][0]  # type: ignore[misc]
    assert (Path(metadata.path).name, start, duration) == ("noise.hdf5", 30_000, 30_000)


def test_places_that_ran_out_are_marked(source: BinSource) -> None:
    loader = SequenceLoader([source], num_tbins=3, batch_size=2, max_consecutive=2)
    first, second = list(loader)
    assert first["valid"].tolist() == [True, True]
    assert second["valid"].tolist() == [True, False]
    assert second["inputs"].shape == (3, 2, 6, 30, 40)
    assert float(second["inputs"][:, 1].abs().sum()) == 0
    assert second["video_infos"][1] is None
    assert second["events"] is not None
    assert second["events"][:, 0].unique().tolist() == [0]


def test_events_match_the_features(source: BinSource) -> None:
    (batch,) = SequenceLoader([source], num_tbins=4, batch_size=2, max_consecutive=1, crop_size=16, seed=3)
    events = batch["events"]
    assert events is not None
    for place in range(2):
        own = events[events[:, 0] == place]
        image = torch.zeros(4, 16, 16)
        image.index_put_(tuple(own[:, i].long() for i in (3, 2, 1)), torch.ones(len(own)), accumulate=True)
        cube = batch["inputs"][:, place].sum(1) * (255 / 4)
        torch.testing.assert_close(cube, image, atol=1e-3, rtol=1e-4)


def test_a_resumed_epoch_continues_as_if_uninterrupted(source: BinSource) -> None:
    def loader() -> SequenceLoader:
        made = SequenceLoader(
            [source], 2, max_consecutive=2, crop_size=12, flips=True, rotations=True, repeats=2, seed=7
        )
        made.begin(3)
        return made

    whole = [batch["inputs"] for batch in loader()]
    assert len(whole) == len(loader()) == 10
    interrupted, state = loader(), {}
    for index, batch in enumerate(interrupted):
        torch.testing.assert_close(batch["inputs"], whole[index])
        if index == 4:
            state = interrupted.state_dict()
            break
    resumed = loader()
    resumed.load_state_dict(state)
    resumed.begin(3)
    for index, batch in enumerate(resumed, start=state["done"]):
        torch.testing.assert_close(batch["inputs"], whole[index])
    resumed.begin(4)
    assert not torch.equal(next(iter(resumed))["inputs"], whole[0])


def test_a_sequence_is_cut_alike_in_all_its_batches(source: BinSource) -> None:
    loader = SequenceLoader([source], 2, max_consecutive=5, crop_size=12, flips=True, rotations=True, seed=1)
    (window, *others) = [windows[0] for windows in loader.batches()]
    assert window is not None
    assert {loader.crop(other) for other in others if other is not None} == {loader.crop(window)}
    assert len({loader.crop(type(window)(0, 0, number, 0)) for number in range(6)}) == 6


def test_labels_are_cut_with_the_features(source: BinSource) -> None:
    def labels(
        metadata: FileMetadata, start: int, duration: int, tensor: torch.Tensor
    ) -> tuple[list[torch.Tensor], np.ndarray]:
        y, x = np.indices((metadata.height, metadata.width), np.float32)
        flows = [torch.from_numpy(np.stack([x + start, y])) for _ in range(tensor.shape[0])]
        return flows, np.array([True, False])

    loader = SequenceLoader([source], 2, crop_size=10, seed=5, max_consecutive=1, load_labels=labels)
    window = loader.batches()[0][0]
    assert window is not None
    crop, batch = loader.crop(window), loader.batch([window])
    assert crop is not None
    assert batch["frame_is_labeled"].tolist() == [[True], [False]]
    label = batch["labels"][0][0]
    assert float(label[0, 0, 0]) == crop.x + window.first * 10_000
    assert float(label[1, 0, 0]) == crop.y
    assert bool(batch["labels"][1].isnan().all())


def test_training_epochs_are_equally_long_whatever_the_sequences(source: BinSource) -> None:
    loader = SequenceLoader([source], 1, batch_size=3, max_consecutive=1, seed=0)
    for longest in range(1, 8):
        loader.max_consecutive = longest
        assert len(loader) == 4


def test_what_does_not_fit_is_refused(source: BinSource) -> None:
    with pytest.raises(SettingError, match="No file has 11 time bins"):
        SequenceLoader([source], 11)
    with pytest.raises(SettingError, match="smaller than crop_size 31"):
        SequenceLoader([source], 2, crop_size=31)


def test_every_iteration_starts_at_the_beginning_unless_a_state_was_restored(source: BinSource) -> None:
    loader = SequenceLoader([source], 2, max_consecutive=2, seed=7)
    assert len(list(loader)) == len(list(loader)) == 5
    next(iter(loader))
    loader.load_state_dict({"epoch": 0, "done": 3})
    assert len(list(loader)) == 2
    assert len(list(loader)) == 5
