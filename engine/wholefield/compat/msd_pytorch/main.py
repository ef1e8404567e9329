"""The commands `regression` and `segmentation`, which train on image files."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from wholefield.compat.msd_pytorch.image_dataset import ImageDataset
from wholefield.compat.msd_pytorch.msd_model import MSDModel
from wholefield.compat.msd_pytorch.msd_regression_model import MSDRegressionModel
from wholefield.compat.msd_pytorch.msd_segmentation_model import MSDSegmentationModel
from wholefield.errors import WholefieldError
from wholefield.networks.msd.spec import DEFAULT_DILATIONS
from wholefield.training.fit import Epoch, FitSettings, Progress, fit, measure

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
        batch_size: Images a step; those of different sizes are not put together.
        train_input_glob: Folder, file or pattern of the training inputs.
        train_target_glob: The same for the training targets.
        val_input_glob: The same for the validation inputs.
        val_target_glob: The same for the validation targets.
        weights_path: File for the parameters; an existing one is continued.
        seed: Start of the random numbers of their order.
    """
    training = ImageDataset(train_input_glob, train_target_glob)
    validation = ImageDataset(val_input_glob, val_target_glob)
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

    The other arguments are those of :func:`regression`.

    Args:
        labels: Number of labels, or the values of the labels in the files.
    """
    training = ImageDataset(train_input_glob, train_target_glob, labels=labels)
    validation = ImageDataset(val_input_glob, val_target_glob, labels=labels)
    model = MSDSegmentationModel(
        training[0][0].shape[0],
        training.num_labels,
        msd.depth,
        msd.width,
        dilations=msd.dilations,
    )
    _fit(model, training, validation, epochs, batch_size, Path(weights_path), seed)
    return model


def _fit(
    model: MSDModel,
    training: ImageDataset,
    validation: ImageDataset,
    epochs: int,
    batch_size: int,
    path: Path,
    seed: int,
) -> None:
    start = model.load(path) if path.exists() else 0
    progress = Progress(start)
    if start:
        print(f"continuing {path} after epoch {start}")
        progress.lowest, _ = measure(model.network, validation)
    else:
        model.set_normalization(training[index] for index in range(len(training)))

    def report(epoch: Epoch) -> None:
        print(f"epoch {epoch.number}: validation loss {epoch.validation_loss:.6g}", flush=True)
        if epoch.best:
            model.save(path, epoch.number)

    fit(
        model.network,
        training,
        validation,
        FitSettings(start + epochs, batch_size, seed=seed),
        report,
        progress=progress,
        optimizer=model.optimizer,
    )


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
    parser.add_argument("--batch-size", type=int, default=1, help="Images a step.")
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
    parser.add_argument("--seed", type=int, default=0, help="Start of the random numbers.")
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
