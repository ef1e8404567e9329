"""Names and first bytes by which files are known."""

SLIDE_SUFFIXES = (
    ".svs", ".tif", ".tiff", ".ndpi", ".vms", ".vmu", ".scn", ".mrxs", ".svslide", ".bif", ".czi", ".dcm",
    ".zarr", ".zip", ".png", ".jpg", ".jpeg",
)  # fmt: skip
STACK_SUFFIXES = (
    ".tif", ".tiff", ".dcm", ".nii", ".nii.gz", ".hdr", ".mha", ".mhd", ".nrrd", ".nhdr", ".h5", ".hdf5", ".hdf",
    ".nxs", ".nx5", ".zarr", ".zip",
)  # fmt: skip
ZARR_MARKERS = (".zattrs", ".zgroup", "zarr.json")
PICTURE_SIGNATURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")
TIFF_SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
