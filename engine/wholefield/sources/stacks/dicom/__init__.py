"""DICOM volumes: finding the files, reading headers, grouping slices, decoding pixels."""
