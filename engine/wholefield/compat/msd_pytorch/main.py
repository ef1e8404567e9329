"""The commands `regression` and `segmentation`, which train on image files."""

import argparse
import math
import sys
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from wholefield.compat.msd_pytorch.errors import InputError
from wholefield.compat.msd_pytorch.image_dataset import ImageDataset, nothing_found
from wholefield.compat.msd_pytorch.msd_model import MSDModel
from wholefield.compat.msd_pytorch.msd_regression_model import MSDRegressionModel
from wholefield.compat.msd_pytorch.msd_segmentation_model import MSDSegmentationModel
from wholefield.errors import WholefieldError
from wholefield.networks.msd.predict import predict_image
from wholefield.networks.msd.spec import DEFAULT_DILATIONS

__all__ = ["add_commands", "main", "regression", "segmentation"]


@dataclass(frozen=True)
class Architecture:
    """Size of the network to train.

    Attributes:
        depth: Hidden layers.
        width: Channels that every layer adds.
        dilations: Dilations in pixels, repeated.
    """

    depth: int = 30
    width: int = 1
    dilations: tuple[int, ...] = DEFAULT_DILATIONS


def regression(
    msd: Architecture,
    epochs: int,
    batch_size: int,
    train_input_glob: str,
    train_target_glob: str,
    val_input_glob: str,
    val_target_glob: str,
    weights_path: str | Path,
    seed: int = 0,
) -> MSDRegressionModel:
    """Train a network that predicts target images from input images; the best epoch is kept.

    Args:
        msd: Size of the network.
        epochs: Passes over the training images.
        batch_size: Images in a step; those of different sizes are not put together.
        train_input_glob: Folder, file or pattern of the training inputs.
        train_target_glob: The same for the training targets.
        val_input_glob: The same for the validation inputs.
        val_target_glob: The same for the validation targets.
        weights_path: File for the parameters; an existing one is continued.
        seed: Start of the random numbers of their order.

    Returns:
        The model of the epoch with the lowest validation loss.

    Example:
        >>> import numpy as np, tifffile
        >>> from wholefield.compat.msd_pytorch.main import Architecture, regression
        >>> for name in ("in0.tif", "in1.tif", "out0.tif", "out1.tif"):
        ...     tifffile.imwrite(name, np.eye(16, dtype=np.float32))
        >>> model = regression(
        ...     Architecture(depth=2), 1, 1, "in0.tif", "out0.tif", "in1.tif", "out1.tif", "net.torch"
        ... )
        epoch 1: validation loss ...
    """
    training = _dataset(train_input_glob, train_target_glob)
    validation = _dataset(val_input_glob, val_target_glob)
    image, target = training[0]
    model = MSDRegressionModel(
        image.shape[0],
        target.shape[0],
        msd.depth,
        msd.width,
        dilations=msd.dilations,
    )
    _fit(model, training, validation, epochs, batch_size, Path(weights_path), seed)
    return model


def segmentation(
    msd: Architecture,
    epochs: int,
    batch_size: int,
    train_input_glob: str,
    train_target_glob: str,
    val_input_glob: str,
    val_target_glob: str,
    weights_path: str | Path,
    labels: int | Sequence[int],
    seed: int = 0,
) -> MSDSegmentationModel:
    """Train a network that names a label for every pixel; the best epoch is kept.

    Args:
        msd: Size of the network.
        epochs: Passes over the training images.
        batch_size: Images in a step; those of different sizes are not put together.
        train_input_glob: Folder, file or pattern of the training inputs.
        train_target_glob: The same for the training label images.
        val_input_glob: The same for the validation inputs.
        val_target_glob: The same for the validation label images.
        weights_path: File for the parameters; an existing one is continued.
        labels: Number of labels, or the values of the labels in the files.
        seed: Start of the random numbers of their order.

    Returns:
        The model of the epoch with the lowest validation loss.

    Example:
        >>> import numpy as np, tifffile
        >>> from wholefield.compat.msd_pytorch.main import Architecture, segmentation
        >>> for name in ("in0.tif", "in1.tif", "out0.tif", "out1.tif"):
        ...     tifffile.imwrite(name, np.eye(16, dtype=np.uint8))
        >>> model = segmentation(
        ...     Architecture(depth=2), 1, 1, "in0.tif", "out0.tif", "in1.tif", "out1.tif", "net.torch", labels=2
        ... )
        epoch 1: validation loss ...
    """
    training = _dataset(train_input_glob, train_target_glob, labels)
    validation = _dataset(val_input_glob, val_target_glob, labels)
    model = MSDSegmentationModel(
        training[0][0].shape[0],
        training.num_labels,
        msd.depth,
        msd.width,
        dilations=msd.dilations,
    )
    _fit(model, training, validation, epochs, batch_size, Path(weights_path), seed)
    return model


def _dataset(inputs: str, targets: str, labels: int | Sequence[int] | None = None) -> ImageDataset:
    """Pairs of images on disk.

    Raises:
        InputError: There are none.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        dataset = ImageDataset(inputs, targets, labels=labels)
    if not len(dataset):
        raise InputError(nothing_found(inputs))
    return dataset


def _fit(
    model: MSDModel,
    training: ImageDataset,
    validation: ImageDataset,
    epochs: int,
    batch_size: int,
    path: Path,
    seed: int,
) -> None:
    """Train, and save the model after every epoch whose validation loss is the lowest so far."""
    start = model.load(path) if path.exists() else 0
    lowest = math.inf
    if start:
        print(f"continuing {path} after epoch {start}")
        lowest = _validation_loss(model, validation)
    else:
        model.set_normalization(training[index] for index in range(len(training)))
    for epoch in range(start + 1, start + epochs + 1):
        model.train(_batches(training, batch_size, torch.Generator().manual_seed(seed + epoch)), 1)
        loss = _validation_loss(model, validation)
        print(f"epoch {epoch}: validation loss {loss:.6g}", flush=True)
        if loss < lowest:
            lowest = loss
            model.save(path, epoch)
    if path.exists():
        model.load(path)


def _batches(dataset: ImageDataset, size: int, generator: torch.Generator) -> Iterator[list[Tensor]]:
    """The pairs in random order; images of different sizes are not put together."""
    order = torch.randperm(len(dataset), generator=generator).split(size)
    for indices in order:
        pairs = [dataset[int(index)] for index in indices]
        for shape in dict.fromkeys(image.shape for image, _ in pairs):
            same = [pair for pair in pairs if pair[0].shape == shape]
            yield [torch.stack(each) for each in zip(*same, strict=True)]


def _validation_loss(model: MSDModel, validation: ImageDataset) -> float:
    """Mean loss over pairs, however large."""
    total = 0.0
    for index in range(len(validation)):
        image, target = validation[index]
        output = predict_image(model.network, image)[None].to(model.device)
        total += model.network.loss(output, target[None]).item()
    return total / len(validation)


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the commands to a parser; the namespace then has `act`, which takes it and runs the command."""
    commands = parser.add_subparsers(dest="msd_command", required=True, metavar="command")
    _add_options(commands.add_parser("regression", help="Train a network to predict images."))
    segmenting = commands.add_parser("segmentation", help="Train a network to label every pixel of images.")
    _add_options(segmenting)
    segmenting.add_argument(
        "--labels", type=int, nargs="+", default=[2], help="Number of labels, or their values in the files."
    )


def _add_options(parser: argparse.ArgumentParser) -> None:
    for name in ("train-input", "train-target", "val-input", "val-target"):
        parser.add_argument(
            f"--{name}", required=True, metavar="GLOB", help="Folder, file or pattern of images."
        )
    parser.add_argument(
        "--weights", required=True, type=Path, metavar="FILE", help="File for the parameters."
    )
    parser.add_argument("--epochs", type=int, default=10, help="Passes over the training images.")
    parser.add_argument("--batch-size", type=int, default=1, help="Images per batch.")
    parser.add_argument("--depth", type=int, default=Architecture.depth, help="Hidden layers.")
    parser.add_argument(
        "--width", type=int, default=Architecture.width, help="Channels that every layer adds."
    )
    parser.add_argument(
        "--dilations",
        type=int,
        nargs="+",
        default=list(DEFAULT_DILATIONS),
        help="Dilations in pixels, repeated.",
    )
    parser.add_argument("--seed", type=int, default=0, help="Seed of the random numbers.")
    parser.set_defaults(act=_run, labels=None)


def _run(options: argparse.Namespace) -> int:
    torch.manual_seed(options.seed)
    common = (
        Architecture(options.depth, options.width, tuple(options.dilations)),
        options.epochs,
        options.batch_size,
        options.train_input,
        options.train_target,
        options.val_input,
        options.val_target,
        options.weights,
    )
    if options.labels is None:
        regression(*common, options.seed)
    else:
        labels = options.labels[0] if len(options.labels) == 1 else options.labels
        segmentation(*common, labels, options.seed)
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; gives 0, or 2 after an error told in one sentence."""
    parser = argparse.ArgumentParser(
        prog="wholefield msd", description="Mixed-scale dense networks on image files."
    )
    add_commands(parser)
    options = parser.parse_args(argv)
    try:
        return int(options.act(options))
    except WholefieldError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    raise SystemExit(main())
