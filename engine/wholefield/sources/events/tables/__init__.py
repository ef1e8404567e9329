"""Readers of recordings that are tables: text, arrays of numpy, HDF5."""
