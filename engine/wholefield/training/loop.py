"""The loop that trains every task: Lightning's, printing nothing, writing nothing by itself, in any thread."""

import logging
import warnings
from pathlib import Path

from lightning.pytorch import Callback, Trainer

from wholefield.errors import SettingError
from wholefield.runs.control import Control
from wholefield.runs.eta import Pace
from wholefield.runs.folder import RunFolder
from wholefield.runs.reports import ReportFunction
from wholefield.training.devices import resolve
from wholefield.training.progress import Preview, RunProgress, steps_done
from wholefield.training.settings import Precision, TrainingSettings
from wholefield.training.trainee import Diverged, Trainee
from wholefield.training.visits import Loader

# Facts about our own set-up that Lightning takes for mistakes.
EXPECTED = (
    r".*does not have many workers.*",
    r".*The number of training batches.*",
    r".*module\(s\) in eval mode at the start of training.*",
    r".*isinstance\(treespec, LeafSpec\).*",
    r".*You defined a `validation_step` but have no `val_dataloader`.*",
)


def fit(
    trainee: Trainee,
    training: Loader,
    validation: Loader | None,
    settings: TrainingSettings,
    folder: RunFolder,
    report: ReportFunction,
    control: Control,
    *,
    preview: Preview | None = None,
) -> None:
    """Train to the end; goes on from last.ckpt where the folder has one, as if it had never stopped.

    Args:
        trainee: What is trained.
        training: Batches to train on.
        validation: Batches to validate with; None where nothing is kept for it.
        settings: How to train.
        folder: Where checkpoints go.
        report: Called with every report.
        control: Obeyed between batches, and within them where the task polls.
        preview: Makes a preview before the first and after every epoch.

    Raises:
        SettingError: The device is not there, or cannot compute in that precision.
        Diverged: Loss or weights are no longer finite; last.ckpt holds the last weights that are.
        StopAndKeep: The control asked for it; last.ckpt is written.
        Discarded: The control asked for it.
    """
    pace = Pace(control=control)
    progress = RunProgress(folder, settings, report, pace, training.begin, preview)
    trainee.prepare(len(training))
    trainee.attach(pace.poll, report)
    trainer = quiet_trainer(settings, folder.path, progress)
    resume = folder.last if folder.last.exists() else None
    loaders = None if validation is None or not len(validation) else validation
    try:
        trainer.fit(trainee, training, loaders, ckpt_path=resume, weights_only=True)
    except Diverged as error:
        raise Diverged(divergence(error, settings, trainer, folder)) from error


def divergence(error: Diverged, settings: TrainingSettings, trainer: Trainer, folder: RunFolder) -> str:
    """The sentence for a training whose numbers are no longer finite: where, what is left, and likely causes."""
    causes = [f"a learning_rate of {settings.learning_rate:g} that is too high"]
    if settings.gradient_clipping is None:
        causes.append("gradients that are not limited (set gradient_clipping)")
    if settings.precision in (Precision.FP16, Precision.BF16):
        causes.append(f"the precision {settings.precision} (try 32-true)")
    causes.append("extreme values in the data")
    kept = (
        f"{folder.last.name} holds the last checkpoint before"
        if folder.last.exists()
        else "nothing was saved yet"
    )
    return (
        f"{error} in epoch {trainer.current_epoch + 1}, step {steps_done(trainer) + 1}, so the training was stopped; "
        f"{kept}. Likely causes: {'; '.join(causes)}."
    )


def quiet_trainer(settings: TrainingSettings, folder: Path, callback: Callback) -> Trainer:
    """Build the trainer; reports and checkpoints are the work of `callback`.

    Raises:
        SettingError: The device is not there, or cannot compute in that precision.
    """
    where = resolve(settings.device).type
    if settings.precision is Precision.FP16 and where == "cpu":
        raise SettingError("The precision 16-mixed needs a CUDA device; choose bf16-mixed or 32-true here.")
    for name in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.ERROR)
    for message in EXPECTED:
        warnings.filterwarnings("ignore", message)
    trainer = Trainer(
        accelerator="gpu" if where == "cuda" else "cpu",
        devices=1,
        precision=settings.precision.value,
        max_epochs=settings.epochs,
        accumulate_grad_batches=settings.gradient_accumulation,
        gradient_clip_val=settings.gradient_clipping,
        default_root_dir=folder,
        callbacks=[callback],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        use_distributed_sampler=False,
    )
    # Its own answer to SIGTERM ends the run where counters and loader do not agree on what is done. Whoever starts a
    # run lets the signal stop and keep it.
    trainer._signal_connector.register_signal_handlers = _leave_signals_alone
    return trainer


def _leave_signals_alone() -> None:
    """Register no handler."""
