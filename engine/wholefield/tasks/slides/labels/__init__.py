"""The tables of trainings on slides: which slide has which class or mask, and which are kept for validation."""

from wholefield.tasks.slides.labels.label_table import LabeledSlide, LabelTable, read_labels
from wholefield.tasks.slides.labels.mask_table import MaskedSlide, read_masks
from wholefield.tasks.slides.labels.splitting import Split, split, split_rows

__all__ = [
    "LabelTable",
    "LabeledSlide",
    "MaskedSlide",
    "Split",
    "read_labels",
    "read_masks",
    "split",
    "split_rows",
]
