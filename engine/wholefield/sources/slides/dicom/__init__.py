"""DICOM whole slides and their segmentations: tiles of many files put together to levels."""
