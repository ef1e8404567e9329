"""Memory formats: where channels lie last, and what keeps its strides."""

import torch

from wholefield.streaming.execution.layout import arrange, arrange_like, format_of, working_format

CPU = torch.device("cpu")


def test_images_in_single_precision_have_their_channels_last_on_a_cpu() -> None:
    assert working_format(4, torch.float32, CPU) is torch.channels_last
    assert working_format(4, torch.bfloat16, CPU) is torch.channels_last
    assert working_format(4, torch.float64, CPU) is torch.contiguous_format
    assert working_format(5, torch.float32, CPU) is torch.contiguous_format
    assert working_format(4, torch.float32, torch.device("cuda")) is torch.contiguous_format


def test_arranging_changes_strides_and_no_values() -> None:
    image = torch.randn(2, 3, 4, 5)
    arranged = arrange(image, torch.channels_last)
    assert torch.equal(arranged, image)
    assert format_of(arranged) is torch.channels_last
    assert format_of(image) is torch.contiguous_format
    assert arrange(image, torch.contiguous_format) is image
    weight = torch.randn(3)
    assert arrange(weight, torch.channels_last) is weight
    back = arrange_like(arranged, image)
    assert back.stride() == image.stride()
    assert torch.equal(back, image)
    assert arrange_like(image, image) is image
