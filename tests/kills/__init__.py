"""Runs that are killed at chosen moments must come to the same end as undisturbed ones."""
