"""TIFF in all its kinds: page tables, segments, photometrics, metadata and looks."""
