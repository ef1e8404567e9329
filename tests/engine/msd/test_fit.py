"""Training runs: seeds, best epoch, early stopping, schedules, batches of mixed sizes."""

from itertools import pairwise

import pytest
import torch
from torch import Tensor

from engine.msd import InputError, MSDRegressionModel, MSDSegmentationModel
from engine.msd.augmentation import Augmentation
from engine.msd.fit import Epoch, FitSettings, Schedule, batches, class_weights, fit, rate_factor


def pairs(count: int = 4, size: int = 14) -> list[tuple[Tensor, Tensor]]:
    generator = torch.Generator().manual_seed(1)
    images = [torch.randn(1, size, size + i, generator=generator) for i in range(count)]
    return [(image, 3 * image + 1) for image in images]


def trained(settings: FitSettings) -> tuple[MSDRegressionModel, list[Epoch]]:
    torch.manual_seed(0)
    model = MSDRegressionModel(1, 1, 3, 1)
    model.set_normalization([(image[None], target[None]) for image, target in pairs()])
    return model, fit(model, pairs()[:3], pairs()[3:], settings)


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
    model, history = trained(FitSettings(60, learning_rate=0.5, patience=3))
    best = [epoch for epoch in history if epoch.best][-1]
    assert len(history) == best.number + 3 < 60
    image, target = pairs()[3]
    assert model.validate([(image[None], target[None])]) == pytest.approx(best.validation_loss, rel=1e-6)


def test_segmentation_reports_overlap() -> None:
    torch.manual_seed(0)
    data = [(image, (image > 0).long()) for image, _ in pairs()]
    model = MSDSegmentationModel(1, 2, 2, 1)
    history = fit(model, data, data[:1], FitSettings(15, learning_rate=0.05))
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
        fit(MSDRegressionModel(1, 1, 1, 1), pairs(), [], FitSettings(3), on_step=stop)
    assert seen == [1, 2, 3, 4]
    with pytest.raises(InputError, match="no pairs"):
        fit(MSDRegressionModel(1, 1, 1, 1), [], [], FitSettings(1))


def test_batches_never_mix_sizes() -> None:
    data = pairs(3) + pairs(3)
    settings = FitSettings(batch_size=4, repeats=2)
    found = list(batches(data, settings, torch.Generator().manual_seed(0)))
    assert sum(len(image) for image, _ in found) == 12
    assert all(image.shape == target.shape for image, target in found)
    assert any(len(image) > 1 for image, _ in found)


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
