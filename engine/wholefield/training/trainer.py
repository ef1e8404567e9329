"""A Lightning trainer that prints nothing, writes nothing by itself and runs in any thread."""

import logging
import warnings
from pathlib import Path
from typing import Any

from lightning.pytorch import Callback, Trainer

from wholefield.errors import SettingError
from wholefield.training.devices import resolve
from wholefield.training.settings import Device, Precision

# Facts about our own set-up that Lightning takes for mistakes.
EXPECTED = (
    r".*does not have many workers.*",
    r".*The number of training batches.*",
    r".*module\(s\) in eval mode at the start of training.*",
    r".*isinstance\(treespec, LeafSpec\).*",
)


def quiet_trainer(
    *, epochs: int, precision: Precision, device: Device, folder: Path, callback: Callback, **options: Any
) -> Trainer:
    """Build the trainer; reports and checkpoints are the work of `callback`.

    Raises:
        SettingError: the device is not there, or cannot compute in that precision.
    """
    where = resolve(device).type
    if precision is Precision.FP16 and where == "cpu":
        raise SettingError("The precision 16-mixed needs a CUDA device; choose bf16-mixed or 32-true here.")
    for name in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.ERROR)
    for message in EXPECTED:
        warnings.filterwarnings("ignore", message)
    return Trainer(
        accelerator="gpu" if where == "cuda" else "cpu",
        devices=1,
        precision=precision.value,
        max_epochs=epochs,
        default_root_dir=folder,
        callbacks=[callback],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        use_distributed_sampler=False,
        **options,
    )
