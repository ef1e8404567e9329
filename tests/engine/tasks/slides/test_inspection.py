"""The inspection against the published receptive fields, gradients of the real network, and the plan itself."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from wholefield.errors import SettingError, WholefieldError
from wholefield.networks.registry import find_model
from wholefield.networks.split import split_classifier
from wholefield.tasks.slides.inspection import (
    Inspection,
    NetworkChoice,
    Purpose,
    inspect_network,
    suggest_for,
)
from wholefield.tasks.slides.layer_rows import HEADINGS, LayerChoice
from wholefield.tasks.slides.settings import ClassifySettings, SegmentSettings

SIZE = (301, 437)


@pytest.fixture(scope="module")
def inspection() -> Inspection:
    return inspect_network("resnet18", SIZE, 128)


def test_importing_it_leaves_torch_alone() -> None:
    code = (
        "import sys, wholefield.tasks.slides.inspection, wholefield.tasks.slides.layer_rows;"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("model", "stages"),
    [
        ("resnet18", {"layer1": (43, 4), "layer2": (99, 8), "layer3": (211, 16), "layer4": (435, 32)}),
        ("resnet50", {"layer1": (35, 4), "layer2": (91, 8), "layer3": (267, 16), "layer4": (427, 32)}),
    ],
)
def test_stages_have_the_known_fields_and_strides(model: str, stages: dict[str, tuple[int, int]]) -> None:
    rows = inspect_network(model, (2048, 2048), 1024).rows_of(LayerChoice.STAGES)
    found: dict[str, tuple[object, object]] = {
        row.layer.split(".")[0]: (row.field[0], row.total_stride[0]) for row in rows
    }
    assert {name: found[name] for name in stages} == stages
    assert found["maxpool"] == (11, 4)
    assert [row.layer.split(".")[0] for row in rows] == ["relu", "maxpool", *stages]


def test_a_network_without_blocks_has_a_stage_for_each_resolution() -> None:
    rows = inspect_network("small_cnn", SIZE, 128).rows_of(LayerChoice.STAGES)
    strides: list[tuple[object, ...]] = [row.total_stride for row in rows]
    assert strides == [(2, 2), (4, 4), (8, 8), (32, 32)]


def test_layers_bear_the_names_of_the_whole_network(inspection: Inspection) -> None:
    known = dict(find_model("resnet18").build().named_modules())
    assert {row.layer for row in inspection.rows[1:]} <= set(known)
    assert inspection.rows[0].name == "image"


def test_windows_are_those_of_the_modules(inspection: Inspection) -> None:
    known = dict(find_model("resnet18").build().named_modules())
    rows = inspection.rows_of(LayerChoice.WINDOWS)
    assert len(rows) == 21
    for row in rows:
        module = known[row.layer]
        pair = (
            (lambda value: (value, value)) if isinstance(module.kernel_size, int) else (lambda value: value)
        )
        assert row.kernel == pair(module.kernel_size)
        assert row.stride == pair(module.stride)
        assert row.dilation == pair(module.dilation)


@pytest.mark.parametrize("pixel", [(0, 0), (150, 212), (300, 436), (17, 400)])
def test_a_position_sees_what_its_gradient_reaches(inspection: Inspection, pixel: tuple[int, int]) -> None:
    """A maximum that ties may pass no gradient to the outermost pixels: the field must cover it, not equal it."""
    seen = inspection.look(inspection.output.node, pixel)
    torch.manual_seed(0)
    part, _ = split_classifier(find_model("resnet18").build().eval())
    image = torch.randn(1, 3, *SIZE, requires_grad=True)
    part(image)[0, :, *seen.position].sum().backward()
    assert image.grad is not None
    reached = image.grad.abs().sum(dim=(0, 1)).nonzero()
    for axis, (start, stop) in enumerate(seen.field):
        assert start <= reached[:, axis].min() <= start + 8
        assert stop - 8 <= reached[:, axis].max() + 1 <= stop


def test_the_cell_holds_the_pixel_that_was_asked_for(inspection: Inspection) -> None:
    for row in inspection.rows_of(LayerChoice.STAGES):
        seen = inspection.look(row.node, (150, 212))
        for (start, stop), pixel, stride in zip(seen.cell, (150, 212), row.total_stride, strict=True):
            assert stop - start == stride
            assert start <= pixel + 0.5 <= stop


def test_every_layer_and_corner_has_a_receptive_field_within_the_image(inspection: Inspection) -> None:
    for row in inspection.rows:
        for pixel in ((0, 0), (300, 436), (0, 436)):
            seen = inspection.look(row.node, pixel)
            for (start, stop), length in zip(seen.field, SIZE, strict=True):
                assert 0 <= start < stop <= length
            for (first, last), (start, stop) in zip(seen.tiles, seen.field, strict=True):
                assert first * 128 <= start < (first + 1) * 128
                assert (last - 1) * 128 < stop <= last * 128


def test_a_receptive_field_in_words(inspection: Inspection) -> None:
    image = inspection.look(0, (200, 100))
    assert image.sentence() == "image, position (100, 200) sees 1 x 1 px, in 1 tile"
    deep = inspection.look(inspection.output.node, (150, 212))
    x = deep.position[1]
    assert (
        deep.sentence("×")
        == f"layer4.1.relu, position ({x}, {deep.position[0]}) sees 430 × 301 px, in 12 tiles"
    )


def test_texts_name_the_width_first(inspection: Inspection) -> None:
    image = dict(zip(HEADINGS, inspection.rows[0].cells("×"), strict=True))
    assert (image["output"], image["kernel"]) == ("437 × 301", "")
    readouts = dict(inspection.readouts())
    assert readouts["Image"] == "437 x 301 px"
    assert readouts["Tiles"] == "4 x 3 = 12 of 128 px"
    assert readouts["Receptive field"] == "435 px, stride 32"


def test_tiles_at_the_same_time_are_told_and_counted_in_the_memory() -> None:
    one, two = (inspect_network("small_cnn", (1024, 1024), 256, workers) for workers in (1, 2))
    assert dict(one.readouts())["Tiles at the same time"] == "1, 1.00 x as fast as one"
    # 16 tiles in 8 turns, the second worker a tenth of a tile behind: 16 / 8.1.
    assert dict(two.readouts())["Tiles at the same time"] == "2, 1.98 x as fast as one"
    assert two._plan.memory.forward > one._plan.memory.forward
    assert two._plan.memory.backward > one._plan.memory.backward


def test_overlapping_work_is_a_number_or_the_lack_of_one() -> None:
    def overlap(size: tuple[int, int], tile_size: int) -> str:
        return dict(inspect_network("small_cnn", size, tile_size).readouts())[
            "Overlapping tiles, exact gradients"
        ]

    assert overlap((2048, 2048), 512) == "would compute each pixel 4.83 times"
    assert overlap(SIZE, 64) == "not possible at this size"
    # One tile covers the image, or one of its axes, along which nothing overlaps then.
    assert overlap(SIZE, 512) == "would compute each pixel 1.00 times"
    assert overlap((512, 2048), 512) == "would compute each pixel 2.20 times"


@pytest.mark.parametrize(("width", "depth"), [(8, 2), (16, 3)])
def test_the_network_of_a_segmentation_is_a_u_net_of_its_size(width: int, depth: int) -> None:
    settings = SegmentSettings(slides=Path("s"), masks=Path("m"), width=width, depth=depth, names="a, b, c")
    choice = NetworkChoice.of(settings)
    assert choice == NetworkChoice(width=width, depth=depth, classes=3)
    inspection = inspect_network(choice, SIZE, 128)
    assert (inspection.model, inspection.title) == ("unet", "U-Net")
    assert inspection.output.channels == 3
    assert inspection.output.size == SIZE
    assert max(row.channels for row in inspection.rows) >= width * 2**depth
    assert suggest_for(choice, (1024, 1024), 10**10)[0] >= 64


def test_the_network_of_a_classification_is_its_model() -> None:
    settings = ClassifySettings(slides=Path("s"), labels=Path("l"), model="resnet18")
    assert NetworkChoice.of(settings) == NetworkChoice("resnet18")


def test_a_suggestion_fits_its_budget_and_inference_needs_less() -> None:
    size = (4096, 4096)
    budget = 250_000_000
    trained, inferred = (suggest_for("small_cnn", size, budget, purpose) for purpose in Purpose)
    assert trained < inferred
    assert inspect_network("small_cnn", size, *trained)._plan.memory.backward <= budget
    assert inspect_network("small_cnn", size, *inferred)._plan.memory.forward <= budget


@pytest.mark.parametrize(
    ("model", "size", "tile_size", "sentence"),
    [
        ("resnet1", SIZE, 64, "The setting model is 'resnet1'"),
        ("resnet18", SIZE, 0, "tile_size is 0 but must be at least 1"),
        ("resnet18", (0, 5), 64, "The image is 5 x 0 pixels"),
    ],
)
def test_what_cannot_work_is_refused(
    model: str, size: tuple[int, int], tile_size: int, sentence: str
) -> None:
    with pytest.raises(SettingError, match=sentence):
        inspect_network(model, size, tile_size)


def test_a_budget_that_is_too_small_is_refused() -> None:
    with pytest.raises(WholefieldError, match="No tile size fits"):
        suggest_for("small_cnn", SIZE, 1000)
