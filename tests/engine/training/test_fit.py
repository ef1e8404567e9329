"""Training runs: seeds, best epoch, early stopping, schedules, batches of mixed sizes."""

from itertools import pairwise

import pytest
import torch
from torch import Tensor

from wholefield.networks.msd.enums import Task
from wholefield.networks.msd.errors import InputError
from wholefield.networks.msd.network import MSDNetwork
from wholefield.training.crops import Augmentation
from wholefield.training.fit import (
    Epoch,
    FitSettings,
    Progress,
    Schedule,
    class_weights,
    fit,
    rate_factor,
    steps_of_epoch,
)


def pairs(count: int = 4, size: int = 14) -> list[tuple[Tensor, Tensor]]:
    generator = torch.Generator().manual_seed(1)
    images = [torch.randn(1, size, size + i, generator=generator) for i in range(count)]
    return [(image, 3 * image + 1) for image in images]


def trained(settings: FitSettings) -> tuple[MSDNetwork, list[Epoch]]:
    torch.manual_seed(0)
    network = MSDNetwork(1, 1, 3)
    network.set_normalization([(image[None], target[None]) for image, target in pairs()])
    return network, fit(network, pairs()[:3], pairs()[3:], settings)


def test_a_run_learns_and_repeats_with_its_seed() -> None:
    settings = FitSettings(20, 2, 0.03, Schedule.COSINE, augmentation=Augmentation(10, True, True), seed=5)
    _, history = trained(settings)
    assert history == trained(settings)[1]
    assert history != trained(FitSettings(8, 2, 0.02, Schedule.COSINE, seed=6))[1]
    assert history[-1].validation_loss is not None
    assert history[-1].validation_loss < history[0].validation_loss / 2
    assert history[-1].metrics["psnr"] > history[0].metrics["psnr"]
    assert set(history[0].metrics) == {"psnr", "ssim"}


def test_the_best_epoch_is_kept_and_patience_ends_the_run() -> None:
    network, history = trained(FitSettings(60, learning_rate=0.5, patience=3))
    best = [epoch for epoch in history if epoch.best][-1]
    assert len(history) == best.number + 3 < 60
    image, target = pairs()[3]
    assert network.loss(network(image[None]), target[None]).item() == pytest.approx(
        best.validation_loss, rel=1e-6
    )


def test_segmentation_reports_overlap() -> None:
    torch.manual_seed(0)
    data = [(image, (image > 0).long()) for image, _ in pairs()]
    network = MSDNetwork(1, 2, 2, task=Task.SEGMENTATION)
    history = fit(network, data, data[:1], FitSettings(15, learning_rate=0.05))
    assert set(history[0].metrics) == {"accuracy", "dice", "iou"}
    assert history[-1].metrics["dice"] > 0.9


def test_steps_are_reported_and_can_stop_the_run() -> None:
    class Stop(Exception):
        pass

    def stop(step: int, loss: float) -> None:
        seen.append(step)
        if step == 4:
            raise Stop

    seen: list[int] = []
    with pytest.raises(Stop):
        fit(MSDNetwork(1, 1, 1), pairs(), [], FitSettings(3), on_step=stop)
    assert seen == [1, 2, 3, 4]
    with pytest.raises(InputError, match="no pairs"):
        fit(MSDNetwork(1, 1, 1), [], [], FitSettings(1))


def test_batches_never_mix_sizes() -> None:
    data = pairs(3) + pairs(3)
    settings = FitSettings(batch_size=4, repeats=2)
    steps = list(steps_of_epoch(data, settings))
    assert len(steps) == settings.steps(6) == 3
    found = [batch for step in steps for batch in step]
    assert sum(len(image) for image, _ in found) == 12
    assert all(image.shape == target.shape for image, target in found)
    assert any(len(image) > 1 for image, _ in found)


def test_a_step_is_drawn_alike_whatever_came_before() -> None:
    settings = FitSettings(batch_size=2, repeats=2, augmentation=Augmentation(5, True, True), seed=3)
    steps, late = (list(steps_of_epoch(pairs(), settings, 1, first)) for first in (0, 3))
    assert len(late) == 1
    for (image, target), (late_image, late_target) in zip(steps[3], late[0], strict=True):
        assert torch.equal(image, late_image)
        assert torch.equal(target, late_target)
    other = next(steps_of_epoch(pairs(), settings, 2))
    assert any(not torch.equal(a[0], b[0]) for a, b in zip(steps[0], other, strict=False))


@pytest.mark.parametrize("last", [2, 3, 5])
def test_a_training_that_goes_on_equals_one_that_never_stopped(last: int) -> None:
    """Stopped within an epoch, at its last step, and within the next."""

    class Stop(Exception):
        pass

    def on_step(step: int, loss: float) -> None:
        if step == last:
            raise Stop

    settings = FitSettings(3, 1, 0.03, Schedule.COSINE, augmentation=Augmentation(8, True, True))
    whole, history = trained(settings)
    torch.manual_seed(0)
    network, progress = MSDNetwork(1, 1, 3), Progress()
    optimizer = torch.optim.Adam(network.msd.parameters())
    network.set_normalization([(image[None], target[None]) for image, target in pairs()])
    with pytest.raises(Stop):
        fit(
            network,
            pairs()[:3],
            pairs()[3:],
            settings,
            on_step=on_step,
            progress=progress,
            optimizer=optimizer,
        )
    assert 3 * progress.epoch + len(progress.losses) == last
    rest = fit(network, pairs()[:3], pairs()[3:], settings, progress=progress, optimizer=optimizer)
    assert rest == history[progress.epoch - len(rest) :]
    for one, other in zip(whole.parameters(), network.parameters(), strict=True):
        assert torch.equal(one, other)


def test_crops_alone_are_read_from_pairs_that_can() -> None:
    class Partial:
        def __len__(self) -> int:
            return 4

        def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
            raise AssertionError("read whole")

        def spatial(self, index: int) -> tuple[int, ...]:
            return tuple(pairs()[index][0].shape[1:])

        def read(self, index: int, window: tuple[slice, ...]) -> tuple[Tensor, Tensor]:
            image, target = (each[(slice(None), *window)] for each in pairs()[index])
            return image, target

    settings = FitSettings(augmentation=Augmentation(6, True, True))
    whole, partial = (list(steps_of_epoch(each, settings)) for each in (pairs(), Partial()))
    for one, other in zip(whole, partial, strict=True):
        assert torch.equal(one[0][0], other[0][0])
        assert torch.equal(one[0][1], other[0][1])


def test_schedules_start_and_end_as_they_should() -> None:
    assert {rate_factor(Schedule.CONSTANT, p / 10) for p in range(11)} == {1.0}
    cosine = [rate_factor(Schedule.COSINE, p / 10) for p in range(11)]
    assert all(a > b for a, b in pairwise(cosine))
    assert (cosine[0], cosine[5], cosine[10]) == (pytest.approx(1), pytest.approx(0.5), pytest.approx(0))
    cycle = [rate_factor(Schedule.ONE_CYCLE, p / 10) for p in range(11)]
    assert cycle[0] == pytest.approx(0.04)
    assert cycle[3] == pytest.approx(1) == max(cycle)
    assert cycle[10] == pytest.approx(0)
    assert rate_factor(Schedule.COSINE, 1.5) == pytest.approx(0)


def test_class_weights_even_the_labels_out() -> None:
    labels = torch.tensor([[0, 0, 0, 1], [0, 0, 0, 9]])
    weights = class_weights([labels], 3)
    assert weights == pytest.approx([7 / 12, 3.5, 0])
    assert 6 * weights[0] == pytest.approx(weights[1])
