"""What slides and stacks of DICOM share: how pixels are stored, where frames lie, and how they are decoded."""
