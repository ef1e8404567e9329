"""Recordings and feature files as batches of consecutive time bins, as recurrent networks are trained on them."""

from wholefield.flow.sequences.bins import Bins, BinSource, FeatureBins, RecordingBins, open_bins
from wholefield.flow.sequences.crop import Crop, Flip
from wholefield.flow.sequences.loader import Batch, FileMetadata, LoadLabels, SequenceLoader
from wholefield.flow.sequences.span import SpanBins, split_in_time
from wholefield.flow.sequences.windows import Window, lanes, max_consecutive_batches, sequences

__all__ = [
    "Batch",
    "BinSource",
    "Bins",
    "Crop",
    "FeatureBins",
    "FileMetadata",
    "Flip",
    "LoadLabels",
    "RecordingBins",
    "SequenceLoader",
    "SpanBins",
    "Window",
    "lanes",
    "max_consecutive_batches",
    "open_bins",
    "sequences",
    "split_in_time",
]
