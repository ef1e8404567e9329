"""Makes the file that ships of a checkpoint: `python -m wholefield.tasks.events.pretraining.pack FROM TO`."""

import sys
from pathlib import Path

import torch

from wholefield.files import replacing
from wholefield.training.checkpoints import CARD, read_checkpoint


def pack(checkpoint: Path, out: Path) -> None:
    """Write the card and the weights in half precision, without what it takes to continue the training.

    Raises:
        SourceError: The checkpoint is missing, damaged or something else.
        OSError: The file cannot be written.
    """
    content = read_checkpoint(checkpoint)
    # The scale of the features lies below what half precision resolves well.
    weights = {
        name: value.half() if value.ndim else value.clone() for name, value in content["state_dict"].items()
    }
    with replacing(out) as temporary:
        torch.save({CARD: content[CARD], "state_dict": weights}, temporary)


if __name__ == "__main__":
    pack(Path(sys.argv[1]), Path(sys.argv[2]))
