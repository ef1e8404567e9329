"""Every name that msd_pytorch documents exists in the documented module, with its parameters and defaults."""

import ast
import inspect
from collections.abc import Iterator
from importlib import import_module
from types import MethodType
from typing import NamedTuple

import pytest

import wholefield.compat.msd_pytorch
from tests.docstrings import faults, run_examples

PACKAGE = "wholefield.compat.msd_pytorch"
TO_TEN = "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]"
IN_PLACE = "ctx, input, weight, bias, output, stride, dilation"
IN_PLACE_MODULE = "output, in_channels, out_channels, kernel_size=3, dilation=1"
BACKWARD = "ctx, grad_output"
GLOBS = "train_input_glob, train_target_glob, val_input_glob, val_target_glob"

DOCUMENTED = {
    "bench.TimeitResult": "name, loops, repeat, best, worst, all_runs, precision=3",
    "conv.Conv2dInPlaceFunction.forward": IN_PLACE,
    "conv.Conv2dInPlaceFunction.backward": BACKWARD,
    "conv.Conv2dInPlaceModule": IN_PLACE_MODULE,
    "conv.Conv2dInPlaceModule.forward": "self, input",
    "conv_relu.ConvRelu2dInPlaceFunction.forward": IN_PLACE,
    "conv_relu.ConvRelu2dInPlaceFunction.backward": BACKWARD,
    "conv_relu.ConvRelu2dInPlaceModule": IN_PLACE_MODULE,
    "conv_relu.ConvRelu2dInPlaceModule.forward": "self, input",
    "errors.InputError": "message",
    "image_dataset.ImageDataset": (
        "input_path_specifier, target_path_specifier, *, collapse_channels=False, labels=None"
    ),
    "image_dataset.ImageStack": "path_specifier, *, collapse_channels=False, labels=None",
    "main.regression": f"msd, epochs, batch_size, {GLOBS}, weights_path",
    "msd_block.MSDBlock2d": "in_channels, dilations, width=1",
    "msd_block.MSDBlock2d.forward": "self, input",
    "msd_block.MSDBlock3d": "in_channels, dilations, width=1",
    "msd_block.MSDBlockImpl2d.forward": "ctx, input, dilations, bias, *weights",
    "msd_block.MSDBlockImpl2d.backward": BACKWARD,
    "msd_block.MSDModule2d": f"c_in, c_out, depth, width, dilations={TO_TEN}",
    "msd_block.MSDModule2d.forward": "self, input",
    "msd_model.MSDModel": f"c_in, c_out, depth, width, dilations={TO_TEN}",
    "msd_model.MSDModel.forward": "self, input=None, target=None",
    "msd_model.MSDModel.get_loss": "self",
    "msd_model.MSDModel.get_output": "self",
    "msd_model.MSDModel.learn": "self, input=None, target=None",
    "msd_model.MSDModel.load": "self, path",
    "msd_model.MSDModel.save": "self, path, epoch",
    "msd_model.MSDModel.set_input": "self, data",
    "msd_model.MSDModel.set_normalization": "self, dataloader",
    "msd_model.MSDModel.set_target": "self, data",
    "msd_model.MSDModel.train": "self, dataloader, num_epochs",
    "msd_model.MSDModel.validate": "self, dataloader",
    "msd_model.scaling_module": "c_in, c_out, *, conv3d=False",
    "msd_module.MSDFinalLayer": "c_in, c_out",
    "msd_module.MSDFinalLayer.forward": "self, input",
    "msd_module.MSDLayerModule": "buffer, c_in, layer_depth, width, dilation",
    "msd_module.MSDLayerModule.forward": "self, input",
    "msd_module.MSDModule": f"c_in, c_out, depth, width, dilations={TO_TEN}",
    "msd_module.MSDModule.forward": "self, input",
    "msd_module.init_convolution_weights": "conv_weight, c_in, c_out, width, depth",
    "msd_module.units_in_front": "c_in, width, layer_depth",
    "msd_regression_model.MSDRegressionModel": (
        f"c_in, c_out, depth, width, *, dilations={TO_TEN}, loss='L2', parallel=False"
    ),
    "msd_segmentation_model.MSDSegmentationModel": (
        f"c_in, num_labels, depth, width, *, dilations={TO_TEN}, parallel=False"
    ),
    "msd_segmentation_model.MSDSegmentationModel.set_normalization": "self, dataloader",
    "relu_inplace.ReLUInplaceFunction.forward": "ctx, input",
    "relu_inplace.ReLUInplaceFunction.backward": BACKWARD,
    "relu_inplace.ReLUInplaceModule": "",
    "relu_inplace.ReLUInplaceModule.forward": "self, input",
    "stitch.StitchBuffer": "",
    "stitch.StitchBuffer.like_": "self, tensor, new_shape",
    "stitch.StitchCopyFunction.forward": "ctx, input, L, G, i",
    "stitch.StitchCopyFunction.backward": BACKWARD,
    "stitch.StitchCopyModule": "buffer, i",
    "stitch.StitchCopyModule.forward": "self, input",
    "stitch.StitchLazyFunction.forward": "ctx, input, L, G, i",
    "stitch.StitchLazyFunction.backward": BACKWARD,
    "stitch.StitchLazyModule": "buffer, i",
    "stitch.StitchLazyModule.forward": "self, input",
    "stitch.StitchSlowFunction.forward": "ctx, input1, input2",
    "stitch.StitchSlowFunction.backward": BACKWARD,
}
# Documented without parameters: autograd functions under the name that is called, properties, and the base error.
OTHERS = (
    *("conv.conv2dInPlace", "conv_relu.conv_relu2dInPlace", "msd_block.msdblock2d", "msd_module.stitchLazy"),
    *("stitch.stitchCopy", "stitch.stitchLazy", "stitch.stitchSlow", "errors.Error"),
    *("bench.TimeitResult.average", "bench.TimeitResult.stdev"),
    *("image_dataset.ImageDataset.num_labels", "image_dataset.ImageStack.num_labels"),
)
# Not in the documents of 0.7, but in scripts: the same over volumes, and out of place.
LATER = (
    *("conv.conv2d", "conv.conv3d", "conv.conv3dInPlace", "conv.Conv3dInPlaceModule"),
    *("conv_relu.conv_relu2d", "conv_relu.conv_relu3d", "conv_relu.ConvRelu3dInPlaceModule"),
    *("msd_block.msdblock3d", "msd_block.MSDModule3d", "msd_block.MSDBlockImpl3d"),
)


class Parameter(NamedTuple):
    """A parameter as it is documented."""

    name: str
    kind: str
    default: object = inspect.Parameter.empty


def documented(text: str) -> Iterator[Parameter]:
    """The parameters that stand between the parentheses of a signature."""
    (function,) = ast.parse(f"def function({text}): ...").body
    assert isinstance(function, ast.FunctionDef)
    given = function.args
    empty = inspect.Parameter.empty
    lacking = len(given.args) - len(given.defaults)
    for index, each in enumerate(given.args):
        default = ast.literal_eval(given.defaults[index - lacking]) if index >= lacking else empty
        yield Parameter(each.arg, "positional", default)
    if given.vararg:
        yield Parameter(given.vararg.arg, "rest")
    for each, value in zip(given.kwonlyargs, given.kw_defaults, strict=True):
        yield Parameter(each.arg, "keyword", empty if value is None else ast.literal_eval(value))


KINDS: dict[object, str] = {
    inspect.Parameter.POSITIONAL_OR_KEYWORD: "positional",
    inspect.Parameter.VAR_POSITIONAL: "rest",
    inspect.Parameter.KEYWORD_ONLY: "keyword",
}

REST = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def plain(value: object) -> object:
    """A default in the way that it is documented."""
    return list(value) if isinstance(value, tuple) else value


def load(name: str) -> object:
    """The thing behind module.name or module.name.attribute."""
    module, *rest = name.split(".")
    found: object = import_module(f"{PACKAGE}.{module}")
    for each in rest:
        found = getattr(found, each)
    return found


@pytest.mark.parametrize(("name", "text"), DOCUMENTED.items(), ids=DOCUMENTED.keys())
def test_parameters_and_defaults(name: str, text: str) -> None:
    found = load(name)
    assert callable(found)
    ours = list(inspect.signature(found).parameters.values())
    wanted = list(documented(text))
    known = [
        Parameter(each.name, KINDS[each.kind], plain(each.default))
        for each in ours
        if each.name in {parameter.name for parameter in wanted}
    ]
    assert known == wanted
    # What we add comes after what is documented, and may be left out.
    positional = [each.name for each in wanted if each.kind == "positional"]
    assert [each.name for each in ours][: len(positional)] == positional
    added = [each for each in ours if each.name not in {parameter.name for parameter in wanted}]
    assert all(each.default is not inspect.Parameter.empty for each in added if each.kind not in REST)


@pytest.mark.parametrize("name", OTHERS + LATER)
def test_the_name_exists(name: str) -> None:
    assert load(name) is not None


@pytest.mark.parametrize("module", sorted({name.split(".")[0] for name in (*DOCUMENTED, *OTHERS)}))
def test_modules_are_attributes_of_the_package(module: str) -> None:
    assert getattr(wholefield.compat.msd_pytorch, module).__name__ == f"{PACKAGE}.{module}"


@pytest.mark.parametrize("name", sorted(wholefield.compat.msd_pytorch.__all__))
def test_the_package_has_what_it_announces(name: str) -> None:
    assert getattr(wholefield.compat.msd_pytorch, name) is not None


def described(*modules: str) -> Iterator[str]:
    """The classes and functions of modules; `apply` of an autograd function has no docstring of its own."""
    for module in modules:
        names = import_module(f"{PACKAGE}.{module}").__all__
        yield from (
            f"{module}.{name}" for name in names if not isinstance(load(f"{module}.{name}"), MethodType)
        )


@pytest.mark.parametrize("name", list(described("conv", "conv_relu", "relu_inplace", "stitch")))
def test_layers_are_described_with_examples_that_run(name: str) -> None:
    assert faults(load(name)) == []
    assert run_examples(name, load(name)) == []
