"""The settings that all trainings share, under the same words in forms, commands and files. Imports no torch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, ClassVar

from annotated_types import Ge, Gt, Le, Lt

from wholefield.runs.settings import Choice, Former, Group, PathKind, Requires, RunSettings, Setting, renamed


class Device(Choice):
    """Where the network computes; `auto` takes a CUDA device where there is one."""

    AUTO = "auto", "Automatic"
    CPU = "cpu", "CPU"
    CUDA = "cuda", "CUDA GPU"


class Precision(Choice):
    """Number format of the computation, by Lightning's names."""

    FULL = "32-true", "32-bit"
    DOUBLE = "64-true", "64-bit"
    BF16 = "bf16-mixed", "bfloat16 mixed"
    FP16 = "16-mixed", "16-bit mixed"


class Optimizer(Choice):
    """Optimization algorithm."""

    ADAMW = "adamw", "AdamW"
    ADAM = "adam", "Adam"
    SGD = "sgd", "SGD with momentum"


class Schedule(Choice):
    """How the learning rate changes over the run, after the warm-up."""

    CONSTANT = "constant", "Constant"
    COSINE = "cosine", "Cosine"
    STEP = "step", "Step"
    PLATEAU = "plateau", "Reduce on plateau"

    @classmethod
    def _missing_(cls, value: object) -> "Schedule | None":
        # Trainings on stacks called cosine with a warm-up so before.
        return cls.COSINE if value == "one cycle" else None


class ClassWeighting(Choice):
    """Whether rare classes count for more in the loss."""

    NONE = "none", "None"
    BALANCED = "balanced", "Balanced"

    def weights(self, counts: Sequence[int]) -> tuple[float, ...]:
        """The weight of every class in the loss.

        Args:
            counts: How often each occurs.

        Returns:
            1 for all, or n / (classes * n of the class), so that all count alike and their mean is 1; 0 for a class
            that does not occur.

        Example:
            >>> ClassWeighting.BALANCED.weights([3, 1, 0])
            (0.6666666666666666, 2.0, 0.0)
        """
        if self is ClassWeighting.NONE:
            return (1.0,) * len(counts)
        present = sum(count > 0 for count in counts)
        return tuple(sum(counts) / (present * count) if count else 0.0 for count in counts)


class Augmentation(Choice):
    """How training images are flipped and rotated at random."""

    NONE = "none", "None"
    FLIPS = "flips", "Flips"
    ROTATIONS = "rotations", "Rotations"
    FLIPS_AND_ROTATIONS = "flips-and-rotations", "Flips and rotations"

    @property
    def flips(self) -> bool:
        """Whether images are mirrored."""
        return self in (Augmentation.FLIPS, Augmentation.FLIPS_AND_ROTATIONS)

    @property
    def rotations(self) -> bool:
        """Whether images are rotated by multiples of 90 degrees."""
        return self in (Augmentation.ROTATIONS, Augmentation.FLIPS_AND_ROTATIONS)

    @classmethod
    def of(cls, *, flips: bool, rotations: bool) -> "Augmentation":
        """The member that does both, one or none."""
        return next(each for each in cls if (each.flips, each.rotations) == (flips, rotations))


DeviceSetting = Annotated[Device, Setting("Device to compute on.", group=Group.COMPUTATION, advanced=True)]
SeedSetting = Annotated[
    int,
    Ge(0),
    Le(2**32 - 1),
    Setting(
        "Seed of the split, initial weights, sample order and crops.", group=Group.COMPUTATION, advanced=True
    ),
]
PrecisionSetting = Annotated[
    Precision, Setting("Numerical precision of the computation.", group=Group.COMPUTATION, advanced=True)
]
Epochs = Annotated[int, Ge(1), Setting("Passes over the training data.")]
LearningRate = Annotated[
    float, Gt(0), Setting("Peak learning rate, reached after the warm-up.", logarithmic=True)
]
BatchSize = Annotated[int, Ge(1), Setting("Samples per step.")]
ValidationFraction = Annotated[
    float,
    Gt(0),
    Lt(1),
    Setting(
        "Share of the data kept for validation.", label="Validation", group=Group.VALIDATION, percent=True
    ),
]
AugmentationSetting = Annotated[
    Augmentation,
    Setting(
        "Flip and rotate training images at random.", label="Flips and rotations", group=Group.AUGMENTATION
    ),
]
ClassWeightingSetting = Annotated[
    ClassWeighting, Setting("Weight rare classes up so that all classes count equally.", advanced=True)
]
LabelValues = Annotated[
    str | None,
    Setting(
        "Values of the labels that are classes, such as 0,1,2 or 0,255.",
        label="Classes",
        group=Group.DATA,
        none="All values that occur",
    ),
]
IgnoreLabel = Annotated[
    str | None,
    Setting(
        "Labels that are excluded from the loss, such as 255 or 3,7.",
        label="Ignored labels",
        group=Group.DATA,
        none="None",
    ),
]
BinarizeLabels = Annotated[
    bool,
    Setting(
        "Treat all labels above 0 as one class, for masks that number individual objects.", group=Group.DATA
    ),
]
InitialWeights = Annotated[
    str | None,
    Setting(
        "Weights to start from: a checkpoint or weights file.",
        group=Group.NETWORK,
        path=PathKind.FILE,
        none="Random",
        advanced=True,
    ),
]
OptimizerSetting = Annotated[Optimizer, Setting("Optimization algorithm.", advanced=True)]
GradientClipping = Annotated[
    float | None,
    Gt(0),
    Setting("Maximum norm of the gradients (gradient clipping).", none="Off", advanced=True),
]
CropSize = Annotated[
    int | None,
    Ge(32),
    Setting("Side of the random square crops to train on.", unit="px", group=Group.DATA, none="Whole images"),
]


@dataclass(frozen=True, kw_only=True)
class TrainingSettings(RunSettings):
    """What all trainings have in common; a task adds its own settings and may have other defaults."""

    epochs: Epochs = 20
    batch_size: BatchSize = 1
    learning_rate: LearningRate = 1e-3
    optimizer: OptimizerSetting = Optimizer.ADAMW
    schedule: Annotated[
        Schedule,
        Setting(
            "How the learning rate changes after the warm-up.", label="Learning-rate schedule", advanced=True
        ),
    ] = Schedule.COSINE
    warm_up_steps: Annotated[
        int,
        Ge(0),
        Setting(
            "Steps over which the learning rate rises at the start; at most a quarter of the run.",
            advanced=True,
        ),
    ] = 20
    schedule_epochs: Annotated[
        int,
        Ge(1),
        Setting("Epochs between two reductions, or without improvement before one.", advanced=True),
        Requires("schedule", "Only for the schedules step and plateau.", (Schedule.STEP, Schedule.PLATEAU)),
    ] = 10
    schedule_factor: Annotated[
        float,
        Gt(0),
        Lt(1),
        Setting("Factor that a reduction multiplies the learning rate by.", advanced=True),
        Requires("schedule", "Only for the schedules step and plateau.", (Schedule.STEP, Schedule.PLATEAU)),
    ] = 0.3
    gradient_accumulation: Annotated[
        int, Ge(1), Setting("Batches whose gradients are averaged per step.", advanced=True)
    ] = 1
    gradient_clipping: GradientClipping = 1.0
    early_stopping_patience: Annotated[
        int | None,
        Ge(1),
        Setting(
            "Epochs without improvement in validation after which training stops.",
            group=Group.VALIDATION,
            none="Never",
            advanced=True,
        ),
    ] = None
    validation_fraction: ValidationFraction = 0.2
    augmentation: AugmentationSetting = Augmentation.NONE
    initial_weights: InitialWeights = None
    checkpoint_minutes: Annotated[
        float | None,
        Gt(0),
        Setting(
            "Time between two checkpoints within an epoch; one is always saved after every epoch.",
            label="Checkpoint interval",
            unit="min",
            group=Group.COMPUTATION,
            none="Every epoch",
            advanced=True,
        ),
    ] = None
    seed: SeedSetting = 0
    precision: PrecisionSetting = Precision.FULL
    device: DeviceSetting = Device.AUTO

    former: ClassVar[Mapping[str, Former]] = MappingProxyType(
        {
            "accumulate": renamed("gradient_accumulation", int),
            "patience": renamed("early_stopping_patience", int),
            "weights": renamed("initial_weights", str),
            "balance": Former(bool, lambda values, on: values.setdefault("class_weighting", _weighting(on))),
            "turns": Former(bool, lambda values, on: _augment(values, rotations=on)),
            "flips": Former(bool, lambda values, on: _augment(values, flips=on)),
        }
    )


def _weighting(balance: bool) -> str:
    return (ClassWeighting.BALANCED if balance else ClassWeighting.NONE).value


def _augment(values: dict[str, Any], **change: bool) -> None:
    """Change one half of the augmentation; the other keeps what it was, by default both were on for stacks."""
    now = Augmentation(values.get("augmentation", Augmentation.FLIPS_AND_ROTATIONS))
    given = {"flips": now.flips, "rotations": now.rotations} | change
    values["augmentation"] = Augmentation.of(**given).value
