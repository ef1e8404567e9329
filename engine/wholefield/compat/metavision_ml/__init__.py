"""The documented names of metavision_ml over our engine: `flow`."""
