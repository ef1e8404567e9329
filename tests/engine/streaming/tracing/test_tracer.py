"""What cannot be streamed is refused by name, with the reason and the way out, before anything is computed."""

import pickle
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from tests.engine.streaming.layers import Apply
from wholefield.errors import SettingError, WholefieldError
from wholefield.streaming import NotLocalError, Streamed, StreamingError, symmetric_pad


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(4, 2, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        tokens = x.movedim(1, -1)
        return self.attention(tokens, tokens, tokens)[0]


class StraightThrough(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.sign()

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        return grad


def conv() -> nn.Module:
    return nn.Conv2d(4, 4, 3, padding=1)


def image(axes: int = 2) -> Tensor:
    return torch.randn(1, 4, *(9, 10, 11)[:axes])


LAYERS: dict[str, tuple[nn.Module, int, str, str, str]] = {
    "mean of rows": (Apply(lambda x: x.mean(2)), 2, "mean", "keeps others", "Reduce over all"),
    "many bins": (nn.AdaptiveAvgPool2d(9), 2, "adaptive_avg_pool2d", "9 x 9 parts", "windows of a fixed size"),
    "place of the maximum": (
        Apply(lambda x: functional.adaptive_max_pool2d(x, 1, return_indices=True)[0]), 2, "adaptive_max_pool2d",
        "positions", "without return_indices",
    ),
    "attention": (Attention(), 1, "multi_head_attention_forward", "attention over space", "to the head"),
    "attention, evaluation": (
        Attention().eval(), 1, "multi_head_attention_forward", "attention over space", "to the head",
    ),
    "fused attention": (
        Apply(lambda x: functional.scaled_dot_product_attention(*[x.movedim(1, -1)] * 3)), 1,
        "scaled_dot_product_attention", "attention over the whole image", "to the head",
    ),
    "product of positions": (
        Apply(lambda x: x.mT @ x), 1, "matmul", "attention over the whole image", "inside windows streams",
    ),
    "uneven windows": (Apply(lambda x: x.reshape(1, 4, 6, 15)), 2, "reshape", "unequal length", "multiples of"),
    "neighbors of tokens": (
        Apply(lambda x, layer: layer(x.flatten(2)), nn.Conv1d(4, 4, 3)), 2, "conv1d", "flattened into one", "axes",
    ),
    "tokens in another order": (
        Apply(lambda x: x.flatten(2) + x.mT.reshape(1, 4, 90)), 2, "add", "different orders", "operands",
    ),
    "bits": (Apply(lambda x: x.view(torch.int32)), 2, "view", "bits", r"\.to\(dtype\)"),
    "fully connected over tokens": (
        Apply(lambda x, layer: layer(x.flatten(2)), nn.Linear(90, 3)), 2, "linear", "fully connected", "to the head",
    ),
    "repeated by a constant": (
        Apply(lambda x: x[..., :1] + torch.zeros(10)), 2, "add", "one pixel long", "larger image",
    ),
    "einsum": (
        Apply(lambda x: torch.einsum("bct,bcs->bts", x, x)), 1, "einsum", "attention over the whole", "to the head",
    ),
    "einsum over positions": (
        Apply(lambda x: torch.einsum("bct,dct->bd", x, torch.ones(2, 4, 9))), 1, "einsum", "mix the", "linear layer",
    ),
    "fully connected": (nn.Linear(10, 3), 2, "linear", "fully connected layer over space", "to the head"),
    "spectrum": (Apply(lambda x: torch.fft.rfft2(x).real), 2, "fft_rfft2", "Fourier", "to the head"),
    "sampling": (
        Apply(lambda x: functional.grid_sample(x, torch.zeros(1, 9, 10, 2), align_corners=False)), 2,
        "grid_sample", "anywhere", "to the head",
    ),
    "shifted": (Apply(lambda x: x.roll(1)), 2, "roll", "as one row", "Name the dimensions"),
    "softmax over space": (nn.Softmax(-1), 2, "softmax", "along the image", "over channels"),
    "running sum": (Apply(lambda x: x.cumsum(2)), 2, "cumsum", "along the image", "to the head"),
    "side by side": (Apply(lambda x: torch.cat([x, x], -1)), 2, "cat", "side by side", "before"),
    "repeated": (Apply(lambda x: x.repeat(1, 1, 2, 1)), 2, "repeat", "repeats the image", "channels only"),
    "expanded": (Apply(lambda x: x[..., :1].expand(-1, -1, -1, 7)), 2, "expand", "repeats the image", "channels"),
    "one row": (Apply(lambda x: x[:, :, 3]), 2, "indexing", "one row", "slice"),
    "by index": (Apply(lambda x: x[:, :, torch.arange(3)]), 2, "indexing", "tensor of indices", "slices"),
    "different sizes": (
        Apply(lambda x: torch.stack([x, x[..., :1]], 2).sum(2) if x.shape[-1] == 1 else x * x[..., :1]), 2, "mul",
        "different sizes", "crop or resize",
    ),
    "weights from the image": (
        Apply(lambda x: functional.conv2d(x, x[:, :, :3, :3])), 2, "conv2d", "computed from the image", "depend",
    ),
    "assignment": (Apply(lambda x: zeroed(x * 1)), 2, "assignment to a part", "part of the image", r"torch\.where"),
    "into a buffer": (
        Apply(lambda x: torch.zeros(1, 4, 9, 10).add_(x)), 2, "add", "does not depend on it", r"torch\.cat",
    ),
    "given result": (
        Apply(lambda x: torch.add(x, 1, out=torch.empty_like(x))), 2, "add", "'out'", "that it returns",
    ),
    "positions of maxima": (
        nn.MaxPool2d(2, return_indices=True), 2, "max_pool2d_with_indices", "positions", "without return_indices",
    ),
    "smoothed": (
        Apply(lambda x: functional.interpolate(x, scale_factor=0.5, mode="bicubic", antialias=True)), 2,
        "interpolate", "antialias", "without antialias",
    ),
    "shuffled in one axis": (
        Apply(lambda x: functional.pixel_shuffle(x[:, None], 1)), 1, "pixel_shuffle", "height, width", "shape",
    ),
    "own backward": (Apply(StraightThrough.apply), 2, "StraightThrough", "backward of its own", "torch functions"),
    "re-entrant checkpoint": (
        Apply(lambda x, layer: checkpoint(layer, x, use_reentrant=True), nn.Conv2d(4, 4, 3)), 2,
        "CheckpointFunction", "re-entrant", "use_reentrant=False",
    ),
    "hook": (Apply(lambda x: hooked(x * 1)), 2, "register_hook", "hook", "Remove it"),
    "retained gradient": (Apply(lambda x: retained(x * 1)), 2, "retain_grad", "inside", "Return the tensor"),
    "unknown": (Apply(torch.special.bessel_j0), 2, "special_bessel_j0", "not known to be local", "register"),
    "memory of another": (
        Apply(lambda x: shared(x * 1)), 2, "in-place", "memory that another tensor", "out-of-place",
    ),
    "memory through dropout": (
        Apply(lambda x: alias(x * 1)), 2, "in-place", "memory that another tensor", "out-of-place",
    ),
}  # fmt: skip


def zeroed(x: Tensor) -> Tensor:
    x[:, :, 0] = 0
    return x


def hooked(x: Tensor) -> Tensor:
    x.register_hook(lambda grad: 2 * grad)
    return x


def retained(x: Tensor) -> Tensor:
    x.retain_grad()
    return x


def shared(x: Tensor) -> Tensor:
    left, _ = x.chunk(2, dim=1)
    left.relu_()
    return x


def alias(x: Tensor) -> Tensor:
    same = functional.dropout(x, training=False)
    same.relu_()
    return x + same


@pytest.mark.filterwarnings("ignore:None of the inputs have requires_grad=True")
@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_is_refused_by_name_with_reason_and_way_out(name: str) -> None:
    layer, axes, operation, reason, way_out = LAYERS[name]
    before = (nn.Conv1d, nn.Conv2d, nn.Conv3d)[axes - 1](4, 4, 3, padding=1)
    network = nn.Sequential(nn.Sequential(before), nn.ModuleDict({"culprit": layer})["culprit"])
    with pytest.raises(NotLocalError, match=reason) as refusal:
        Streamed(network, 4)(image(axes))
    sentence = str(refusal.value)
    assert refusal.value.layer.split(".")[0] == "1", sentence
    assert sentence.startswith("The layer '1")
    assert operation in sentence
    with pytest.raises(NotLocalError, match=way_out):
        Streamed(network, 4)(image(axes))
    assert isinstance(refusal.value, WholefieldError)
    assert isinstance(refusal.value, ValueError)


def test_a_refusal_names_the_line_of_the_model() -> None:
    with pytest.raises(NotLocalError, match=r"\(mean, test_tracer\.py line \d+\)"):
        Streamed(nn.Sequential(conv(), Apply(lambda x: x * x.mean(-1, keepdim=True))), 4)(image())


def test_a_refusal_names_the_layer_inside_its_blocks() -> None:
    network = nn.Sequential(conv(), nn.Sequential(conv(), nn.Sequential(nn.Softmax(-1))))
    with pytest.raises(
        NotLocalError, match=r"^The layer '1\.1\.0' \(softmax\) cannot be streamed: it runs along"
    ):
        Streamed(network, 4)(image())


def test_a_refusal_survives_being_sent_to_another_process() -> None:
    with pytest.raises(NotLocalError) as refusal:
        Streamed(nn.Sequential(nn.Softmax(-1)), 4)(image())
    copy = pickle.loads(pickle.dumps(refusal.value))
    assert str(copy) == str(refusal.value)
    assert (copy.layer, copy.operation, copy.reason) == ("0", "softmax", refusal.value.reason)


class Decides(nn.Module):
    """Decides in several ways by what is not there when it is traced."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how = how

    def forward(self, x: Tensor) -> Tensor:
        if self.how == "truth" and x[:1, :1, :1, :1] > 0:
            return x
        if self.how == "number" and x[:1, :1, :1, :1].item() > 0:
            return x
        if self.how == "list" and x.tolist():
            return x
        if self.how == "array" and x.numpy() is not None:
            return x
        if self.how == "coin" and torch.rand(1) < 0.5:
            return x
        if self.how == "mask":
            return x[x > 0]
        return -x


@pytest.mark.parametrize("how", ["truth", "number", "list", "array", "coin", "mask"])
def test_a_decision_by_values_names_the_line(how: str) -> None:
    with pytest.raises(
        StreamingError, match=r"decides by pixel values or random numbers at test_tracer\.py line \d+"
    ) as error:
        Streamed(nn.Sequential(conv(), Decides(how)), 4)(torch.randn(1, 4, 1, 1))
    assert "Decide by shapes, settings" in str(error.value)
    code = {"coin": "torch.rand(1)", "mask": "x[x > 0]", "array": "x.numpy()", "list": "x.tolist()"}.get(
        how, "> 0"
    )
    assert code in str(error.value)


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((1, 4, 0, 5), "has no pixels"),
        ((1, 4), r"takes \(batch, channels, \*axes\)"),
        ((1, 4, 1, 1, 1, 1), "one to three axes"),
        ((4, 8, 9), "2 axes .* gets one of shape"),
        ((1, 3, 8, 9), r"The layer '0' \(conv2d\) fails on tensors of the shape \(1, 3, 8, 9\) and \(4, 4, 3, 3\)"),
        ((1, 4, 2, 9), r"The layer '1' \(conv2d\) fails on .* larger|The layer '1' \(conv2d\) fails on .* greater"),
    ],
)  # fmt: skip
def test_images_that_do_not_fit(shape: tuple[int, ...], words: str) -> None:
    network = nn.Sequential(conv(), nn.Conv2d(4, 4, 5))
    with pytest.raises(StreamingError, match=words):
        Streamed(network, 4)(torch.zeros(shape))


def test_a_crop_that_leaves_nothing() -> None:
    with pytest.raises(StreamingError, match="too small"):
        Streamed(Apply(lambda x: x[..., 20:, :]), 4)(image())


@pytest.mark.parametrize(
    ("tile", "words"),
    [
        (0, "not positive"),
        ((4, -1), "not positive"),
        ((4,), "1 numbers; the image has 2 axes"),
        ((4, 4, 4), "3 numbers; the image has 2 axes"),
        (2.5, "whole number"),
        ("large", "whole number"),
    ],
)
def test_tile_sizes_that_cannot_work(tile: Any, words: str) -> None:
    with pytest.raises(StreamingError, match=words) as error:
        Streamed(conv(), tile)(image())
    assert isinstance(error.value, SettingError)


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (lambda x: None, "returns no tensor"),
        (lambda x: (x, torch.zeros(3)), "does not depend on the image"),
        (lambda x: (x, {1, 2}), "returns a set"),
        (lambda x: (x, object()), "returns a object"),
    ],
)
def test_results_that_cannot_be_streamed(result: Callable[[Tensor], Any], words: str) -> None:
    with pytest.raises(StreamingError, match=words):
        Streamed(Apply(result), 4)(image())


def test_forward_hooks_get_no_tensors_without_data() -> None:
    layer = conv()
    layer.register_forward_hook(lambda *_: pytest.fail("called"))
    with pytest.raises(StreamingError, match=r"The layer '0' has a forward hook.*return it"):
        Streamed(nn.Sequential(layer), 4)(image())


def test_hooks_that_would_never_be_called() -> None:
    layer = conv()
    layer.register_full_backward_hook(lambda *_: None)
    with pytest.raises(StreamingError, match=r"The layer '0' has a backward hook.*Remove the hook"):
        Streamed(nn.Sequential(layer), 4)(image())
    with torch.no_grad():
        Streamed(nn.Sequential(layer), 4)(image())


@pytest.mark.filterwarnings("ignore:.*torch.jit.script.*:DeprecationWarning")
def test_scripts() -> None:
    with pytest.raises(
        StreamingError, match=r"The layer '1' is a TorchScript module.*Use the module it was made"
    ):
        Streamed(nn.Sequential(conv(), torch.jit.script(conv())), 4)(image())


def test_lazy_layers() -> None:
    with pytest.raises(
        StreamingError, match=r"'0\.weight' of a lazy layer has no shape yet. Run the network once"
    ):
        Streamed(nn.Sequential(nn.LazyConv2d(3, 3)), 4)(image())


def test_a_symmetric_border_wider_than_the_image() -> None:
    with pytest.raises(StreamingError, match="border of 12 is wider than the image"):
        Streamed(Apply(lambda x: symmetric_pad(x, (12, 0))), 4)(image())


def test_a_bug_of_the_model_is_told_with_its_line() -> None:
    with pytest.raises(StreamingError, match=r"test_tracer\.py line \d+ \(.*nowhere.*\): name 'nowhere'"):
        Streamed(Apply(lambda x: nowhere(x)), 4)(image())  # type: ignore[name-defined]  # noqa: F821


class Forgetful(nn.Module):
    """Replaces its buffer in every forward."""

    scale: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("scale", torch.ones(1))

    def forward(self, x: Tensor) -> Tensor:
        self.scale = self.scale * 0.9
        return x * self.scale


def test_a_buffer_that_is_replaced_keeps_its_value() -> None:
    network = Forgetful()
    with pytest.raises(StreamingError, match="replaces its buffer 'scale'"):
        Streamed(network, 4)(image())
    assert torch.equal(network.scale, torch.ones(1))
