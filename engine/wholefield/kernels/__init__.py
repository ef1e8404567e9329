"""Compiled kernels that several engines share."""
