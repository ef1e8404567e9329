"""The commands `regression` and `segmentation`, which train on image files, and `noise2inverse` for scans."""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import tifffile
import torch
from torch.utils.data import DataLoader

from engine.errors import TesseraError
from engine.files import replacing
from engine.msd.denoise_scan import DenoiseSettings, denoise_scan
from engine.msd.image_dataset import ImageDataset
from engine.msd.msd_model import MSDModel
from engine.msd.msd_regression_model import MSDRegressionModel
from engine.msd.msd_segmentation_model import MSDSegmentationModel
from engine.msd.noise2inverse import Strategy
from engine.msd.spec import DEFAULT_DILATIONS

__all__ = ["add_commands", "main", "regression", "segmentation"]

Loader = DataLoader[tuple[torch.Tensor, torch.Tensor]]


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
) -> MSDRegressionModel:
    """Train a network that predicts target images from input images; the best epoch is kept.

    Args:
        msd: Size of the network.
        epochs: Passes over the training images.
        batch_size: Images a step; they must be of one size if it is not 1.
        train_input_glob: Folder, file or pattern of the training inputs.
        train_target_glob: The same for the training targets.
        val_input_glob: The same for the validation inputs.
        val_target_glob: The same for the validation targets.
        weights_path: File for the parameters; an existing one is continued.
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
    _fit(model, training, validation, epochs, batch_size, Path(weights_path))
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
) -> MSDSegmentationModel:
    """Train a network that names a label for every pixel; the best epoch is kept.

    Args:
        msd: Size of the network.
        epochs: Passes over the training images.
        batch_size: Images a step; they must be of one size if it is not 1.
        train_input_glob: Folder, file or pattern of the training inputs.
        train_target_glob: The same for the training labels.
        val_input_glob: The same for the validation inputs.
        val_target_glob: The same for the validation labels.
        weights_path: File for the parameters; an existing one is continued.
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
    _fit(model, training, validation, epochs, batch_size, Path(weights_path))
    return model


def _fit(
    model: MSDModel,
    training: ImageDataset,
    validation: ImageDataset,
    epochs: int,
    batch_size: int,
    path: Path,
) -> None:
    train_loader: Loader = DataLoader(training, batch_size, shuffle=True)
    validation_loader: Loader = DataLoader(validation, batch_size)
    start = model.load(path) if path.exists() else 0
    if start:
        print(f"continuing {path} after epoch {start}")
        best = model.validate(validation_loader)
    else:
        model.set_normalization(DataLoader(training, batch_size))
        best = float("inf")
    for epoch in range(start + 1, start + epochs + 1):
        model.train(train_loader, 1)
        loss = model.validate(validation_loader)
        print(f"epoch {epoch}: validation loss {loss:.6g}", flush=True)
        if loss < best:
            best = loss
            model.save(path, epoch)


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the commands to a parser; the namespace then has `act`, which takes it and runs the command."""
    commands = parser.add_subparsers(dest="msd_command", required=True, metavar="command")
    _add_scan_options(commands.add_parser("noise2inverse", help="Denoise a tomographic scan by itself."))
    for name, act in (("regression", _run_regression), ("segmentation", _run_segmentation)):
        command = commands.add_parser(name, help=f"Train a network for {name} on image files.")
        _add_options(command, act)
        if name == "segmentation":
            command.add_argument(
                "--labels",
                type=int,
                nargs="+",
                default=[2],
                help="Number of labels, or their values in the files.",
            )


def _add_scan_options(parser: argparse.ArgumentParser) -> None:
    default = DenoiseSettings()
    parser.add_argument("scan", type=Path, help="HDF5 with data, flats, darks and angles.")
    parser.add_argument(
        "--out", required=True, type=Path, metavar="FILE", help="TIFF for the denoised slices."
    )
    parser.add_argument("--weights", type=Path, metavar="FILE", help="File for the network's parameters.")
    parser.add_argument(
        "--parts", type=int, default=default.parts, help="Parts the projections are split into."
    )
    parser.add_argument("--strategy", type=Strategy, default=default.strategy, choices=list(Strategy))
    parser.add_argument(
        "--centre", type=float, help="Column of the rotation axis; found by itself when left away."
    )
    parser.add_argument("--depth", type=int, default=default.depth, help="Hidden layers.")
    parser.add_argument("--epochs", type=int, default=default.epochs, help="Passes over all parts.")
    parser.add_argument("--seed", type=int, default=default.seed, help="Start of the random numbers.")
    parser.set_defaults(act=_run_noise2inverse)


def _run_noise2inverse(options: argparse.Namespace) -> int:
    names = ("parts", "strategy", "centre", "depth", "epochs", "seed")
    settings = DenoiseSettings(**{name: getattr(options, name) for name in names})
    result = denoise_scan(options.scan, settings, report=_print_epoch)
    with replacing(options.out) as temporary:
        tifffile.imwrite(temporary, result.denoised.numpy(), photometric="minisblack")
    if options.weights is not None:
        result.model.save(options.weights, settings.epochs)
    return 0


def _print_epoch(epoch: int, loss: float) -> None:
    print(f"epoch {epoch}: loss {loss:.6g}", flush=True)


def _add_options(parser: argparse.ArgumentParser, act: Callable[[argparse.Namespace], int]) -> None:
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
    parser.add_argument("--seed", type=int, help="Start of the random numbers, to repeat a run.")
    parser.set_defaults(act=act)


def _run_regression(options: argparse.Namespace) -> int:
    regression(_architecture(options), *_common(options))
    return 0


def _run_segmentation(options: argparse.Namespace) -> int:
    labels = options.labels[0] if len(options.labels) == 1 else options.labels
    segmentation(_architecture(options), *_common(options), labels)
    return 0


def _common(options: argparse.Namespace) -> tuple[int, int, str, str, str, str, Path]:
    if options.seed is not None:
        torch.manual_seed(options.seed)
    images = (options.train_input, options.train_target, options.val_input, options.val_target)
    return (options.epochs, options.batch_size, *images, options.weights)


def _architecture(options: argparse.Namespace) -> Architecture:
    return Architecture(options.depth, options.width, tuple(options.dilations))


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; gives 0, or 2 after an error told in one sentence."""
    parser = argparse.ArgumentParser(
        prog="tessera msd", description="Mixed-scale dense networks on image files."
    )
    add_commands(parser)
    options = parser.parse_args(argv)
    try:
        return int(options.act(options))
    except TesseraError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    raise SystemExit(main())
